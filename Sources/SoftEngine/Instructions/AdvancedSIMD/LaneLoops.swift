// The loops over the elements of vector registers. They are over constant counts, so that the optimizer makes vector
// instructions of them. All sources are read before the result is written: the registers may be the same.

extension CPU {
  /// A vector register's elements.
  @inline(__always) func lanes<E: Lane>(_ number: UInt8, of type: E.Type) -> E.Vector {
    vector(number).load(as: E.Vector.self)
  }

  /// The elements of the half of a vector register that begins at a byte, in the low half of a vector.
  @inline(__always) func lanes<E: Lane>(_ number: UInt8, of type: E.Type, from half: Int) -> E.Vector {
    let bits = vector(number).loadUnaligned(fromByteOffset: half, as: UInt64.self)
    return unsafeBitCast(SIMD2(bits, 0), to: E.Vector.self)
  }

  /// The element at a byte of a vector register.
  @inline(__always) func element<E: Lane>(_ number: UInt8, at offset: UInt8, of type: E.Type) -> E {
    vector(number).loadUnaligned(fromByteOffset: Int(offset), as: E.self)
  }

  /// Writes Vd as wide as the instruction's form says, and clears the rest of it.
  @inline(__always) func setVector<V: SIMD & BitwiseCopyable>(_ op: Operands, _ value: V) {
    self[v: op.rd] = unsafeBitCast(value, to: SIMD2<UInt64>.self) & op.kept
  }

  /// Writes one element to Vd, and clears the rest of it.
  @inline(__always) func setScalar<E: Lane>(_ op: Operands, _ value: E) {
    self[v: op.rd] = SIMD2(UInt64(E.Magnitude(truncatingIfNeeded: value)), 0)
  }

  /// Sets FPSR.QC where an element of the result was saturated.
  @inline(__always) func noteSaturation<V: SIMD & BitwiseCopyable>(_ op: Operands, _ saturated: V) {
    let bits = unsafeBitCast(saturated, to: SIMD2<UInt64>.self) & op.kept
    state.pointee.fpsr |= bits == SIMD2(0, 0) ? 0 : 1 << 27
  }

  /// Each element of Vd is made of that of Vd, Vn and Vm, or of one element of Vm, the one at byte `ra`.
  @inline(__always)
  func lanewise<E: Lane>(
    _ op: Operands, _ type: E.Type, byElement: Bool = false, _ operation: (E, E, E) -> (value: E, saturated: Bool)
  ) {
    let (addend, left) = (lanes(op.rd, of: E.self), lanes(op.rn, of: E.self))
    let right =
      byElement ? E.Vector(repeating: element(op.rm, at: op.ra, of: E.self)) : lanes(op.rm, of: E.self)
    var result = E.Vector()
    var saturated = E.Vector()
    for index in 0..<E.count {
      let lane = operation(addend[index], left[index], right[index])
      result[index] = lane.value
      saturated[index] = E(mask: lane.saturated)
    }
    setVector(op, result)
    noteSaturation(op, saturated)
  }

  /// Each element of Vd is made of that of Vd and of the elements of half the size in a half of Vn and of Vm, or of one
  /// element of Vm, the one at byte `ra`.
  @inline(__always)
  func lengthening<E: NarrowLane>(
    _ op: Operands, _ type: E.Type, byElement: Bool = false,
    _ operation: (E.Wide, E, E) -> (value: E.Wide, saturated: Bool)
  ) {
    let (addend, left) = (lanes(op.rd, of: E.Wide.self), lanes(op.rn, of: E.self, from: op.half))
    let right =
      byElement
      ? E.Vector(repeating: element(op.rm, at: op.ra, of: E.self)) : lanes(op.rm, of: E.self, from: op.half)
    var result = E.Wide.Vector()
    var saturated = E.Wide.Vector()
    for index in 0..<E.Wide.count {
      let lane = operation(addend[index], left[index], right[index])
      result[index] = lane.value
      saturated[index] = E.Wide(mask: lane.saturated)
    }
    setVector(op, result)
    noteSaturation(op, saturated)
  }

  /// Each element of a half of Vd is made of the elements of twice the size of Vn and Vm.
  ///
  /// Where it is the lower half the upper one is cleared, where it is the upper half the lower one stays.
  @inline(__always)
  func narrowing<E: Lane, Narrow: Lane>(
    _ op: Operands, _ type: E.Type, _ narrow: Narrow.Type, _ operation: (E, E) -> (value: Narrow, saturated: Bool)
  ) {
    let (left, right) = (lanes(op.rn, of: E.self), lanes(op.rm, of: E.self))
    var result = Narrow.Vector()
    var saturated = Narrow.Vector()
    for index in 0..<E.count {
      let lane = operation(left[index], right[index])
      result[index] = lane.value
      saturated[index] = Narrow(mask: lane.saturated)
    }
    noteSaturation(op, saturated)
    let bits = unsafeBitCast(result, to: SIMD2<UInt64>.self) & op.kept
    self[v: op.rd] = op.half == 0 ? bits : SIMD2(self[v: op.rd][0], bits[0])
  }

