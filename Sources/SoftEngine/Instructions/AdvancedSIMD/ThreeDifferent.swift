// Three vectors of different sizes (Arm ARM, section C4.1.96, "Advanced SIMD three different" and "scalar three
// different").
extension DecodeTable {
  static let threeDifferent: [InstructionPattern] = [
    .long("SADDL", "0Q0 01110 zz 1 mmmmm 0000 00 nnnnn ddddd", .saddl),
    .long("UADDL", "0Q1 01110 zz 1 mmmmm 0000 00 nnnnn ddddd", .uaddl),
    .long("SADDW", "0Q0 01110 zz 1 mmmmm 0001 00 nnnnn ddddd", .saddw),
    .long("UADDW", "0Q1 01110 zz 1 mmmmm 0001 00 nnnnn ddddd", .uaddw),
    .long("SSUBL", "0Q0 01110 zz 1 mmmmm 0010 00 nnnnn ddddd", .ssubl),
    .long("USUBL", "0Q1 01110 zz 1 mmmmm 0010 00 nnnnn ddddd", .usubl),
    .long("SSUBW", "0Q0 01110 zz 1 mmmmm 0011 00 nnnnn ddddd", .ssubw),
    .long("USUBW", "0Q1 01110 zz 1 mmmmm 0011 00 nnnnn ddddd", .usubw),
    .narrow("ADDHN", "0Q0 01110 zz 1 mmmmm 0100 00 nnnnn ddddd", .addhn),
    .narrow("RADDHN", "0Q1 01110 zz 1 mmmmm 0100 00 nnnnn ddddd", .raddhn),
    .long("SABAL", "0Q0 01110 zz 1 mmmmm 0101 00 nnnnn ddddd", .sabal),
    .long("UABAL", "0Q1 01110 zz 1 mmmmm 0101 00 nnnnn ddddd", .uabal),
    .narrow("SUBHN", "0Q0 01110 zz 1 mmmmm 0110 00 nnnnn ddddd", .subhn),
    .narrow("RSUBHN", "0Q1 01110 zz 1 mmmmm 0110 00 nnnnn ddddd", .rsubhn),
    .long("SABDL", "0Q0 01110 zz 1 mmmmm 0111 00 nnnnn ddddd", .sabdl),
    .long("UABDL", "0Q1 01110 zz 1 mmmmm 0111 00 nnnnn ddddd", .uabdl),
    .long("SMLAL (vector)", "0Q0 01110 zz 1 mmmmm 1000 00 nnnnn ddddd", .smlal),
    .long("UMLAL (vector)", "0Q1 01110 zz 1 mmmmm 1000 00 nnnnn ddddd", .umlal),
    .long("SQDMLAL (vector)", "0Q0 01110 zz 1 mmmmm 1001 00 nnnnn ddddd", .sqdmlal),
    .long("SMLSL (vector)", "0Q0 01110 zz 1 mmmmm 1010 00 nnnnn ddddd", .smlsl),
    .long("UMLSL (vector)", "0Q1 01110 zz 1 mmmmm 1010 00 nnnnn ddddd", .umlsl),
    .long("SQDMLSL (vector)", "0Q0 01110 zz 1 mmmmm 1011 00 nnnnn ddddd", .sqdmlsl),
    .long("SMULL (vector)", "0Q0 01110 zz 1 mmmmm 1100 00 nnnnn ddddd", .smull),
    .long("UMULL (vector)", "0Q1 01110 zz 1 mmmmm 1100 00 nnnnn ddddd", .umull),
    .long("SQDMULL (vector)", "0Q0 01110 zz 1 mmmmm 1101 00 nnnnn ddddd", .sqdmull),
    .long("PMULL", "0Q0 01110 00 1 mmmmm 1110 00 nnnnn ddddd", .pmull),
    .long("PMULL (64-bit)", "0Q0 01110 11 1 mmmmm 1110 00 nnnnn ddddd", .pmull, .pmull),

    // Scalars.
    .scalarLong("SQDMLAL (scalar)", "010 11110 zz 1 mmmmm 1001 00 nnnnn ddddd", .sqdmlal),
    .scalarLong("SQDMLSL (scalar)", "010 11110 zz 1 mmmmm 1011 00 nnnnn ddddd", .sqdmlsl),
    .scalarLong("SQDMULL (scalar)", "010 11110 zz 1 mmmmm 1101 00 nnnnn ddddd", .sqdmull),
  ]
}

// MARK: - By size of the narrower elements

