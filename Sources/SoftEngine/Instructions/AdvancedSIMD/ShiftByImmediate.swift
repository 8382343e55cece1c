import Bits

// Shifts by an immediate (Arm ARM, section C4.1.96, "Advanced SIMD shift by immediate", "scalar shift by immediate").
extension DecodeTable {
  static let shiftByImmediate: [InstructionPattern] = [
    .shift("SSHR", "0Q0 011110 hhhh bbb 00000 1 nnnnn ddddd", .sshr, .right),
    .shift("USHR", "0Q1 011110 hhhh bbb 00000 1 nnnnn ddddd", .ushr, .right),
    .shift("SSRA", "0Q0 011110 hhhh bbb 00010 1 nnnnn ddddd", .ssra, .right),
    .shift("USRA", "0Q1 011110 hhhh bbb 00010 1 nnnnn ddddd", .usra, .right),
    .shift("SRSHR", "0Q0 011110 hhhh bbb 00100 1 nnnnn ddddd", .srshr, .right),
    .shift("URSHR", "0Q1 011110 hhhh bbb 00100 1 nnnnn ddddd", .urshr, .right),
    .shift("SRSRA", "0Q0 011110 hhhh bbb 00110 1 nnnnn ddddd", .srsra, .right),
    .shift("URSRA", "0Q1 011110 hhhh bbb 00110 1 nnnnn ddddd", .ursra, .right),
    .shift("SRI", "0Q1 011110 hhhh bbb 01000 1 nnnnn ddddd", .sri, .right),
    .shift("SHL", "0Q0 011110 hhhh bbb 01010 1 nnnnn ddddd", .shl, .left),
    .shift("SLI", "0Q1 011110 hhhh bbb 01010 1 nnnnn ddddd", .sli, .left),
    .shift("SQSHLU", "0Q1 011110 hhhh bbb 01100 1 nnnnn ddddd", .sqshlu, .left),
    .shift("SQSHL (immediate)", "0Q0 011110 hhhh bbb 01110 1 nnnnn ddddd", .sqshl, .left),
    .shift("UQSHL (immediate)", "0Q1 011110 hhhh bbb 01110 1 nnnnn ddddd", .uqshl, .left),
    .shift("SHRN", "0Q0 011110 hhhh bbb 10000 1 nnnnn ddddd", .shrn, .narrow),
    .shift("SQSHRUN", "0Q1 011110 hhhh bbb 10000 1 nnnnn ddddd", .sqshrun, .narrow),
    .shift("RSHRN", "0Q0 011110 hhhh bbb 10001 1 nnnnn ddddd", .rshrn, .narrow),
    .shift("SQRSHRUN", "0Q1 011110 hhhh bbb 10001 1 nnnnn ddddd", .sqrshrun, .narrow),
    .shift("SQSHRN", "0Q0 011110 hhhh bbb 10010 1 nnnnn ddddd", .sqshrn, .narrow),
    .shift("UQSHRN", "0Q1 011110 hhhh bbb 10010 1 nnnnn ddddd", .uqshrn, .narrow),
    .shift("SQRSHRN", "0Q0 011110 hhhh bbb 10011 1 nnnnn ddddd", .sqrshrn, .narrow),
    .shift("UQRSHRN", "0Q1 011110 hhhh bbb 10011 1 nnnnn ddddd", .uqrshrn, .narrow),
    .shift("SSHLL", "0Q0 011110 hhhh bbb 10100 1 nnnnn ddddd", .sshll, .long),
    .shift("USHLL", "0Q1 011110 hhhh bbb 10100 1 nnnnn ddddd", .ushll, .long),

    // Scalars.
    .shift("SSHR (scalar)", "010 111110 1hhh bbb 00000 1 nnnnn ddddd", .sshr, .right),
    .shift("USHR (scalar)", "011 111110 1hhh bbb 00000 1 nnnnn ddddd", .ushr, .right),
    .shift("SSRA (scalar)", "010 111110 1hhh bbb 00010 1 nnnnn ddddd", .ssra, .right),
    .shift("USRA (scalar)", "011 111110 1hhh bbb 00010 1 nnnnn ddddd", .usra, .right),
    .shift("SRSHR (scalar)", "010 111110 1hhh bbb 00100 1 nnnnn ddddd", .srshr, .right),
    .shift("URSHR (scalar)", "011 111110 1hhh bbb 00100 1 nnnnn ddddd", .urshr, .right),
    .shift("SRSRA (scalar)", "010 111110 1hhh bbb 00110 1 nnnnn ddddd", .srsra, .right),
    .shift("URSRA (scalar)", "011 111110 1hhh bbb 00110 1 nnnnn ddddd", .ursra, .right),
    .shift("SRI (scalar)", "011 111110 1hhh bbb 01000 1 nnnnn ddddd", .sri, .right),
    .shift("SHL (scalar)", "010 111110 1hhh bbb 01010 1 nnnnn ddddd", .shl, .left),
    .shift("SLI (scalar)", "011 111110 1hhh bbb 01010 1 nnnnn ddddd", .sli, .left),
    .shift("SQSHLU (scalar)", "011 111110 hhhh bbb 01100 1 nnnnn ddddd", .sqshlu, .left),
    .shift("SQSHL (scalar, immediate)", "010 111110 hhhh bbb 01110 1 nnnnn ddddd", .sqshl, .left),
    .shift("UQSHL (scalar, immediate)", "011 111110 hhhh bbb 01110 1 nnnnn ddddd", .uqshl, .left),
    .shift("SQSHRUN (scalar)", "011 111110 hhhh bbb 10000 1 nnnnn ddddd", .sqshrun, .narrow),
    .shift("SQRSHRUN (scalar)", "011 111110 hhhh bbb 10001 1 nnnnn ddddd", .sqrshrun, .narrow),
    .shift("SQSHRN (scalar)", "010 111110 hhhh bbb 10010 1 nnnnn ddddd", .sqshrn, .narrow),
    .shift("UQSHRN (scalar)", "011 111110 hhhh bbb 10010 1 nnnnn ddddd", .uqshrn, .narrow),
    .shift("SQRSHRN (scalar)", "010 111110 hhhh bbb 10011 1 nnnnn ddddd", .sqrshrn, .narrow),
    .shift("UQRSHRN (scalar)", "011 111110 hhhh bbb 10011 1 nnnnn ddddd", .uqrshrn, .narrow),
  ]
}

