// AES, SHA-1 and SHA-256 (Arm ARM, section C4.1.96, "Cryptographic AES", "Cryptographic three-register SHA" and
// "Cryptographic two-register SHA"; FIPS 197 and FIPS 180-4).
extension DecodeTable {
  static let cryptography: [InstructionPattern] = [
    .cryptographic("AESE", "0100 1110 00 10100 00100 10 nnnnn ddddd", .aes, aese),
    .cryptographic("AESD", "0100 1110 00 10100 00101 10 nnnnn ddddd", .aes, aesd),
    .cryptographic("AESMC", "0100 1110 00 10100 00110 10 nnnnn ddddd", .aes, aesmc),
    .cryptographic("AESIMC", "0100 1110 00 10100 00111 10 nnnnn ddddd", .aes, aesimc),
    .cryptographic("SHA1C", "0101 1110 00 0 mmmmm 0 000 00 nnnnn ddddd", .sha1, sha1c),
    .cryptographic("SHA1P", "0101 1110 00 0 mmmmm 0 001 00 nnnnn ddddd", .sha1, sha1p),
    .cryptographic("SHA1M", "0101 1110 00 0 mmmmm 0 010 00 nnnnn ddddd", .sha1, sha1m),
    .cryptographic("SHA1SU0", "0101 1110 00 0 mmmmm 0 011 00 nnnnn ddddd", .sha1, sha1su0),
    .cryptographic("SHA256H", "0101 1110 00 0 mmmmm 0 100 00 nnnnn ddddd", .sha256, sha256h),
    .cryptographic("SHA256H2", "0101 1110 00 0 mmmmm 0 101 00 nnnnn ddddd", .sha256, sha256h2),
    .cryptographic("SHA256SU1", "0101 1110 00 0 mmmmm 0 110 00 nnnnn ddddd", .sha256, sha256su1),
    .cryptographic("SHA1H", "0101 1110 00 10100 00000 10 nnnnn ddddd", .sha1, sha1h),
    .cryptographic("SHA1SU1", "0101 1110 00 10100 00001 10 nnnnn ddddd", .sha1, sha1su1),
    .cryptographic("SHA256SU0", "0101 1110 00 10100 00010 10 nnnnn ddddd", .sha256, sha256su0),
  ]
}

extension InstructionPattern {
  /// An instruction on Vd, Vn and Vm whole.
  fileprivate static func cryptographic(
    _ name: String, _ bits: StaticString, _ feature: Feature, _ handler: @escaping Handler
  ) -> InstructionPattern {
    InstructionPattern(name, bits, feature) { Slot(handler, $0.vectors(.quadword)) }
  }
}

/// Four words of 32 bits, the lowest first.
private typealias Words = SIMD4<UInt32>

extension CPU {
  @inline(__always) fileprivate func words(_ number: UInt8) -> Words { vector(number).load(as: Words.self) }
}

@inline(__always) private func rotatedLeft(_ value: UInt32, _ amount: UInt32) -> UInt32 {
  value &<< amount | value &>> (32 &- amount)
}

@inline(__always) private func rotatedRight(_ value: UInt32, _ amount: UInt32) -> UInt32 {
  value &>> amount | value &<< (32 &- amount)
}

