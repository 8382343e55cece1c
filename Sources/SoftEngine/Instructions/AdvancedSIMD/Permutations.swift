// Elements in another order (Arm ARM, section C4.1.96, "Advanced SIMD permute", "extract" and "table lookup").
extension DecodeTable {
  static let permutations: [InstructionPattern] = [
    .vector("UZP1", "0Q0 01110 zz 0 mmmmm 0 001 10 nnnnn ddddd", .uzp1),
    .vector("UZP2", "0Q0 01110 zz 0 mmmmm 0 101 10 nnnnn ddddd", .uzp2),
    .vector("TRN1", "0Q0 01110 zz 0 mmmmm 0 010 10 nnnnn ddddd", .trn1),
    .vector("TRN2", "0Q0 01110 zz 0 mmmmm 0 110 10 nnnnn ddddd", .trn2),
    .zip("ZIP1", "0Q0 01110 zz 0 mmmmm 0 011 10 nnnnn ddddd", takesUpperHalf: false),
    .zip("ZIP2", "0Q0 01110 zz 0 mmmmm 0 111 10 nnnnn ddddd", takesUpperHalf: true),
    InstructionPattern("EXT", "0Q1 01110 00 0 mmmmm 0 iiii 0 nnnnn ddddd") { translateExtractVector($0) },
    InstructionPattern("TBL", "0Q0 01110 00 0 mmmmm 0 ll 0 00 nnnnn ddddd") { word in
      Slot({ lookUp($0, $1, $2, keepsOthers: false) }, word.vectors(ra: (word.number(13...14) + 1) * 16, word.form))
    },
    InstructionPattern("TBX", "0Q0 01110 00 0 mmmmm 0 ll 1 00 nnnnn ddddd") { word in
      Slot({ lookUp($0, $1, $2, keepsOthers: true) }, word.vectors(ra: (word.number(13...14) + 1) * 16, word.form))
    },
  ]
}

extension SizedHandlers {
  fileprivate static let uzp1 = SizedHandlers(
    b: { pairwise($0, $1, $2, UInt8.self) { even, _ in even } },
    h: { pairwise($0, $1, $2, UInt16.self) { even, _ in even } },
    s: { pairwise($0, $1, $2, UInt32.self) { even, _ in even } },
    d: { pairwise($0, $1, $2, UInt64.self) { even, _ in even } })
  fileprivate static let uzp2 = SizedHandlers(
    b: { pairwise($0, $1, $2, UInt8.self) { _, odd in odd } },
    h: { pairwise($0, $1, $2, UInt16.self) { _, odd in odd } },
    s: { pairwise($0, $1, $2, UInt32.self) { _, odd in odd } },
    d: { pairwise($0, $1, $2, UInt64.self) { _, odd in odd } })
  fileprivate static let trn1 = SizedHandlers(
    b: { transpose($0, $1, $2, UInt8.self, part: 0) }, h: { transpose($0, $1, $2, UInt16.self, part: 0) },
    s: { transpose($0, $1, $2, UInt32.self, part: 0) }, d: { transpose($0, $1, $2, UInt64.self, part: 0) })
  fileprivate static let trn2 = SizedHandlers(
    b: { transpose($0, $1, $2, UInt8.self, part: 1) }, h: { transpose($0, $1, $2, UInt16.self, part: 1) },
    s: { transpose($0, $1, $2, UInt32.self, part: 1) }, d: { transpose($0, $1, $2, UInt64.self, part: 1) })
  fileprivate static let zip = SizedHandlers(
    b: { interleave($0, $1, $2, UInt8.self) }, h: { interleave($0, $1, $2, UInt16.self) },
    s: { interleave($0, $1, $2, UInt32.self) }, d: { interleave($0, $1, $2, UInt64.self) })
}

/// Vd = the even (part 0) or odd (part 1) elements of Vn and Vm in turn.
@inline(__always)
private func transpose<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type, part: Int
) {
  vector(cpu, slot, limit) { cpu, op in
    let (first, second) = (cpu.lanes(op.rn, of: type), cpu.lanes(op.rm, of: type))
    var result = E.Vector()
    for index in stride(from: 0, to: E.count, by: 2) {
      result[index] = first[index &+ part]
      result[index &+ 1] = second[index &+ part]
    }
    cpu.setVector(op, result)
  }
}

// MARK: - ZIP

extension InstructionPattern {
  /// ZIP1 or ZIP2.
  ///
  /// `ra` is the byte of the sources where the half begins that is taken.
  fileprivate static func zip(_ name: String, _ bits: StaticString, takesUpperHalf: Bool) -> InstructionPattern {
    InstructionPattern(name, bits) { word in
      let size = word[bits: 22...23]
      guard size < 3 || word.isQuadword, let handler = SizedHandlers.zip[size] else { return nil }
      let half: UInt8 = !takesUpperHalf ? 0 : word.isQuadword ? 8 : 4
      return Slot(handler, word.vectors(ra: half, word.form))
    }
  }
}

/// Vd = the elements of a half of Vn and Vm in turn.
@inline(__always)
private func interleave<E: Lane>(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ type: E.Type
) {
  vector(cpu, slot, limit) { cpu, op in
    let first = cpu.lanes(op.rn, of: type, from: Int(op.ra))
    let second = cpu.lanes(op.rm, of: type, from: Int(op.ra))
    var result = E.Vector()
    for index in 0..<E.count / 2 {
      result[2 &* index] = first[index]
      result[2 &* index &+ 1] = second[index]
    }
    cpu.setVector(op, result)
  }
}

// MARK: - EXT

/// `ra` is the number of bits by which the words are shifted.
private func translateExtractVector(_ word: InstructionWord) -> Slot? {
  let index = word.number(11...14)
  guard word.isQuadword || index < 8 else { return nil }
  let handler: Handler =
    switch (word.isQuadword, index < 8) {
    case (true, true): { extract($0, $1, $2) { n, m in (n[0], n[1], m[0]) } }
    case (true, false): { extract($0, $1, $2) { n, m in (n[1], m[0], m[1]) } }
    default: { extract($0, $1, $2) { n, m in (n[0], m[0], 0) } }
    }
  return Slot(handler, word.vectors(ra: index % 8 * 8, word.form))
}

/// Vd = 128 bits of three words of 64, from bit `ra` on.
@inline(__always)
private func extract(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int,
  _ words: (SIMD2<UInt64>, SIMD2<UInt64>) -> (UInt64, UInt64, UInt64)
) {
  vector(cpu, slot, limit) { cpu, op in
    let (low, middle, high) = words(cpu[v: op.rn], cpu[v: op.rm])
    let amount = UInt64(op.ra)
    // In two steps, as the amount may be 0.
    cpu.setVector(
      op,
      SIMD2(
        low &>> amount | (middle &<< 1) &<< (63 &- amount), middle &>> amount | (high &<< 1) &<< (63 &- amount)))
  }
}

// MARK: - TBL and TBX

/// Looks up bytes in a table of `ra` bytes, in the registers from Vn on.
///
/// V0 follows V31. What is not in the table is 0, or stays.
@inline(__always)
private func lookUp(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, keepsOthers: Bool
) {
  vector(cpu, slot, limit) { cpu, op in
    let result = bytewise { lane in
      let index = cpu.element(op.rm, at: lane, of: UInt8.self)
      let entry = cpu.element((op.rn &+ index >> 4) & 31, at: index & 15, of: UInt8.self)
      let other = keepsOthers ? cpu.element(op.rd, at: lane, of: UInt8.self) : 0
      return index < op.ra ? entry : other
    }
    cpu.setVector(op, result)
  }
}
