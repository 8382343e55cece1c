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

  /// Forgets everything.
  func clear() {
    for regime in Regime.allCases { DataTLB.clear(data(regime)) }
    clearCode()
  }

  /// Forgets where code is.
  func clearCode() {
    CodeTLB.clear(code(isEL0: true))
    CodeTLB.clear(code(isEL0: false))
  }

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
