import Bits
import Synchronization

/// Tells of accesses to what a board does not have, once for each page without a device and each register that a device
/// lacks.
///
/// A guest may touch any number of pages: of those in a row the first `longestRow` are told of, and after `limit` reports
/// there are no more.
final class AccessReports: Sendable {
  private static let limit = 256
  private static let longestRow = 4
  private static let pageSize: UInt64 = 4096

  /// A register that a device lacks.
  private struct Register: Hashable {
    let device: VirtBoard.Device
    let offset: UInt64
  }

  /// What was told of.
  private struct Told {
    var registers: Set<Register> = []
    /// Pages in a row, by their numbers.
    var rows: [ClosedRange<UInt64>] = []
    /// How many reports there were.
    var count = 0

    /// Notes a page and gives its place in its row, from 1 on; nil where it was noted.
    mutating func note(page: UInt64) -> Int? {
      guard let index = rows.firstIndex(where: { page &+ 1 >= $0.lowerBound && page <= $0.upperBound &+ 1 }) else {
        rows.append(page...page)
        return 1
      }
      let row = rows[index]
      guard !row.contains(page) else { return nil }
      rows[index] = min(row.lowerBound, page)...max(row.upperBound, page)
      return rows[index].count
    }
  }

  private let told = Mutex(Told())
  private let report: @Sendable (String) -> Void

  /// Makes reports that go to `report`, a line each.
  init(_ report: @escaping @Sendable (String) -> Void) { self.report = report }

  /// Tells of an access to an address where nothing is, unless another one to its page was told of.
  func noteUnmapped(_ access: UnmappedAccess) {
    let page = access.address.rawValue / Self.pageSize
    tell { told in
      guard let place = told.note(page: page), place <= Self.longestRow else { return nil }
      let others = place < Self.longestRow ? "this page" : "this page and those beside it"
      return "the guest \(access), where the board has nothing; other accesses to \(others) are not reported"
    }
  }

  /// Tells of an access to a register that a device does not have, unless another one to it was told of.
  func noteUnknownRegister(of device: VirtBoard.Device, at offset: UInt64, isWrite: Bool) {
    tell { told in
      guard told.registers.insert(Register(device: device, offset: offset)).inserted else { return nil }
      let place = "0x\(String(offset, radix: 16))"
      return
        "the guest \(isWrite ? "wrote" : "read") the \(device.rawValue) at offset \(place), where it has no register"
    }
  }

  /// Reports what `line` has to say of something new.
  private func tell(_ line: (inout Told) -> String?) {
    let lines = told.withLock { told -> [String] in
      guard told.count < Self.limit, let line = line(&told) else { return [] }
      told.count += 1
      guard told.count == Self.limit else { return [line] }
      return [line, "further accesses to what the board does not have are not reported"]
    }
    for line in lines { report(line) }
  }
}
