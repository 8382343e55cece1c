public import Bits

/// One step of a page-table walk: the entry that was read, and where.
public struct TranslationStep: Sendable, Equatable {
  /// What the manual calls the table, such as `PML4` or `level 1`.
  public let table: String
  /// The entry's index in its table.
  public let index: Int
  /// Where the entry stands.
  public let address: GuestPhysical
  /// The entry as it was read.
  public let entry: UInt64
  /// The entry's fields in words, such as `present writable user 2M-page -> 0x1200000`.
  public let meaning: String

  /// Makes a step of what a walk read and what that means.
  public init(table: String, index: Int, address: GuestPhysical, entry: UInt64, meaning: String) {
    self.table = table
    self.index = index
    self.address = address
    self.entry = entry
    self.meaning = meaning
  }
}

/// A virtual address's physical place, with what the tables allow there.
public struct Translation: Sendable, Equatable {
  /// The physical address that the virtual one means.
  public let physical: GuestPhysical
  /// The size in bytes of the page or block that maps it; what is left of it from `physical` on is contiguous.
  ///
  /// `UInt64.max` where nothing translates.
  public let pageSize: UInt64
  /// Whether the tables allow writes.
  public let isWritable: Bool
  /// Whether the tables allow instruction fetches.
  public let isExecutable: Bool
  /// Whether the tables allow the least privileged level.
  public let isUser: Bool

  /// Makes a translation; `pageSize` is a power of two, or `UInt64.max` where nothing translates.
  public init(physical: GuestPhysical, pageSize: UInt64, isWritable: Bool, isExecutable: Bool, isUser: Bool) {
    self.physical = physical
    self.pageSize = pageSize
    self.isWritable = isWritable
    self.isExecutable = isExecutable
    self.isUser = isUser
  }

  /// How many bytes from `physical` on this translation covers, at least 1.
  @inlinable
  public var contiguousCount: UInt64 {
    pageSize == .max ? .max : pageSize &- (physical.rawValue & (pageSize &- 1))
  }
}

/// Why a virtual address has no physical place.
public struct TranslationFault: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence without a full stop, such as `PD entry 12 at 0x1000060 is not present (0x0)`.
  public let description: String
  /// Makes a fault of a sentence.
  public init(_ description: String) { self.description = description }
}
