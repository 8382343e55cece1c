// What is done to elements, whatever their size and sign. None of it branches where it can select instead: so the
// optimizer makes vector instructions of it.

// MARK: - Arithmetic

@inline(__always) func sum<E: Lane>(_ left: E, _ right: E) -> E { left &+ right }
@inline(__always) func difference<E: Lane>(_ left: E, _ right: E) -> E { left &- right }
@inline(__always) func product<E: Lane>(_ left: E, _ right: E) -> E { left &* right }
@inline(__always) func addingProduct<E: Lane>(_ addend: E, _ left: E, _ right: E) -> E { addend &+ left &* right }
@inline(__always) func subtractingProduct<E: Lane>(_ addend: E, _ left: E, _ right: E) -> E { addend &- left &* right }

@inline(__always) func maximum<E: Lane>(_ left: E, _ right: E) -> E { left > right ? left : right }
@inline(__always) func minimum<E: Lane>(_ left: E, _ right: E) -> E { left < right ? left : right }

@inline(__always) func absolute<E: Lane>(_ value: E) -> E { value < 0 ? 0 &- value : value }
@inline(__always) func negated<E: Lane>(_ value: E) -> E { 0 &- value }

@inline(__always) func absoluteDifference<E: Lane>(_ left: E, _ right: E) -> E {
  left > right ? left &- right : right &- left
}

@inline(__always) func addingAbsoluteDifference<E: Lane>(_ addend: E, _ left: E, _ right: E) -> E {
  addend &+ absoluteDifference(left, right)
}

/// (left + right) / 2, rounded down.
@inline(__always) func halvingSum<E: Lane>(_ left: E, _ right: E) -> E { (left & right) &+ ((left ^ right) &>> 1) }

/// (left + right) / 2, rounded up.
@inline(__always) func roundingHalvingSum<E: Lane>(_ left: E, _ right: E) -> E {
  (left | right) &- ((left ^ right) &>> 1)
}

/// (left - right) / 2, rounded down.
@inline(__always) func halvingDifference<E: Lane>(_ left: E, _ right: E) -> E {
  ((left ^ right) &>> 1) &- (~left & right)
}

// MARK: - Comparison

@inline(__always) func isGreater<E: Lane>(_ left: E, _ right: E) -> E { E(mask: left > right) }
@inline(__always) func isGreaterOrEqual<E: Lane>(_ left: E, _ right: E) -> E { E(mask: left >= right) }
@inline(__always) func isEqual<E: Lane>(_ left: E, _ right: E) -> E { E(mask: left == right) }
@inline(__always) func hasCommonBits<E: Lane>(_ left: E, _ right: E) -> E { E(mask: left & right != 0) }

@inline(__always) func isPositive<E: Lane>(_ value: E) -> E { E(mask: value > 0) }
@inline(__always) func isNotNegative<E: Lane>(_ value: E) -> E { E(mask: value >= 0) }
@inline(__always) func isZero<E: Lane>(_ value: E) -> E { E(mask: value == 0) }
@inline(__always) func isNotPositive<E: Lane>(_ value: E) -> E { E(mask: value <= 0) }
@inline(__always) func isNegative<E: Lane>(_ value: E) -> E { E(mask: value < 0) }

// MARK: - Counting and reversing bits

@inline(__always) func leadingZeros<E: Lane>(_ value: E) -> E { E(truncatingIfNeeded: value.leadingZeroBitCount) }

@inline(__always) func leadingSignBits<E: Lane & SignedInteger>(_ value: E) -> E {
  E(truncatingIfNeeded: (value ^ (value &>> E(truncatingIfNeeded: E.bitWidth &- 1))).leadingZeroBitCount &- 1)
}

@inline(__always) func ones<E: Lane>(_ value: E) -> E { E(truncatingIfNeeded: value.nonzeroBitCount) }

@inline(__always) func reversed(_ value: UInt8) -> UInt8 {
  var value = value
  value = value >> 4 | value << 4
  value = value >> 2 & 0x33 | (value & 0x33) << 2
  return value >> 1 & 0x55 | (value & 0x55) << 1
}

// MARK: - Shifts

/// Shifted right by 1 up to the width, rounded to nearest.
@inline(__always) func roundingShiftRight<E: Lane>(_ value: E, _ amount: Int) -> E {
  (value >> amount) &+ ((value >> (amount &- 1)) & 1)
}

@inline(__always) func addingRoundingShiftRight<E: Lane>(_ addend: E, _ value: E, _ amount: Int) -> E {
  addend &+ roundingShiftRight(value, amount)
}

/// How far a register shift goes: left where it is positive, right where it is negative.
@inline(__always) private func amount<E: Lane>(_ shift: E) -> Int { Int(Int8(truncatingIfNeeded: shift)) }

@inline(__always) func shifted<E: Lane>(_ value: E, _ shift: E) -> E { value << amount(shift) }

@inline(__always) func roundingShifted<E: Lane>(_ value: E, _ shift: E) -> E {
  let amount = amount(shift)
  return amount < 0 ? roundingShiftRight(value, 0 &- amount) : value << amount
}

