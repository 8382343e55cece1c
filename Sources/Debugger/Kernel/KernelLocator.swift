import Bits
import Machine

/// Follows where the kernel's image stands as the CPUs address it.
///
/// A kernel starts at its physical addresses. Once its page tables are in force it runs at virtual ones: those that it was
/// linked for, or others where it moves itself (KASLR). What tells is an address at which it executes: how far that is
/// from the image's first byte is known by its place in memory.
struct KernelLocator: Equatable {
  /// The memory that the image takes.
  let place: Range<GuestPhysical>
  /// The address of the image's first byte, as the CPU addresses it that was looked at last.
  private(set) var base: GuestVirtual
  /// Whether it was seen at virtual addresses since it was loaded; from then on its page tables map all that is there.
  private(set) var hasBeenVirtual = false

  /// The kernel is about to be entered at its physical addresses.
  init(place: Range<GuestPhysical>) {
    self.place = place
    base = GuestVirtual(place.lowerBound.rawValue)
  }

  /// A kernel that is about to be entered; nil where nobody knows where it will be.
  init?(of kernel: LoadedKernel?) {
    guard case .fixed(let place) = kernel?.place else { return nil }
    self.init(place: place)
  }

  /// Whether the image is addressed by its physical addresses.
  var isPhysical: Bool { base.rawValue == place.lowerBound.rawValue }

  /// Whether an address lies in the image as it is addressed now.
  func contains(_ address: GuestVirtual) -> Bool { address.rawValue &- base.rawValue < count }

  /// Looks where a CPU executes.
  ///
  /// - Parameters:
  ///   - counter: the address of its next instruction.
  ///   - entries: other addresses in the image, those that the CPU enters the kernel by; asked for only where the
  ///     program counter tells nothing.
  ///   - translate: a virtual address's place as that CPU sees it, or nil where it has none.
  /// - Returns: whether the image is addressed otherwise than before.
  mutating func follow(
    _ counter: GuestVirtual, entries: () -> [GuestVirtual], translate: (GuestVirtual) -> GuestPhysical?
  ) -> Bool {
    guard !contains(counter) else { return false }
    var found = base(by: counter, translate)
    if found == nil, isPhysical {
      for entry in entries() where found == nil { found = base(by: entry, translate) }
    }
    guard let found, found != base else { return false }
    base = found
    hasBeenVirtual = hasBeenVirtual || !isPhysical
    return true
  }

  /// The address of the image's first byte by that of some byte of it; nil where the address lies elsewhere.
  private func base(by address: GuestVirtual, _ translate: (GuestVirtual) -> GuestPhysical?) -> GuestVirtual? {
    guard let physical = translate(address), place.contains(physical) else { return nil }
    let base = GuestVirtual(address.rawValue &- (physical.rawValue &- place.lowerBound.rawValue))
    // A page of it may be mapped elsewhere too, such as the entry code that user programs leave by (KPTI), and what it
    // no longer needs may have become a program's.
    return translate(base) == place.lowerBound ? base : nil
  }

  private var count: UInt64 { place.upperBound.rawValue &- place.lowerBound.rawValue }
}
