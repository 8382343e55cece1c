// All elements of a vector made one (Arm ARM, section C4.1.96, "Advanced SIMD across lanes" and "scalar pairwise").
extension DecodeTable {
  static let acrossLanes: [InstructionPattern] = [
    .acrossLanes("SADDLV", "0Q0 01110 zz 11000 00011 10 nnnnn ddddd", .saddlv),
    .acrossLanes("UADDLV", "0Q1 01110 zz 11000 00011 10 nnnnn ddddd", .uaddlv),
    .acrossLanes("SMAXV", "0Q0 01110 zz 11000 01010 10 nnnnn ddddd", .smaxv),
    .acrossLanes("UMAXV", "0Q1 01110 zz 11000 01010 10 nnnnn ddddd", .umaxv),
    .acrossLanes("SMINV", "0Q0 01110 zz 11000 11010 10 nnnnn ddddd", .sminv),
    .acrossLanes("UMINV", "0Q1 01110 zz 11000 11010 10 nnnnn ddddd", .uminv),
    .acrossLanes("ADDV", "0Q0 01110 zz 11000 11011 10 nnnnn ddddd", .addv),
    InstructionPattern("ADDP (scalar)", "010 11110 11 11000 11011 10 nnnnn ddddd") { word in
      Slot(
        { vector($0, $1, $2) { $0[v: $1.rd] = SIMD2($0[v: $1.rn][0] &+ $0[v: $1.rn][1], 0) } },
        word.vectors(.doubleword))
    },
  ]
}

extension InstructionPattern {
  /// An instruction on 64 or 128 bits of elements; two elements of 32 bits are reserved.
  fileprivate static func acrossLanes(
    _ name: String, _ bits: StaticString, _ handlers: SizedHandlers
  ) -> InstructionPattern {
    InstructionPattern(name, bits) { word in
      let size = word[bits: 22...23]
      guard size < 2 || word.isQuadword, let handler = handlers[size] else { return nil }
      return Slot(handler, word.vectors(word.form))
    }
  }
}

extension SizedHandlers {
  fileprivate static let saddlv = SizedHandlers(
    b: { longSumAcross($0, $1, $2, Int8.self) }, h: { longSumAcross($0, $1, $2, Int16.self) },
    s: { longSumAcross($0, $1, $2, Int32.self) })
  fileprivate static let uaddlv = SizedHandlers(
    b: { longSumAcross($0, $1, $2, UInt8.self) }, h: { longSumAcross($0, $1, $2, UInt16.self) },
    s: { longSumAcross($0, $1, $2, UInt32.self) })
  fileprivate static let addv = SizedHandlers(
    b: { sumAcross($0, $1, $2, UInt8.self) }, h: { sumAcross($0, $1, $2, UInt16.self) },
    s: { sumAcross($0, $1, $2, UInt32.self) })
  fileprivate static let smaxv = SizedHandlers(
    b: { across($0, $1, $2, Int8.self, maximum) }, h: { across($0, $1, $2, Int16.self, maximum) },
    s: { across($0, $1, $2, Int32.self, maximum) })
  fileprivate static let umaxv = SizedHandlers(
    b: { across($0, $1, $2, UInt8.self, maximum) }, h: { across($0, $1, $2, UInt16.self, maximum) },
    s: { across($0, $1, $2, UInt32.self, maximum) })
  fileprivate static let sminv = SizedHandlers(
    b: { across($0, $1, $2, Int8.self, minimum) }, h: { across($0, $1, $2, Int16.self, minimum) },
    s: { across($0, $1, $2, Int32.self, minimum) })
  fileprivate static let uminv = SizedHandlers(
    b: { across($0, $1, $2, UInt8.self, minimum) }, h: { across($0, $1, $2, UInt16.self, minimum) },
    s: { across($0, $1, $2, UInt32.self, minimum) })
}

/// Makes all elements one by an operation that gives the same where elements are taken twice, as those of 64 bits are.
@inline(__always)
private func across<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  _ operation: (E, E) -> E
) {
  vector(cpu, slot, limit) { cpu, op in
    let bits = cpu[v: op.rn]
    let source = unsafeBitCast(SIMD2(bits[0], op.isQuadword ? bits[1] : bits[0]), to: E.Vector.self)
    var result = source[0]
    for index in 1..<E.count { result = operation(result, source[index]) }
    cpu.setScalar(op, result)
  }
}

/// The sum of all elements.
@inline(__always)
private func sumAcross<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type
) {
  vector(cpu, slot, limit) { cpu, op in
    let source = unsafeBitCast(cpu[v: op.rn] & op.kept, to: E.Vector.self)
    var result: E = 0
    for index in 0..<E.count { result = result &+ source[index] }
    cpu.setScalar(op, result)
  }
}

/// The sum of all elements, of twice the size.
@inline(__always)
private func longSumAcross<E: NarrowLane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type
) {
  vector(cpu, slot, limit) { cpu, op in
    let source = unsafeBitCast(cpu[v: op.rn] & op.kept, to: E.Vector.self)
    var result: E.Wide = 0
    for index in 0..<E.count { result = result &+ E.Wide(truncatingIfNeeded: source[index]) }
    cpu.setScalar(op, result)
  }
}