  /// Vn and Vm one behind the other, in two vectors; of 64-bit vectors the first one is made up.
  @inline(__always)
  func concatenated<E: Lane>(_ op: Operands, _ type: E.Type) -> (E.Vector, E.Vector) {
    let (low, high) = (self[v: op.rn], self[v: op.rm])
    let first = op.isQuadword ? low : SIMD2(low[0], high[0])
    return (unsafeBitCast(first, to: E.Vector.self), unsafeBitCast(high, to: E.Vector.self))
  }
}

/// A vector made byte by byte, of places that are not known beforehand; in general registers, as a byte put into a vector
/// would have to go through memory.
@inline(__always)
func bytewise(_ byte: (UInt8) -> UInt8) -> SIMD2<UInt64> {
  var (low, high): (UInt64, UInt64) = (0, 0)
  for index: UInt8 in 0..<8 {
    low |= UInt64(byte(index)) &<< UInt64(8 &* index)
    high |= UInt64(byte(index &+ 8)) &<< UInt64(8 &* index)
  }
  return SIMD2(low, high)
}

// MARK: - Handlers of the same shape

/// Vd = operation(Vn).
@inline(__always)
func unary<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  _ operation: (E) -> E
) {
  vector(cpu, slot, limit) { cpu, op in cpu.lanewise(op, type) { _, value, _ in (operation(value), false) } }
}

/// Vd = operation(Vn, Vm).
@inline(__always)
func binary<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  byElement: Bool = false, _ operation: (E, E) -> E
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.lanewise(op, type, byElement: byElement) { _, left, right in (operation(left, right), false) }
  }
}

/// Vd = operation(Vd, Vn, Vm).
@inline(__always)
func accumulating<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  byElement: Bool = false, _ operation: (E, E, E) -> E
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.lanewise(op, type, byElement: byElement) { (operation($0, $1, $2), false) }
  }
}

/// Vd = operation(Vn), which may saturate.
@inline(__always)
func saturatingUnary<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  _ operation: (E) -> (value: E, saturated: Bool)
) {
  vector(cpu, slot, limit) { cpu, op in cpu.lanewise(op, type) { _, value, _ in operation(value) } }
}

/// Vd = operation(Vn, Vm), which may saturate.
@inline(__always)
func saturating<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  byElement: Bool = false, _ operation: (E, E) -> (value: E, saturated: Bool)
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.lanewise(op, type, byElement: byElement) { _, left, right in operation(left, right) }
  }
}

/// Vd = operation(Vd, Vn, Vm), which may saturate.
@inline(__always)
func saturatingAccumulating<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  byElement: Bool = false, _ operation: (E, E, E) -> (value: E, saturated: Bool)
) {
  vector(cpu, slot, limit) { cpu, op in cpu.lanewise(op, type, byElement: byElement, operation) }
}

/// Vd = operation(Vd, half of Vn, half of Vm), of twice the size.
@inline(__always)
func long<E: NarrowLane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  byElement: Bool = false, _ operation: (E.Wide, E, E) -> E.Wide
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.lengthening(op, type, byElement: byElement) { (operation($0, $1, $2), false) }
  }
}

/// Vd = operation(Vd, half of Vn, half of Vm), of twice the size, which may saturate.
@inline(__always)
func saturatingLong<E: NarrowLane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  byElement: Bool = false, _ operation: (E.Wide, E, E) -> (value: E.Wide, saturated: Bool)
) {
  vector(cpu, slot, limit) { cpu, op in cpu.lengthening(op, type, byElement: byElement, operation) }
}

/// Half of Vd = operation(Vn, Vm), of half the size.
@inline(__always)
func narrow<E: NarrowLane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  _ operation: (E.Wide, E.Wide) -> E.Wide
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.narrowing(op, E.Wide.self, type) { (E(truncatingIfNeeded: operation($0, $1)), false) }
  }
}

/// Vd = operation(the next two elements of Vn and Vm one behind the other).
@inline(__always)
func pairwise<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  _ operation: (E, E) -> E
) {
  vector(cpu, slot, limit) { cpu, op in
    let (first, second) = cpu.concatenated(op, type)
    let half = E.count / 2
    var result = E.Vector()
    for index in 0..<half {
      result[index] = operation(first[2 &* index], first[2 &* index &+ 1])
      result[half &+ index] = operation(second[2 &* index], second[2 &* index &+ 1])
    }
    cpu.setVector(op, result)
  }
}
