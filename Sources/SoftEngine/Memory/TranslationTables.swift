/// A CPU's tables of translations: for data as EL0, EL1 and EL1 with PAN see it, and for code as EL0 and EL1 see it.
///
/// All they hold follows from the state and from memory, so that they are cleared at any time.
final class TranslationTables {
  /// Whose accesses a table of data is for.
  enum Regime: Int, CaseIterable {
    case el0
    case el1
    /// EL1 with PSTATE.PAN: what EL0 may access it may not.
    case el1PAN
  }

  let base: UnsafeMutableRawPointer

  /// The tables of data, and those of code by `isEL0`, that have entries of the current address space alone.
  private var ownedData: Set<Regime> = []
  private var ownedCode: Set<Bool> = []

  private static let codeOffset = Regime.allCases.count * DataTLB.byteCount
  private static let byteCount = codeOffset + 2 * CodeTLB.byteCount

  init() {
    // SAFETY: cleared before anybody looks; freed once.
    base = .allocate(byteCount: Self.byteCount, alignment: 64)
    clear()
  }

  deinit { base.deallocate() }

  func data(_ regime: Regime) -> UnsafeMutableRawPointer { base + regime.rawValue * DataTLB.byteCount }
  func code(isEL0: Bool) -> UnsafeMutableRawPointer { base + Self.codeOffset + (isEL0 ? 0 : CodeTLB.byteCount) }

  // MARK: Forgetting

  /// Forgets everything.
  func clear() {
    for regime in Regime.allCases { clearData(regime) }
    clearCode()
  }

  /// Forgets where code is.
  func clearCode() {
    clearCode(isEL0: true)
    clearCode(isEL0: false)
  }

  private func clearCode(isEL0: Bool) {
    CodeTLB.clear(code(isEL0: isEL0))
    ownedCode.remove(isEL0)
  }

  private func clearData(_ regime: Regime) {
    DataTLB.clear(data(regime))
    ownedData.remove(regime)
  }

  /// Forgets the 4 KiB at an address.
  func clearPage(at address: UInt64) {
    for regime in Regime.allCases { DataTLB.clearEntry(data(regime) + DataTLB.offset(of: address)) }
    for isEL0 in [false, true] { CodeTLB.clearEntry(code(isEL0: isEL0) + CodeTLB.offset(of: address)) }
  }

  /// Forgets what belongs to the address space that was the current one.
  func clearOwned() {
    for regime in ownedData { clearData(regime) }
    for isEL0 in ownedCode { clearCode(isEL0: isEL0) }
  }

  /// Notes that a table of data has an entry that belongs to the current address space.
  func noteOwned(_ regime: Regime) { ownedData.insert(regime) }

  /// The same of a table of code.
  func noteOwnedCode(isEL0: Bool) { ownedCode.insert(isEL0) }

  /// Forgets stores to a host page: instructions of it were decoded.
  func denyStores(toHostPage host: UInt) {
    for regime in Regime.allCases {
      let table = data(regime)
      for index in 0..<DataTLB.entryCount {
        let entry = table + index * DataTLB.stride
        let tag = entry.load(fromByteOffset: DataTLB.writeTag, as: UInt64.self)
        guard tag != DataTLB.invalid else { continue }
        let addend = entry.load(fromByteOffset: DataTLB.addend, as: UInt.self)
        if UInt(truncatingIfNeeded: tag) &+ addend == host {
          entry.storeBytes(of: DataTLB.invalid, toByteOffset: DataTLB.writeTag, as: UInt64.self)
        }
      }
    }
  }
}