/// What the amount in immh:immb means, and what the result is like.
private enum ShiftKind {
  case left, right
  /// To the right, from twice the size.
  case narrow
  /// To the left, to twice the size.
  case long
}

extension InstructionPattern {
  /// A shift.
  ///
  /// The highest bit of immh names the size of the elements; immh:immb is the amount, counted upwards from the size for
  /// shifts to the left, downwards from twice the size for shifts to the right. `ra` is the amount.
  fileprivate static func shift(
    _ name: String, _ bits: StaticString, _ handlers: SizedHandlers, _ kind: ShiftKind
  ) -> InstructionPattern {
    InstructionPattern(name, bits) { word in
      let immediate = word[bits: 16...22]
      // With immh zero it is a modified immediate, or not allocated.
      guard immediate >= 8 else { return nil }
      let size = UInt32(28 - immediate.leadingZeroBitCount)
      let width: UInt32 = 8 << size
      let isScalar = word[bit: 28]
      guard let handler = handlers[size] else { return nil }
      let form: VectorForm
      switch kind {
      case .left, .right:
        guard isScalar || size < 3 || word.isQuadword else { return nil }
        form = isScalar ? .scalar(bits: Int(width)) : word.form
      case .narrow: form = isScalar ? .scalar(bits: Int(width)) : .doubleword.upper(word.isQuadword)
      case .long: form = .quadword.upper(word.isQuadword)
      }
      let amount = kind == .left || kind == .long ? immediate - width : 2 * width - immediate
      return Slot(handler, Operands(rd: word.rd, rn: word.rn, rm: 0, ra: UInt8(amount), form))
    }
  }
}

