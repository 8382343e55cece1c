import Architecture
import Bits
import GDBRemote
import KernelSymbols

/// The modules that Linux has loaded, as they were when it was looked last, and the files of their symbols.
struct KernelModules {
  /// What they are, by name.
  private(set) var all: [LinuxModule] = []
  /// How often they have changed: a number that is new stands for modules that are.
  private(set) var changeCount = 0
  /// The files of their symbols, by the names of their libraries.
  private(set) var files: [String: [UInt8]] = [:]
  /// Those libraries.
  private(set) var libraries: [Library] = []

  /// Where the members of their structures are; nil before the first module, or where nothing tells it.
  private var layout: LinuxModules?
  private var hasLookedForLayout = false
  /// The list's head as it was when all modules in it were in their places; nil while one is on its way.
  private var head: [UInt8]?

  /// Looks whether modules were loaded or removed.
  ///
  /// - Parameters:
  ///   - linux: the kernel in the guest.
  ///   - architecture: its architecture.
  ///   - headAddress: where the list starts; nil where it has no symbol, and is read each time.
  ///   - read: reads the guest's memory.
  mutating func update(
    _ linux: LinuxMemory, _ architecture: GuestArchitecture, headAddress: GuestVirtual?,
    read: (GuestVirtual, Int) -> [UInt8]?
  ) {
    let now = headAddress.flatMap { read($0, 16) }
    if let headAddress {
      guard let now, now != head else { return }
      // An empty list points to itself.
      if all.isEmpty, now.withUnsafeBytes({ $0.littleEndian(at: 0, as: UInt64.self) }) == headAddress.rawValue {
        head = now
        return
      }
    }
    if !hasLookedForLayout {
      hasLookedForLayout = true
      layout = try? LinuxModules(types: linux.types())
    }
    guard let layout else {
      head = now
      return
    }
    guard let found = try? layout.read(from: linux) else { return }
    head = found.allSatisfy { $0.state == .live } ? now : nil
    let loaded = found.filter { $0.state == .live || $0.state == .coming }
    guard loaded != all else { return }
    all = loaded
    changeCount += 1
    files = [:]
    libraries = []
    for module in loaded {
      let table = layout.symbols(of: module, architecture: architecture, in: linux)
      let start = table.linkRange.lowerBound
      let name = "/\(module.name).ko@\(start)"
      files[name] = table.symbolFile
      libraries.append(Library(name: name, placement: .segments([start.rawValue])))
    }
  }
}