extension SizedHandlers {
  fileprivate static let saddl = SizedHandlers(
    b: { long($0, $1, $2, Int8.self, longSum) }, h: { long($0, $1, $2, Int16.self, longSum) },
    s: { long($0, $1, $2, Int32.self, longSum) })
  fileprivate static let ssubl = SizedHandlers(
    b: { long($0, $1, $2, Int8.self, longDifference) }, h: { long($0, $1, $2, Int16.self, longDifference) },
    s: { long($0, $1, $2, Int32.self, longDifference) })
  fileprivate static let sabal = SizedHandlers(
    b: { long($0, $1, $2, Int8.self, addingLongAbsoluteDifference) },
    h: { long($0, $1, $2, Int16.self, addingLongAbsoluteDifference) },
    s: { long($0, $1, $2, Int32.self, addingLongAbsoluteDifference) })
  fileprivate static let sabdl = SizedHandlers(
    b: { long($0, $1, $2, Int8.self, longAbsoluteDifference) },
    h: { long($0, $1, $2, Int16.self, longAbsoluteDifference) },
    s: { long($0, $1, $2, Int32.self, longAbsoluteDifference) })
  fileprivate static let smlal = SizedHandlers(
    b: { long($0, $1, $2, Int8.self, addingLongProduct) }, h: { long($0, $1, $2, Int16.self, addingLongProduct) },
    s: { long($0, $1, $2, Int32.self, addingLongProduct) })
  fileprivate static let smlsl = SizedHandlers(
    b: { long($0, $1, $2, Int8.self, subtractingLongProduct) },
    h: { long($0, $1, $2, Int16.self, subtractingLongProduct) },
    s: { long($0, $1, $2, Int32.self, subtractingLongProduct) })
  fileprivate static let smull = SizedHandlers(
    b: { long($0, $1, $2, Int8.self, longProduct) }, h: { long($0, $1, $2, Int16.self, longProduct) },
    s: { long($0, $1, $2, Int32.self, longProduct) })
  fileprivate static let uaddl = SizedHandlers(
    b: { long($0, $1, $2, UInt8.self, longSum) }, h: { long($0, $1, $2, UInt16.self, longSum) },
    s: { long($0, $1, $2, UInt32.self, longSum) })
  fileprivate static let usubl = SizedHandlers(
    b: { long($0, $1, $2, UInt8.self, longDifference) }, h: { long($0, $1, $2, UInt16.self, longDifference) },
    s: { long($0, $1, $2, UInt32.self, longDifference) })
  fileprivate static let uabal = SizedHandlers(
    b: { long($0, $1, $2, UInt8.self, addingLongAbsoluteDifference) },
    h: { long($0, $1, $2, UInt16.self, addingLongAbsoluteDifference) },
    s: { long($0, $1, $2, UInt32.self, addingLongAbsoluteDifference) })
  fileprivate static let uabdl = SizedHandlers(
    b: { long($0, $1, $2, UInt8.self, longAbsoluteDifference) },
    h: { long($0, $1, $2, UInt16.self, longAbsoluteDifference) },
    s: { long($0, $1, $2, UInt32.self, longAbsoluteDifference) })
  fileprivate static let umlal = SizedHandlers(
    b: { long($0, $1, $2, UInt8.self, addingLongProduct) }, h: { long($0, $1, $2, UInt16.self, addingLongProduct) },
    s: { long($0, $1, $2, UInt32.self, addingLongProduct) })
  fileprivate static let umlsl = SizedHandlers(
    b: { long($0, $1, $2, UInt8.self, subtractingLongProduct) },
    h: { long($0, $1, $2, UInt16.self, subtractingLongProduct) },
    s: { long($0, $1, $2, UInt32.self, subtractingLongProduct) })
  fileprivate static let umull = SizedHandlers(
    b: { long($0, $1, $2, UInt8.self, longProduct) }, h: { long($0, $1, $2, UInt16.self, longProduct) },
    s: { long($0, $1, $2, UInt32.self, longProduct) })
  fileprivate static let saddw = SizedHandlers(
    b: { wide($0, $1, $2, Int8.self, sum) }, h: { wide($0, $1, $2, Int16.self, sum) },
    s: { wide($0, $1, $2, Int32.self, sum) })
  fileprivate static let ssubw = SizedHandlers(
    b: { wide($0, $1, $2, Int8.self, difference) }, h: { wide($0, $1, $2, Int16.self, difference) },
    s: { wide($0, $1, $2, Int32.self, difference) })
  fileprivate static let uaddw = SizedHandlers(
    b: { wide($0, $1, $2, UInt8.self, sum) }, h: { wide($0, $1, $2, UInt16.self, sum) },
    s: { wide($0, $1, $2, UInt32.self, sum) })
  fileprivate static let usubw = SizedHandlers(
    b: { wide($0, $1, $2, UInt8.self, difference) }, h: { wide($0, $1, $2, UInt16.self, difference) },
    s: { wide($0, $1, $2, UInt32.self, difference) })
  fileprivate static let sqdmlal = SizedHandlers(
    h: { saturatingLong($0, $1, $2, Int16.self, addingDoublingProduct) },
    s: { saturatingLong($0, $1, $2, Int32.self, addingDoublingProduct) })
  fileprivate static let sqdmlsl = SizedHandlers(
    h: { saturatingLong($0, $1, $2, Int16.self, subtractingDoublingProduct) },
    s: { saturatingLong($0, $1, $2, Int32.self, subtractingDoublingProduct) })
  fileprivate static let sqdmull = SizedHandlers(
    h: { saturatingLong($0, $1, $2, Int16.self, doublingLongProduct) },
    s: { saturatingLong($0, $1, $2, Int32.self, doublingLongProduct) })
  fileprivate static let addhn = SizedHandlers(
    b: { narrow($0, $1, $2, UInt8.self) { highHalf($0 &+ $1) } },
    h: { narrow($0, $1, $2, UInt16.self) { highHalf($0 &+ $1) } },
    s: { narrow($0, $1, $2, UInt32.self) { highHalf($0 &+ $1) } })
  fileprivate static let raddhn = SizedHandlers(
    b: { narrow($0, $1, $2, UInt8.self) { roundingHighHalf($0 &+ $1) } },
    h: { narrow($0, $1, $2, UInt16.self) { roundingHighHalf($0 &+ $1) } },
    s: { narrow($0, $1, $2, UInt32.self) { roundingHighHalf($0 &+ $1) } })
  fileprivate static let subhn = SizedHandlers(
    b: { narrow($0, $1, $2, UInt8.self) { highHalf($0 &- $1) } },
    h: { narrow($0, $1, $2, UInt16.self) { highHalf($0 &- $1) } },
    s: { narrow($0, $1, $2, UInt32.self) { highHalf($0 &- $1) } })
  fileprivate static let rsubhn = SizedHandlers(
    b: { narrow($0, $1, $2, UInt8.self) { roundingHighHalf($0 &- $1) } },
    h: { narrow($0, $1, $2, UInt16.self) { roundingHighHalf($0 &- $1) } },
    s: { narrow($0, $1, $2, UInt32.self) { roundingHighHalf($0 &- $1) } })

