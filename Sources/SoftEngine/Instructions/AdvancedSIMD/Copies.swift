// Elements to and from vectors and general registers (Arm ARM, section C4.1.96, "Advanced SIMD copy", "scalar copy").
extension DecodeTable {
  static let copies: [InstructionPattern] = [
    .copy("DUP (element)", "0Q0 01110000 iiiii 0 0000 1 nnnnn ddddd") { word, element in
      guard element.size < 3 || word.isQuadword else { return nil }
      return Copy.duplicate[element.size].map { Slot($0, word.vectors(ra: element.offset, word.form)) }
    },
    .copy("DUP (scalar)", "010 11110000 iiiii 0 0000 1 nnnnn ddddd") { word, element in
      Copy.toScalar[element.size].map {
        Slot($0, Operands(rd: word.rd, rn: word.rn, ra: element.offset))
      }
    },
    .copy("DUP (general)", "0Q0 01110000 iiiii 0 0001 1 nnnnn ddddd") { word, element in
      guard element.size < 3 || word.isQuadword else { return nil }
      return Copy.duplicateGeneral[element.size].map {
        Slot($0, Operands(rd: word.rd, rn: word.rn.orZero, rm: 0, word.form))
      }
    },
    .copy("SMOV", "0Q0 01110000 iiiii 0 0101 1 nnnnn ddddd") { word, element in
      let handlers = word.isQuadword ? Copy.signedToX : Copy.signedToW
      return handlers[element.size].map {
        Slot($0, Operands(rd: word.rd.orDiscard, rn: word.rn, ra: element.offset))
      }
    },
    .copy("UMOV", "0Q0 01110000 iiiii 0 0111 1 nnnnn ddddd") { word, element in
      // X is for elements of 64 bits alone.
      guard word.isQuadword == (element.size == 3) else { return nil }
      return Copy.unsignedToGeneral[element.size].map {
        Slot($0, Operands(rd: word.rd.orDiscard, rn: word.rn, ra: element.offset))
      }
    },
    .copy("INS (general)", "010 01110000 iiiii 0 0011 1 nnnnn ddddd") { word, element in
      Copy.insertGeneral[element.size].map {
        Slot($0, Operands(rd: word.rd, rn: word.rn.orZero, ra: element.offset))
      }
    },
    .copy("INS (element)", "011 01110000 iiiii 0 jjjj 1 nnnnn ddddd") { word, element in
      // imm4 counts in elements, as imm5 does; its low bits are ignored.
      let source = (word.number(11...14) >> UInt8(element.size)) << UInt8(element.size)
      return Copy.insert[element.size].map {
        Slot($0, Operands(rd: word.rd, rn: word.rn, rm: source, ra: element.offset))
      }
    },
  ]
}

/// An element of a vector register as imm5 names it: its size by the lowest bit that is set, its index by those above.
private struct ElementName {
  /// 0 for 8 bits up to 3 for 64.
  let size: UInt32
  /// The byte where it begins.
  let offset: UInt8

  init?(imm5: UInt32) {
    guard imm5 & 0xf != 0 else { return nil }
    size = UInt32(imm5.trailingZeroBitCount)
    offset = UInt8((imm5 >> (size + 1)) << size)
  }
}

extension InstructionPattern {
  fileprivate static func copy(
    _ name: String, _ bits: StaticString, translate: @escaping @Sendable (InstructionWord, ElementName) -> Slot?
  ) -> InstructionPattern {
    InstructionPattern(name, bits) { word in ElementName(imm5: word[bits: 16...20]).flatMap { translate(word, $0) } }
  }
}

// MARK: - By size of element

/// `ra` is the byte of a vector register where the element begins, that of Vd for INS.
private enum Copy {
  static let duplicate = SizedHandlers(
    b: { splat($0, $1, $2, UInt8.self) }, h: { splat($0, $1, $2, UInt16.self) },
    s: { splat($0, $1, $2, UInt32.self) }, d: { splat($0, $1, $2, UInt64.self) })

  static let duplicateGeneral = SizedHandlers(
    b: { splatGeneral($0, $1, $2, UInt8.self) }, h: { splatGeneral($0, $1, $2, UInt16.self) },
    s: { splatGeneral($0, $1, $2, UInt32.self) }, d: { splatGeneral($0, $1, $2, UInt64.self) })