/// Shifted left by 0 or more.
@inline(__always)
func saturatingShiftLeft<E: Lane>(_ value: E, _ amount: Int) -> (value: E, saturated: Bool) {
  let result = value << amount
  let saturated = result >> amount != value
  return (saturated ? limit(of: value) : result, saturated)
}

/// A signed value shifted left by 0 or more to an unsigned one of the same size.
@inline(__always)
func saturatingShiftLeftUnsigned<E: Lane & SignedInteger>(_ value: E, _ amount: Int) -> (value: E, saturated: Bool)
where E.Magnitude: Lane {
  let (result, saturated) = saturatingShiftLeft(E.Magnitude(truncatingIfNeeded: value), amount)
  return (value < 0 ? 0 : E(truncatingIfNeeded: result), value < 0 || saturated)
}

@inline(__always) func saturatingShifted<E: Lane>(_ value: E, _ shift: E) -> (value: E, saturated: Bool) {
  let amount = amount(shift)
  return amount < 0 ? (value >> (0 &- amount), false) : saturatingShiftLeft(value, amount)
}

@inline(__always) func saturatingRoundingShifted<E: Lane>(_ value: E, _ shift: E) -> (value: E, saturated: Bool) {
  let amount = amount(shift)
  return amount < 0 ? (roundingShiftRight(value, 0 &- amount), false) : saturatingShiftLeft(value, amount)
}

// MARK: - Saturation

/// The end of the range that is on a value's side.
@inline(__always) private func limit<E: Lane>(of value: E) -> E { value < 0 ? .min : .max }

@inline(__always) func saturatingSum<E: Lane>(_ left: E, _ right: E) -> (value: E, saturated: Bool) {
  let (sum, overflow) = left.addingReportingOverflow(right)
  return (overflow ? limit(of: left) : sum, overflow)
}

@inline(__always) func saturatingDifference<E: Lane>(_ left: E, _ right: E) -> (value: E, saturated: Bool) {
  let (difference, overflow) = left.subtractingReportingOverflow(right)
  // Without a sign it is right that is too large; with one the result is on left's side.
  return (overflow ? (E.isSigned ? limit(of: left) : 0) : difference, overflow)
}

/// A signed value plus an unsigned one.
///
/// Counted from the lowest signed value both are unsigned.
@inline(__always)
func saturatingAddingUnsigned<E: Lane & SignedInteger>(_ signed: E, _ unsigned: E, _: E) -> (value: E, saturated: Bool)
where E.Magnitude: Lane {
  let (sum, saturated) = saturatingSum(
    E.Magnitude(truncatingIfNeeded: signed ^ .min), E.Magnitude(truncatingIfNeeded: unsigned))
  return (E(truncatingIfNeeded: sum) ^ .min, saturated)
}

/// An unsigned value plus a signed one.
@inline(__always)
func saturatingAddingSigned<E: Lane & UnsignedInteger>(_ unsigned: E, _ signed: E, _: E) -> (value: E, saturated: Bool)
{
  let isNegative = signed.leadingZeroBitCount == 0
  let (difference, underflow) = unsigned.subtractingReportingOverflow(0 &- signed)
  let (sum, overflow) = unsigned.addingReportingOverflow(signed)
  return isNegative ? (underflow ? 0 : difference, underflow) : (overflow ? .max : sum, overflow)
}

@inline(__always) func saturatingAbsolute<E: Lane>(_ value: E) -> (value: E, saturated: Bool) {
  value == .min ? (.max, true) : (absolute(value), false)
}

@inline(__always) func saturatingNegated<E: Lane>(_ value: E) -> (value: E, saturated: Bool) {
  value == .min ? (.max, true) : (0 &- value, false)
}

@inline(__always)
func narrowed<E: Lane, Narrow: Lane>(_ value: E, to type: Narrow.Type) -> (value: Narrow, saturated: Bool) {
  let low = E(truncatingIfNeeded: Narrow.min)
  let high = E(truncatingIfNeeded: Narrow.max)
  let result = value < low ? low : value > high ? high : value
  return (Narrow(truncatingIfNeeded: result), result != value)
}

// MARK: - Doubling multiplication

/// The high half of 2 × left × right.
///
/// - Parameters:
///   - left: a factor.
///   - right: the other.
///   - rounds: to nearest, else down.
/// - Returns: the element; only the square of the lowest value saturates.
@inline(__always)
func doublingProductHigh<E: NarrowLane>(_ left: E, _ right: E, rounds: Bool) -> (value: E, saturated: Bool) {
  let product = E.Wide(truncatingIfNeeded: left) &* E.Wide(truncatingIfNeeded: right)
  let rounding: E.Wide = rounds ? 1 << (E.bitWidth &- 2) : 0
  return narrowed((product &+ rounding) >> (E.bitWidth &- 1), to: E.self)
}