  fileprivate static let pmull = SizedHandlers(
    b: { long($0, $1, $2, UInt8.self) { widePolynomialProduct($1, $2) } }, d: polynomialProduct128)
}

/// The product of 64-bit polynomials.
private let polynomialProduct128: Handler = {
  vector($0, $1, $2) { cpu, op in
    let left = cpu.vector(op.rn).load(fromByteOffset: op.half, as: UInt64.self)
    let right = cpu.vector(op.rm).load(fromByteOffset: op.half, as: UInt64.self)
    cpu[v: op.rd] = polynomialProduct64(left, right)
  }
}

/// Vd = operation(Vn, half of Vm).
@inline(__always)
private func wide<E: NarrowLane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  _ operation: (E.Wide, E.Wide) -> E.Wide
) {
  vector(cpu, slot, limit) { cpu, op in
    let (left, right) = (cpu.lanes(op.rn, of: E.Wide.self), cpu.lanes(op.rm, of: E.self, from: op.half))
    var result = E.Wide.Vector()
    for index in 0..<E.Wide.count {
      result[index] = operation(left[index], E.Wide(truncatingIfNeeded: right[index]))
    }
    cpu.setVector(op, result)
  }
}

// MARK: - Elements

@inline(__always) private func longSum<E: NarrowLane>(_: E.Wide, _ left: E, _ right: E) -> E.Wide {
  E.Wide(truncatingIfNeeded: left) &+ E.Wide(truncatingIfNeeded: right)
}

@inline(__always) private func longDifference<E: NarrowLane>(_: E.Wide, _ left: E, _ right: E) -> E.Wide {
  E.Wide(truncatingIfNeeded: left) &- E.Wide(truncatingIfNeeded: right)
}

@inline(__always) private func longAbsoluteDifference<E: NarrowLane>(_: E.Wide, _ left: E, _ right: E) -> E.Wide {
  absoluteDifference(E.Wide(truncatingIfNeeded: left), E.Wide(truncatingIfNeeded: right))
}

@inline(__always)
private func addingLongAbsoluteDifference<E: NarrowLane>(_ addend: E.Wide, _ left: E, _ right: E) -> E.Wide {
  addingAbsoluteDifference(addend, E.Wide(truncatingIfNeeded: left), E.Wide(truncatingIfNeeded: right))
}

/// The high half of an element.
@inline(__always) private func highHalf<E: Lane>(_ value: E) -> E { value >> (E.bitWidth / 2) }

/// The high half of an element, rounded.
@inline(__always) private func roundingHighHalf<E: Lane>(_ value: E) -> E {
  (value &+ 1 << (E.bitWidth / 2 &- 1)) >> (E.bitWidth / 2)
}