// MARK: - By size of element

extension SizedHandlers {
  fileprivate static let sshr = SizedHandlers(
    b: { shift($0, $1, $2, Int8.self) { $1 >> $2 } }, h: { shift($0, $1, $2, Int16.self) { $1 >> $2 } },
    s: { shift($0, $1, $2, Int32.self) { $1 >> $2 } }, d: { shift($0, $1, $2, Int64.self) { $1 >> $2 } })
  fileprivate static let ushr = SizedHandlers(
    b: { shift($0, $1, $2, UInt8.self) { $1 >> $2 } }, h: { shift($0, $1, $2, UInt16.self) { $1 >> $2 } },
    s: { shift($0, $1, $2, UInt32.self) { $1 >> $2 } }, d: { shift($0, $1, $2, UInt64.self) { $1 >> $2 } })
  fileprivate static let ssra = SizedHandlers(
    b: { shift($0, $1, $2, Int8.self) { $0 &+ $1 >> $2 } }, h: { shift($0, $1, $2, Int16.self) { $0 &+ $1 >> $2 } },
    s: { shift($0, $1, $2, Int32.self) { $0 &+ $1 >> $2 } }, d: { shift($0, $1, $2, Int64.self) { $0 &+ $1 >> $2 } })
  fileprivate static let usra = SizedHandlers(
    b: { shift($0, $1, $2, UInt8.self) { $0 &+ $1 >> $2 } },
    h: { shift($0, $1, $2, UInt16.self) { $0 &+ $1 >> $2 } },
    s: { shift($0, $1, $2, UInt32.self) { $0 &+ $1 >> $2 } },
    d: { shift($0, $1, $2, UInt64.self) { $0 &+ $1 >> $2 } })
  fileprivate static let srshr = SizedHandlers(
    b: { shift($0, $1, $2, Int8.self) { roundingShiftRight($1, $2) } },
    h: { shift($0, $1, $2, Int16.self) { roundingShiftRight($1, $2) } },
    s: { shift($0, $1, $2, Int32.self) { roundingShiftRight($1, $2) } },
    d: { shift($0, $1, $2, Int64.self) { roundingShiftRight($1, $2) } })
  fileprivate static let urshr = SizedHandlers(
    b: { shift($0, $1, $2, UInt8.self) { roundingShiftRight($1, $2) } },
    h: { shift($0, $1, $2, UInt16.self) { roundingShiftRight($1, $2) } },
    s: { shift($0, $1, $2, UInt32.self) { roundingShiftRight($1, $2) } },
    d: { shift($0, $1, $2, UInt64.self) { roundingShiftRight($1, $2) } })
  fileprivate static let srsra = SizedHandlers(
    b: { shift($0, $1, $2, Int8.self, addingRoundingShiftRight) },
    h: { shift($0, $1, $2, Int16.self, addingRoundingShiftRight) },
    s: { shift($0, $1, $2, Int32.self, addingRoundingShiftRight) },
    d: { shift($0, $1, $2, Int64.self, addingRoundingShiftRight) })
  fileprivate static let ursra = SizedHandlers(
    b: { shift($0, $1, $2, UInt8.self, addingRoundingShiftRight) },
    h: { shift($0, $1, $2, UInt16.self, addingRoundingShiftRight) },
    s: { shift($0, $1, $2, UInt32.self, addingRoundingShiftRight) },
    d: { shift($0, $1, $2, UInt64.self, addingRoundingShiftRight) })
  fileprivate static let sri = SizedHandlers(
    b: { shift($0, $1, $2, UInt8.self) { $0 & ~(.max >> $2) | $1 >> $2 } },
    h: { shift($0, $1, $2, UInt16.self) { $0 & ~(.max >> $2) | $1 >> $2 } },
    s: { shift($0, $1, $2, UInt32.self) { $0 & ~(.max >> $2) | $1 >> $2 } },
    d: { shift($0, $1, $2, UInt64.self) { $0 & ~(.max >> $2) | $1 >> $2 } })
  fileprivate static let shl = SizedHandlers(
    b: { shift($0, $1, $2, UInt8.self) { $1 << $2 } }, h: { shift($0, $1, $2, UInt16.self) { $1 << $2 } },
    s: { shift($0, $1, $2, UInt32.self) { $1 << $2 } }, d: { shift($0, $1, $2, UInt64.self) { $1 << $2 } })
  fileprivate static let sli = SizedHandlers(
    b: { shift($0, $1, $2, UInt8.self) { $0 & ~(.max << $2) | $1 << $2 } },
    h: { shift($0, $1, $2, UInt16.self) { $0 & ~(.max << $2) | $1 << $2 } },
    s: { shift($0, $1, $2, UInt32.self) { $0 & ~(.max << $2) | $1 << $2 } },
    d: { shift($0, $1, $2, UInt64.self) { $0 & ~(.max << $2) | $1 << $2 } })

