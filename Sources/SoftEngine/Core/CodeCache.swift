import Bits
import GuestMemory

/// The decoded pages of a machine, which its CPUs share.
///
/// When there are too many all are dropped; those that are executed are decoded again.
final class CodeCache {
  /// 2,048 pages take 33 MiB.
  static let capacity = 2048

  private let memory: GuestRAM
  /// The pages by their number, as far as there are any.
  private var pages: [UInt64: CodePage] = [:]

  init(memory: GuestRAM) { self.memory = memory }

  deinit { for page in pages.values { page.deallocate() } }

  var isFull: Bool { pages.count >= Self.capacity }

  /// The decoded page of a physical page, if there is one.
  subscript(number: UInt64) -> CodePage? { pages[number] }

  /// The decoded page of a physical page, which is made if it is not there; nil where no RAM is.
  func page(_ number: UInt64) -> CodePage? {
    if let page = pages[number] { return page }
    guard let bytes = memory.bytes(at: GuestPhysical(number << 12)), bytes.count >= 4096,
      let base = bytes.baseAddress
    else { return nil }
    let page = CodePage(number: number, bytes: base)
    pages[number] = page
    return page
  }

  // MARK: Breakpoints

  /// What the slots with a breakpoint do themselves.
  private var underBreakpoints: [UnsafeMutableRawPointer: Handler] = [:]

  /// Has a slot ask for breakpoints before it is executed.
  func arm(_ slot: UnsafeMutableRawPointer) {
    guard underBreakpoints[slot] == nil else { return }
    underBreakpoints[slot] = SoftEngine.handler(slot)
    slot.storeBytes(of: Handlers.breakpoint, as: Handler.self)
  }

  /// Has no slot ask any more.
  func disarmAll() {
    for (slot, handler) in underBreakpoints { slot.storeBytes(of: handler, as: Handler.self) }
    underBreakpoints.removeAll()
  }

  func isArmed(_ slot: UnsafeMutableRawPointer) -> Bool { underBreakpoints[slot] != nil }

  func handler(under slot: UnsafeMutableRawPointer) -> Handler { underBreakpoints[slot] ?? Handlers.decode }

  /// Puts a decoded instruction into a slot, under the breakpoint if there is one.
  func set(_ slot: UnsafeMutableRawPointer, to decoded: Slot) {
    slot.storeBytes(of: decoded.operands, toByteOffset: 8, as: Operands.self)
    if underBreakpoints[slot] != nil {
      underBreakpoints[slot] = decoded.handler
    } else {
      slot.storeBytes(of: decoded.handler, as: Handler.self)
    }
  }

  /// Makes a slot be decoded again, under the breakpoint if there is one.
  func forget(_ slot: UnsafeMutableRawPointer) {
    if !underBreakpoints.isEmpty, underBreakpoints[slot] != nil {
      underBreakpoints[slot] = Handlers.decode
    } else {
      slot.storeBytes(of: Handlers.decode, as: Handler.self)
    }
  }

  private func forgetBreakpoints(in page: CodePage) {
    guard !underBreakpoints.isEmpty else { return }
    for index in 0..<CodePage.instructionCount { underBreakpoints[page.slot(index)] = nil }
  }

  /// Drops a page.
  ///
  /// No CPU may be in it or have it in a table.
  func remove(_ number: UInt64) {
    guard let page = pages.removeValue(forKey: number) else { return }
    forgetBreakpoints(in: page)
    page.deallocate()
  }

  /// Drops all pages.
  ///
  /// No CPU may be in one or have one in a table.
  func removeAll() {
    for page in pages.values { page.deallocate() }
    pages.removeAll()
    underBreakpoints.removeAll()
  }
}
