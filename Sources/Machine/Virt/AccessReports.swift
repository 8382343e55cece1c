import Bits
import Synchronization

/// Tells of accesses to what a board does not have, once for each page without a device and each register that a device
/// lacks.
///
/// A guest may touch any number of pages: after `limit` reports there are no more.
final class AccessReports: Sendable {
  private static let limit = 256
  private static let pageSize: UInt64 = 4096

  /// What was told of: a page or a register.
  private struct Subject: Hashable, Sendable {
    /// The device whose register it is; nil for a page.
    let device: VirtBoard.Device?
    /// The page's address, or the register's offset.
    let place: UInt64
  }

  private let told = Mutex<Set<Subject>>([])
  private let report: @Sendable (String) -> Void

  /// Makes reports that go to `report`, a line each.
  init(_ report: @escaping @Sendable (String) -> Void) { self.report = report }

  /// Tells of an access to an address where nothing is, unless another one to its page was told of.
  func noteUnmapped(_ access: UnmappedAccess) {
    let page = access.address.alignedDown(to: Self.pageSize)
    tell(of: Subject(device: nil, place: page.rawValue)) {
      "the guest \(access), where the board has nothing; other accesses to this page are not reported"
    }
  }

  /// Tells of an access to a register that a device does not have, unless another one to it was told of.
  func noteUnknownRegister(of device: VirtBoard.Device, at offset: UInt64, isWrite: Bool) {
    tell(of: Subject(device: device, place: offset)) {
      let place = "0x\(String(offset, radix: 16))"
      return
        "the guest \(isWrite ? "wrote" : "read") the \(device.rawValue) at offset \(place), where it has no register"
    }
  }

  private func tell(of subject: Subject, _ line: () -> String) {
    let count = told.withLock { told -> Int? in
      guard told.count < Self.limit, told.insert(subject).inserted else { return nil }
      return told.count
    }
    guard let count else { return }
    report(line())
    if count == Self.limit { report("further accesses to what the board does not have are not reported") }
  }
}