  // Saturating
  fileprivate static let sqshl = SizedHandlers(
    b: { saturatingShift($0, $1, $2, Int8.self, saturatingShiftLeft) },
    h: { saturatingShift($0, $1, $2, Int16.self, saturatingShiftLeft) },
    s: { saturatingShift($0, $1, $2, Int32.self, saturatingShiftLeft) },
    d: { saturatingShift($0, $1, $2, Int64.self, saturatingShiftLeft) })
  fileprivate static let uqshl = SizedHandlers(
    b: { saturatingShift($0, $1, $2, UInt8.self, saturatingShiftLeft) },
    h: { saturatingShift($0, $1, $2, UInt16.self, saturatingShiftLeft) },
    s: { saturatingShift($0, $1, $2, UInt32.self, saturatingShiftLeft) },
    d: { saturatingShift($0, $1, $2, UInt64.self, saturatingShiftLeft) })
  fileprivate static let sqshlu = SizedHandlers(
    b: { saturatingShift($0, $1, $2, Int8.self, saturatingShiftLeftUnsigned) },
    h: { saturatingShift($0, $1, $2, Int16.self, saturatingShiftLeftUnsigned) },
    s: { saturatingShift($0, $1, $2, Int32.self, saturatingShiftLeftUnsigned) },
    d: { saturatingShift($0, $1, $2, Int64.self, saturatingShiftLeftUnsigned) })

  // To twice the size
  fileprivate static let sshll = SizedHandlers(
    b: { longShift($0, $1, $2, Int8.self) }, h: { longShift($0, $1, $2, Int16.self) },
    s: { longShift($0, $1, $2, Int32.self) })
  fileprivate static let ushll = SizedHandlers(
    b: { longShift($0, $1, $2, UInt8.self) }, h: { longShift($0, $1, $2, UInt16.self) },
    s: { longShift($0, $1, $2, UInt32.self) })