@inline(__always) private func choose(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 { z ^ (y ^ z) & x }
@inline(__always) private func majority(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 { x & y | (x | y) & z }
@inline(__always) private func parity(_ x: UInt32, _ y: UInt32, _ z: UInt32) -> UInt32 { x ^ y ^ z }

// MARK: - AES

private let aese: Handler = { vector($0, $1, $2) { substituteBytes($0, $1, SubstitutionBox.forward, step: 5) } }
private let aesd: Handler = { vector($0, $1, $2) { substituteBytes($0, $1, SubstitutionBox.inverse, step: 13) } }

/// Adds the round key in Vn to the state in Vd, shifts the rows, and replaces each byte.
///
/// - Parameters:
///   - cpu: the CPU.
///   - op: the operands.
///   - box: what a byte is replaced by.
///   - step: the distance, modulo 16, of the places that two bytes next to each other come from. A byte in row r comes from
///     r columns on: 4 + 1; or, in the inverse, from r columns back: 1 - 4.
@inline(__always)
private func substituteBytes(_ cpu: CPU, _ op: Operands, _ box: ConstantTable<UInt8>, step: UInt8) {
  cpu[v: op.rd] = cpu[v: op.rd] ^ cpu[v: op.rn]
  let result = bytewise { box[Int(cpu.element(op.rd, at: step &* $0 & 15, of: UInt8.self))] }
  cpu.setVector(op, result)
}

private let aesmc: Handler = { vector($0, $1, $2) { $0.setVector($1, mixingColumns($0.words($1.rn))) } }

/// The inverse matrix is the matrix times another one, which adds to each byte four times itself and the one opposite.
private let aesimc: Handler = {
  vector($0, $1, $2) { cpu, op in
    let columns = cpu.words(op.rn)
    cpu.setVector(op, mixingColumns(columns ^ doubled(doubled(columns ^ rotatedRight(columns, 16)))))
  }
}

/// Each column, a word with row 0 in its lowest byte, times the matrix of FIPS 197, 5.1.3.
@inline(__always) private func mixingColumns(_ columns: Words) -> Words {
  let next = rotatedRight(columns, 8)
  return doubled(columns ^ next) ^ next ^ rotatedRight(columns, 16) ^ rotatedRight(columns, 24)
}

@inline(__always) private func rotatedRight(_ columns: Words, _ amount: UInt32) -> Words {
  columns &>> amount | columns &<< (32 &- amount)
}

/// Each byte times x in AES's field (FIPS 197, 4.2.1, `xtime`).
@inline(__always) private func doubled(_ columns: Words) -> Words {
  let carries = columns &>> 7 & 0x0101_0101
  return (columns & 0x7f7f_7f7f) &<< 1 ^ carries &* 0x1b
}

/// AES's S-box and its inverse (FIPS 197, 5.1.1), made by their definition.
private enum SubstitutionBox {
  static let forward = ConstantTable<UInt8>(count: 256) { substitute(UInt8($0)) }

  static let inverse = ConstantTable<UInt8>(count: 256) { byte in
    UInt8((0..<256).first { Int(forward[$0]) == byte } ?? 0)
  }

  /// The inverse in the field, 0 for 0, through an affine map.
  private static func substitute(_ byte: UInt8) -> UInt8 {
    // The field's group has 255 elements, so that the 254th power is the inverse.
    let inverse = (0..<254).reduce(UInt8(1)) { power, _ in product(power, byte) }
    return (1...4).reduce(inverse ^ 0x63) { $0 ^ (inverse << UInt8($1) | inverse >> UInt8(8 - $1)) }
  }

  private static func product(_ left: UInt8, _ right: UInt8) -> UInt8 {
    var (product, power): (UInt8, UInt8) = (0, left)
    for bit in 0..<8 {
      if right >> UInt8(bit) & 1 == 1 { product ^= power }
      power = power << 1 ^ (power >> 7 == 1 ? 0x1b : 0)
    }
    return product
  }
}

// MARK: - SHA-1

private let sha1c: Handler = { vector($0, $1, $2) { hashSHA1($0, $1, choose) } }
private let sha1p: Handler = { vector($0, $1, $2) { hashSHA1($0, $1, parity) } }
private let sha1m: Handler = { vector($0, $1, $2) { hashSHA1($0, $1, majority) } }

/// Four rounds: a to d are in Vd, e is in Vn, and Vm has the schedule's words with the constant added.
@inline(__always)
private func hashSHA1(_ cpu: CPU, _ op: Operands, _ function: (UInt32, UInt32, UInt32) -> UInt32) {
  var state = cpu.words(op.rd)
  var e = cpu.words(op.rn)[0]
  let schedule = cpu.words(op.rm)
  for round in 0..<4 {
    let a = rotatedLeft(state[0], 5) &+ function(state[1], state[2], state[3]) &+ e &+ schedule[round]
    e = state[3]
    state = Words(a, state[0], rotatedLeft(state[1], 30), state[2])
  }
  cpu.setVector(op, state)
}

private let sha1h: Handler = {
  vector($0, $1, $2) { $0.setScalar($1, rotatedLeft($0.words($1.rn)[0], 30)) }
}

private let sha1su0: Handler = {
  vector($0, $1, $2) { cpu, op in
    let (first, second) = (cpu[v: op.rd], cpu[v: op.rn])
    cpu[v: op.rd] = SIMD2(first[1], second[0]) ^ first ^ cpu[v: op.rm]
  }
}

private let sha1su1: Handler = {
  vector($0, $1, $2) { cpu, op in
    let (first, second) = (cpu.words(op.rd), cpu.words(op.rn))
    let sum = first ^ Words(second[1], second[2], second[3], 0)
    cpu.setVector(
      op,
      Words(
        rotatedLeft(sum[0], 1), rotatedLeft(sum[1], 1), rotatedLeft(sum[2], 1),
        rotatedLeft(sum[3], 1) ^ rotatedLeft(sum[0], 2)))
  }
}

// MARK: - SHA-256

private let sha256h: Handler = {
  vector($0, $1, $2) { cpu, op in
    cpu.setVector(op, hashSHA256(cpu.words(op.rd), cpu.words(op.rn), cpu.words(op.rm)).abcd)
  }
}

private let sha256h2: Handler = {
  vector($0, $1, $2) { cpu, op in
    cpu.setVector(op, hashSHA256(cpu.words(op.rn), cpu.words(op.rd), cpu.words(op.rm)).efgh)
  }
}

/// Four rounds, with the schedule's words with the constants added.
@inline(__always)
private func hashSHA256(_ abcd: Words, _ efgh: Words, _ schedule: Words) -> (abcd: Words, efgh: Words) {
  var (x, y) = (abcd, efgh)
  for round in 0..<4 {
    let sum1 = rotatedRight(y[0], 6) ^ rotatedRight(y[0], 11) ^ rotatedRight(y[0], 25)
    let sum0 = rotatedRight(x[0], 2) ^ rotatedRight(x[0], 13) ^ rotatedRight(x[0], 22)
    let t1 = y[3] &+ sum1 &+ choose(y[0], y[1], y[2]) &+ schedule[round]
    let t2 = sum0 &+ majority(x[0], x[1], x[2])
    y = Words(x[3] &+ t1, y[0], y[1], y[2])
    x = Words(t1 &+ t2, x[0], x[1], x[2])
  }
  return (x, y)
}

private let sha256su0: Handler = {
  vector($0, $1, $2) { cpu, op in
    let (first, second) = (cpu.words(op.rd), cpu.words(op.rn))
    let next = Words(first[1], first[2], first[3], second[0])
    var result = first
    for index in 0..<4 {
      let word = next[index]
      result[index] &+= rotatedRight(word, 7) ^ rotatedRight(word, 18) ^ word &>> 3
    }
    cpu.setVector(op, result)
  }
}

private let sha256su1: Handler = {
  vector($0, $1, $2) { cpu, op in
    let (first, second, third) = (cpu.words(op.rd), cpu.words(op.rn), cpu.words(op.rm))
    var result = first &+ Words(second[1], second[2], second[3], third[0])
    for index in 0..<4 {
      let word = index < 2 ? third[index &+ 2] : result[index &- 2]
      result[index] &+= rotatedRight(word, 17) ^ rotatedRight(word, 19) ^ word &>> 10
    }
    cpu.setVector(op, result)
  }
}