  static let toScalar = SizedHandlers(
    b: { vector($0, $1, $2) { $0.setScalar($1, $0.element($1.rn, at: $1.ra, of: UInt8.self)) } },
    h: { vector($0, $1, $2) { $0.setScalar($1, $0.element($1.rn, at: $1.ra, of: UInt16.self)) } },
    s: { vector($0, $1, $2) { $0.setScalar($1, $0.element($1.rn, at: $1.ra, of: UInt32.self)) } },
    d: { vector($0, $1, $2) { $0.setScalar($1, $0.element($1.rn, at: $1.ra, of: UInt64.self)) } })

  static let unsignedToGeneral = SizedHandlers(
    b: { vector($0, $1, $2) { $0[x: $1.rd] = UInt64($0.element($1.rn, at: $1.ra, of: UInt8.self)) } },
    h: { vector($0, $1, $2) { $0[x: $1.rd] = UInt64($0.element($1.rn, at: $1.ra, of: UInt16.self)) } },
    s: { vector($0, $1, $2) { $0[x: $1.rd] = UInt64($0.element($1.rn, at: $1.ra, of: UInt32.self)) } },
    d: { vector($0, $1, $2) { $0[x: $1.rd] = $0.element($1.rn, at: $1.ra, of: UInt64.self) } })

  static let signedToW = SizedHandlers(
    b: { vector($0, $1, $2) { $0[w: $1.rd] = signExtended32($0.element($1.rn, at: $1.ra, of: Int8.self)) } },
    h: { vector($0, $1, $2) { $0[w: $1.rd] = signExtended32($0.element($1.rn, at: $1.ra, of: Int16.self)) } })

  static let signedToX = SizedHandlers(
    b: { vector($0, $1, $2) { $0[x: $1.rd] = signExtended64($0.element($1.rn, at: $1.ra, of: Int8.self)) } },
    h: { vector($0, $1, $2) { $0[x: $1.rd] = signExtended64($0.element($1.rn, at: $1.ra, of: Int16.self)) } },
    s: { vector($0, $1, $2) { $0[x: $1.rd] = signExtended64($0.element($1.rn, at: $1.ra, of: Int32.self)) } })

  static let insert = SizedHandlers(
    b: { vector($0, $1, $2) { $0.insert($1, $0.element($1.rn, at: $1.rm, of: UInt8.self)) } },
    h: { vector($0, $1, $2) { $0.insert($1, $0.element($1.rn, at: $1.rm, of: UInt16.self)) } },
    s: { vector($0, $1, $2) { $0.insert($1, $0.element($1.rn, at: $1.rm, of: UInt32.self)) } },
    d: { vector($0, $1, $2) { $0.insert($1, $0.element($1.rn, at: $1.rm, of: UInt64.self)) } })

  static let insertGeneral = SizedHandlers(
    b: { vector($0, $1, $2) { $0.insert($1, UInt8(truncatingIfNeeded: $0[x: $1.rn])) } },
    h: { vector($0, $1, $2) { $0.insert($1, UInt16(truncatingIfNeeded: $0[x: $1.rn])) } },
    s: { vector($0, $1, $2) { $0.insert($1, $0[w: $1.rn]) } }, d: { vector($0, $1, $2) { $0.insert($1, $0[x: $1.rn]) } }
  )
}

extension CPU {
  /// Writes the element of Vd at byte `ra`; the others stay.
  @inline(__always) fileprivate func insert<E: Lane>(_ op: Operands, _ value: E) {
    vector(op.rd).storeBytes(of: value, toByteOffset: Int(op.ra), as: E.self)
  }
}

@inline(__always) private func signExtended32<E: Lane>(_ value: E) -> UInt32 { UInt32(truncatingIfNeeded: value) }
@inline(__always) private func signExtended64<E: Lane>(_ value: E) -> UInt64 { UInt64(truncatingIfNeeded: value) }

@inline(__always)
private func splat<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.setVector(op, E.Vector(repeating: cpu.element(op.rn, at: op.ra, of: type)))
  }
}

@inline(__always)
private func splatGeneral<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type
) {
  vector(cpu, slot, limit) { cpu, op in
    cpu.setVector(op, E.Vector(repeating: E(truncatingIfNeeded: cpu[x: op.rn])))
  }
}