  // From twice the size
  fileprivate static let shrn = SizedHandlers(
    b: { narrowShift($0, $1, $2, UInt8.self) }, h: { narrowShift($0, $1, $2, UInt16.self) },
    s: { narrowShift($0, $1, $2, UInt32.self) })
  fileprivate static let rshrn = SizedHandlers(
    b: { narrowShift($0, $1, $2, UInt8.self, rounds: true) },
    h: { narrowShift($0, $1, $2, UInt16.self, rounds: true) },
    s: { narrowShift($0, $1, $2, UInt32.self, rounds: true) })
  fileprivate static let sqshrn = SizedHandlers(
    b: { saturatingNarrowShift($0, $1, $2, Int16.self, Int8.self) },
    h: { saturatingNarrowShift($0, $1, $2, Int32.self, Int16.self) },
    s: { saturatingNarrowShift($0, $1, $2, Int64.self, Int32.self) })
  fileprivate static let sqrshrn = SizedHandlers(
    b: { saturatingNarrowShift($0, $1, $2, Int16.self, Int8.self, rounds: true) },
    h: { saturatingNarrowShift($0, $1, $2, Int32.self, Int16.self, rounds: true) },
    s: { saturatingNarrowShift($0, $1, $2, Int64.self, Int32.self, rounds: true) })
  fileprivate static let uqshrn = SizedHandlers(
    b: { saturatingNarrowShift($0, $1, $2, UInt16.self, UInt8.self) },
    h: { saturatingNarrowShift($0, $1, $2, UInt32.self, UInt16.self) },
    s: { saturatingNarrowShift($0, $1, $2, UInt64.self, UInt32.self) })
  fileprivate static let uqrshrn = SizedHandlers(
    b: { saturatingNarrowShift($0, $1, $2, UInt16.self, UInt8.self, rounds: true) },
    h: { saturatingNarrowShift($0, $1, $2, UInt32.self, UInt16.self, rounds: true) },
    s: { saturatingNarrowShift($0, $1, $2, UInt64.self, UInt32.self, rounds: true) })
  fileprivate static let sqshrun = SizedHandlers(
    b: { saturatingNarrowShift($0, $1, $2, Int16.self, UInt8.self) },
    h: { saturatingNarrowShift($0, $1, $2, Int32.self, UInt16.self) },
    s: { saturatingNarrowShift($0, $1, $2, Int64.self, UInt32.self) })
  fileprivate static let sqrshrun = SizedHandlers(
    b: { saturatingNarrowShift($0, $1, $2, Int16.self, UInt8.self, rounds: true) },
    h: { saturatingNarrowShift($0, $1, $2, Int32.self, UInt16.self, rounds: true) },
    s: { saturatingNarrowShift($0, $1, $2, Int64.self, UInt32.self, rounds: true) })
}

/// Vd = operation(Vd, Vn, the amount).
@inline(__always)
private func shift<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  _ operation: (E, E, Int) -> E
) {
  vector(cpu, slot, limit) { cpu, op in
    let amount = Int(op.ra)
    cpu.lanewise(op, type) { addend, value, _ in (operation(addend, value, amount), false) }
  }
}

/// Vd = operation(Vn, the amount), which may saturate.
@inline(__always)
private func saturatingShift<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type,
  _ operation: (E, Int) -> (value: E, saturated: Bool)
) {
  vector(cpu, slot, limit) { cpu, op in
    let amount = Int(op.ra)
    cpu.lanewise(op, type) { _, value, _ in operation(value, amount) }
  }
}

/// Vd = half of Vn, of twice the size, shifted left.
@inline(__always)
private func longShift<E: NarrowLane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type
) {
  vector(cpu, slot, limit) { cpu, op in
    let amount = Int(op.ra)
    cpu.lengthening(op, type) { _, value, _ in (E.Wide(truncatingIfNeeded: value) << amount, false) }
  }
}

/// Half of Vd = Vn shifted right, the low half of each element.
@inline(__always)
private func narrowShift<E: NarrowLane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type, rounds: Bool = false
) {
  vector(cpu, slot, limit) { cpu, op in
    let amount = Int(op.ra)
    cpu.narrowing(op, E.Wide.self, type) { value, _ in
      (E(truncatingIfNeeded: rounds ? roundingShiftRight(value, amount) : value >> amount), false)
    }
  }
}

/// Half of Vd = Vn shifted right, saturated to half the size.
@inline(__always)
private func saturatingNarrowShift<E: Lane, Narrow: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type, _ narrow: Narrow.Type,
  rounds: Bool = false
) {
  vector(cpu, slot, limit) { cpu, op in
    let amount = Int(op.ra)
    cpu.narrowing(op, type, narrow) { value, _ in
      narrowed(rounds ? roundingShiftRight(value, amount) : value >> amount, to: narrow)
    }
  }
}
