public import Bits

/// A module that a kernel has loaded or is loading.
public struct LinuxModule: Sendable, Equatable {
  /// How far it is (Linux, include/linux/module.h, `enum module_state`).
  public enum State: UInt32, Sendable {
    /// It runs.
    case live = 0
    /// It is in its place, and its initialisation is about to run or runs.
    case coming = 1
    /// It is being removed.
    case going = 2
    /// It is being put into its place.
    case unformed = 3
  }

  /// A stretch of memory that it has.
  public struct Region: Sendable, Equatable {
    /// What the memory is for.
    public enum Purpose: Sendable, CaseIterable {
      /// Code.
      case text
      /// Data that is written.
      case data
      /// Data that is not written.
      case readOnlyData
      /// Data that is not written once it is initialised.
      case readOnlyAfterInit
      /// Code that is given back after the initialisation.
      case initText
      /// Data that is given back after the initialisation.
      case initData
      /// Data that is not written, and is given back after the initialisation.
      case initReadOnlyData
    }

    /// What it is for.
    public let purpose: Purpose
    /// The addresses that it takes.
    public let range: Range<GuestVirtual>
  }

  /// Its name, such as `virtio_net`.
  public let name: String
  /// How far it is.
  public let state: State
  /// Its memory in ascending order of addresses, as much of it as is not given back.
  public let regions: [Region]
  /// Its sections in ascending order of addresses, as far as their memory is not given back.
  ///
  /// Each ends where the next one of its region starts. Where the kernel does not say them they are the regions.
  public let sections: [KernelSection]
  /// The linker's id of this very build; nil where the module has none.
  public let buildID: BuildID?
  /// Where the kernel keeps its symbols; nil where there are none.
  let symbolTable: GuestVirtual?

  /// The addresses of its code; nil where it has none.
  public var text: Range<GuestVirtual>? { regions.first { $0.purpose == .text }?.range }
}

extension LinuxModule.Region.Purpose {
  /// Whether the memory is executed.
  var isCode: Bool { self == .text || self == .initText }

  /// The name of a section for all of it.
  var sectionName: String {
    switch self {
    case .text: ".text"
    case .data: ".data"
    case .readOnlyData: ".rodata"
    case .readOnlyAfterInit: ".data..ro_after_init"
    case .initText: ".init.text"
    case .initData: ".init.data"
    case .initReadOnlyData: ".init.rodata"
    }
  }
}
