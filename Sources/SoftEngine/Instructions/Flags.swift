/// The two widths of general registers, with the signed numbers of the same width: the host's own overflow flag tells V.
protocol RegisterValue: FixedWidthInteger, UnsignedInteger {
  associatedtype SignedValue: FixedWidthInteger, SignedInteger
}

extension RegisterValue {
  /// The same bits as a signed number.
  @inline(__always) fileprivate var signed: SignedValue { SignedValue(truncatingIfNeeded: self) }
}

extension UInt32: RegisterValue { typealias SignedValue = Int32 }
extension UInt64: RegisterValue { typealias SignedValue = Int64 }

// The condition flags (Arm ARM, section C1.2.4 and J1.3, `AddWithCarry`).
extension CPU {
  /// Adds and sets N, Z, C and V.
  @inline(__always)
  func addSettingFlags<Value: RegisterValue>(_ left: Value, _ right: Value) -> Value {
    let (sum, carry) = left.addingReportingOverflow(right)
    let state = self.state
    state.pointee.n = sum.leadingZeroBitCount == 0
    state.pointee.z = sum == 0
    state.pointee.c = carry
    state.pointee.overflow = left.signed.addingReportingOverflow(right.signed).overflow
    return sum
  }

  /// Subtracts and sets N, Z, C and V; C is set where nothing is borrowed.
  @inline(__always)
  func subtractSettingFlags<Value: RegisterValue>(_ left: Value, _ right: Value) -> Value {
    let difference = left &- right
    let state = self.state
    state.pointee.n = difference.leadingZeroBitCount == 0
    state.pointee.z = left == right
    state.pointee.c = left >= right
    state.pointee.overflow = left.signed.subtractingReportingOverflow(right.signed).overflow
    return difference
  }

  /// Adds two values and C, and sets N, Z, C and V.
  @inline(__always)
  func addWithCarrySettingFlags<Value: RegisterValue>(_ left: Value, _ right: Value) -> Value {
    let (partial, first) = left.addingReportingOverflow(right)
    let (sum, second) = partial.addingReportingOverflow(state.pointee.c ? 1 : 0)
    state.pointee.n = sum.leadingZeroBitCount == 0
    state.pointee.z = sum == 0
    state.pointee.c = first || second
    state.pointee.overflow = ((left ^ sum) & (right ^ sum)).leadingZeroBitCount == 0
    return sum
  }

  /// Sets N and Z by a value, and clears C and V.
  @inline(__always)
  func setLogicalFlags<Value: RegisterValue>(_ value: Value) -> Value {
    let state = self.state
    state.pointee.n = value.leadingZeroBitCount == 0
    state.pointee.z = value == 0
    state.pointee.c = false
    state.pointee.overflow = false
    return value
  }

  /// Sets the four flags by a field of four bits, N the highest.
  @inline(__always)
  func setFlags(_ nzcv: UInt8) {
    let state = self.state
    state.pointee.n = nzcv & 8 != 0
    state.pointee.z = nzcv & 4 != 0
    state.pointee.c = nzcv & 2 != 0
    state.pointee.overflow = nzcv & 1 != 0
  }

  /// Whether a condition of four bits holds: for one that is known when the handler is compiled.
  @inline(__always)
  func holds(_ condition: UInt8) -> Bool {
    let state = self.state
    return isMet(condition, n: state.pointee.n, z: state.pointee.z, c: state.pointee.c, v: state.pointee.overflow)
  }

  /// Whether a condition holds, without a branch; by its truth table.
  @inline(__always)
  func holds(_ condition: TruthTable) -> Bool {
    // Each by itself: a load of all four would wait for the stores to get to the cache.
    let place = CPUContext.flagsOffset
    func flag(_ index: Int) -> UInt32 { UInt32(base.load(fromByteOffset: place &+ index, as: UInt8.self)) }
    let flags = flag(0) &* 8 | flag(1) &* 4 | flag(2) &* 2 | flag(3)
    return condition.rawValue &>> flags & 1 != 0
  }
}

/// When a condition holds: bit 8N + 4Z + 2C + V of the low 16.
struct TruthTable {
  let rawValue: UInt32

  @inline(__always) init(rawValue: UInt32) { self.rawValue = rawValue }

  init(of condition: UInt8) {
    rawValue = (0..<16).reduce(0) { table, flags in
      let holds = isMet(condition, n: flags & 8 != 0, z: flags & 4 != 0, c: flags & 2 != 0, v: flags & 1 != 0)
      return table | (holds ? 1 << flags : 0)
    }
  }
}

/// Whether flags meet a condition of four bits (Arm ARM, table C1-1).
@inline(__always)
private func isMet(_ condition: UInt8, n: Bool, z: Bool, c: Bool, v: Bool) -> Bool {
  let result: Bool
  switch condition >> 1 & 7 {
  case 0: result = z
  case 1: result = c
  case 2: result = n
  case 3: result = v
  case 4: result = c && !z
  case 5: result = n == v
  case 6: result = n == v && !z
  default: return true
  }
  return result != (condition & 1 != 0)
}