@inline(__always) func saturatingDoublingHigh<E: NarrowLane>(_ left: E, _ right: E) -> (value: E, saturated: Bool) {
  doublingProductHigh(left, right, rounds: false)
}

@inline(__always)
func saturatingRoundingDoublingHigh<E: NarrowLane>(_ left: E, _ right: E) -> (value: E, saturated: Bool) {
  doublingProductHigh(left, right, rounds: true)
}

/// addend + the high half of 2 × left × right, rounded once.
///
/// All is halved, so that it fits into the wide element.
@inline(__always)
func addingRoundingDoublingHigh<E: NarrowLane>(_ addend: E, _ left: E, _ right: E) -> (value: E, saturated: Bool) {
  let product = E.Wide(truncatingIfNeeded: left) &* E.Wide(truncatingIfNeeded: right)
  let whole = E.Wide(truncatingIfNeeded: addend) << (E.bitWidth &- 1)
  return narrowed((whole &+ product &+ 1 << (E.bitWidth &- 2)) >> (E.bitWidth &- 1), to: E.self)
}

/// addend - the high half of 2 × left × right, rounded once.
@inline(__always)
func subtractingRoundingDoublingHigh<E: NarrowLane>(_ addend: E, _ left: E, _ right: E) -> (value: E, saturated: Bool) {
  let product = E.Wide(truncatingIfNeeded: left) &* E.Wide(truncatingIfNeeded: right)
  let whole = E.Wide(truncatingIfNeeded: addend) << (E.bitWidth &- 1)
  return narrowed((whole &- product &+ 1 << (E.bitWidth &- 2)) >> (E.bitWidth &- 1), to: E.self)
}

/// 2 × left × right, of twice the size.
@inline(__always)
func doublingLongProduct<E: NarrowLane>(_: E.Wide, _ left: E, _ right: E) -> (value: E.Wide, saturated: Bool) {
  let product = wideProduct(left, right)
  return saturatingSum(product, product)
}

/// addend + 2 × left × right, of twice the size.
@inline(__always)
func addingDoublingProduct<E: NarrowLane>(_ addend: E.Wide, _ left: E, _ right: E) -> (value: E.Wide, saturated: Bool) {
  let product = doublingLongProduct(addend, left, right)
  let sum = saturatingSum(addend, product.value)
  return (sum.value, sum.saturated || product.saturated)
}

/// addend - 2 × left × right, of twice the size.
@inline(__always)
func subtractingDoublingProduct<E: NarrowLane>(
  _ addend: E.Wide, _ left: E, _ right: E
) -> (value: E.Wide, saturated: Bool) {
  let product = doublingLongProduct(addend, left, right)
  let difference = saturatingDifference(addend, product.value)
  return (difference.value, difference.saturated || product.saturated)
}

// MARK: - Products of twice the size

@inline(__always) func wideProduct<E: NarrowLane>(_ left: E, _ right: E) -> E.Wide {
  E.Wide(truncatingIfNeeded: left) &* E.Wide(truncatingIfNeeded: right)
}

@inline(__always) func longProduct<E: NarrowLane>(_: E.Wide, _ left: E, _ right: E) -> E.Wide {
  wideProduct(left, right)
}

@inline(__always) func addingLongProduct<E: NarrowLane>(_ addend: E.Wide, _ left: E, _ right: E) -> E.Wide {
  addend &+ wideProduct(left, right)
}

@inline(__always) func subtractingLongProduct<E: NarrowLane>(_ addend: E.Wide, _ left: E, _ right: E) -> E.Wide {
  addend &- wideProduct(left, right)
}

// MARK: - Polynomials over {0, 1}

/// The low half of a product.
@inline(__always) func polynomialProduct<E: Lane & UnsignedInteger>(_ left: E, _ right: E) -> E {
  var product: E = 0
  for bit in 0..<E.bitWidth { product ^= (left << bit) & (0 &- (right >> bit & 1)) }
  return product
}

/// The product of two elements of half the size.
@inline(__always) func widePolynomialProduct(_ left: UInt8, _ right: UInt8) -> UInt16 {
  polynomialProduct(UInt16(left), UInt16(right))
}

/// The product of 64 bits by 64 bits, the low half first.
///
/// Integers are multiplied of which three bits in four are zero, so that carries land in those and are masked. The high
/// half is the low half of the product of the reversed factors, reversed.
func polynomialProduct64(_ left: UInt64, _ right: UInt64) -> SIMD2<UInt64> {
  let high = lowPolynomialProduct(reversingBits(left), reversingBits(right))
  return SIMD2(lowPolynomialProduct(left, right), reversingBits(high) >> 1)
}

private func lowPolynomialProduct(_ left: UInt64, _ right: UInt64) -> UInt64 {
  let everyFourth: UInt64 = 0x1111_1111_1111_1111
  var result: UInt64 = 0
  for place in 0..<4 {
    var product: UInt64 = 0
    for part in 0..<4 {
      product ^= (left & everyFourth << part) &* (right & everyFourth << ((place &- part) & 3))
    }
    result |= product & everyFourth << place
  }
  return result
}
