import Testing

@testable import SoftEngine

/// The cryptographic instructions by the examples of the standards that they are for.
@Suite struct CryptographyTests {
  private let machine: VectorMachine

  init() throws { machine = try VectorMachine() }

  /// V0 after an instruction on V0, V1 and V2.
  private func result(_ word: UInt32, _ d: UInt128, _ n: UInt128 = 0, _ m: UInt128 = 0) -> UInt128 {
    (machine[0], machine[1], machine[2]) = (d, n, m)
    machine.execute(word)
    return machine[0]
  }

  // MARK: AES

  /// FIPS 197, appendix B: 128 bits, the first byte the highest.
  private static let key: UInt128 = 0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c
  private static let plain: UInt128 = 0x3243_f6a8_885a_308d_3131_98a2_e037_0734
  private static let cipher: UInt128 = 0x3925_841d_02dc_09fb_dc11_8597_196a_0b32

  private func aese(_ state: UInt128, _ key: UInt128) -> UInt128 { result(0x4e28_4820, state, key) }
  private func aesd(_ state: UInt128, _ key: UInt128) -> UInt128 { result(0x4e28_5820, state, key) }
  private func aesmc(_ state: UInt128) -> UInt128 { result(0x4e28_6800, state) }
  private func aesimc(_ state: UInt128) -> UInt128 { result(0x4e28_7800, state) }

  /// The round keys (FIPS 197, 5.2), in the order of bytes in registers.
  private func roundKeys() -> [UInt128] {
    var words = words(Self.key.byteSwapped)
    var constant: UInt32 = 1
    while words.count < 44 {
      var word = words[words.count - 1]
      if words.count % 4 == 0 {
        // In a state of four equal columns the rows' shift changes nothing.
        let substituted = aese(0x1_0000_0001_0000_0001_0000_0001 * UInt128(word), 0)
        word = rotatedRight(UInt32(truncatingIfNeeded: substituted), 8) ^ constant
        constant = constant << 1 ^ (constant >> 7 == 1 ? 0x11b : 0)
      }
      words.append(words[words.count - 4] ^ word)
    }
    return stride(from: 0, to: 44, by: 4).map { vector(words[$0..<$0 + 4]) }
  }

  @Test func encrypts() {
    let keys = roundKeys()
    var state = Self.plain.byteSwapped
    for key in keys[..<9] { state = aesmc(aese(state, key)) }
    #expect((aese(state, keys[9]) ^ keys[10]).byteSwapped == Self.cipher)
  }

  /// By the equivalent inverse cipher (FIPS 197, 5.3.5).
  @Test func decrypts() {
    let keys = roundKeys()
    var state = aesd(Self.cipher.byteSwapped, keys[10])
    for key in keys[1..<10].reversed() { state = aesd(aesimc(state), aesimc(key)) }
    #expect((state ^ keys[0]).byteSwapped == Self.plain)
  }

  // MARK: SHA

  /// "abc", padded to a block.
  private static let block: [UInt32] = [0x6162_6380] + [UInt32](repeating: 0, count: 14) + [24]

  /// FIPS 180-4, 6.1.
  @Test func hashesBySHA1() {
    let start: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
    var schedule = stride(from: 0, to: 16, by: 4).map { vector(Self.block[$0..<$0 + 4]) }
    for index in 4..<20 {
      let partial = result(0x5e02_3020, schedule[index - 4], schedule[index - 3], schedule[index - 2])
      schedule.append(result(0x5e28_1820, partial, schedule[index - 1]))
    }
    var abcd = vector(start[..<4])
    var e = UInt128(start[4])
    for index in 0..<20 {
      // SHA1C, SHA1P, SHA1M and SHA1P, with the constants of their rounds.
      let (word, constant) =
        [
          (0x5e02_0020, 0x5a82_7999), (0x5e02_1020, 0x6ed9_eba1), (0x5e02_2020, 0x8f1b_bcdc),
          (0x5e02_1020, 0xca62_c1d6),
        ][
          index / 5] as (UInt32, UInt32)
      let next = result(word, abcd, e, adding(schedule[index], constant))
      machine[0] = abcd
      machine.execute(0x5e28_0801)  // SHA1H S1, S0
      e = machine[1]
      abcd = next
    }
    let digest = zip(words(abcd) + [UInt32(truncatingIfNeeded: e)], start).map { $0 &+ $1 }
    #expect(digest == [0xa999_3e36, 0x4706_816a, 0xba3e_2571, 0x7850_c26c, 0x9cd0_d89d])
  }

  /// FIPS 180-4, 6.2.
  @Test func hashesBySHA256() {
    let primes = (2..<312).filter { number in !(2..<number).contains { number % $0 == 0 } }
    let constants = primes.map { UInt32(truncatingIfNeeded: root(3, UInt128($0) << 96)) }
    let start = primes[..<8].map { UInt32(truncatingIfNeeded: root(2, UInt128($0) << 64)) }
    var schedule = stride(from: 0, to: 16, by: 4).map { vector(Self.block[$0..<$0 + 4]) }
    for index in 4..<16 {
      let partial = result(0x5e28_2820, schedule[index - 4], schedule[index - 3])
      schedule.append(result(0x5e02_6020, partial, schedule[index - 2], schedule[index - 1]))
    }
    var (abcd, efgh) = (vector(start[..<4]), vector(start[4...]))
    for index in 0..<16 {
      let sum = vector(zip(words(schedule[index]), constants[(4 * index)...]).map { $0 &+ $1 }[...])
      let next = result(0x5e02_4020, abcd, efgh, sum)
      (machine[0], machine[1], machine[2]) = (abcd, efgh, sum)
      machine.execute(0x5e02_5001)  // SHA256H2 Q1, Q0, V2.4S
      (abcd, efgh) = (next, machine[1])
    }
    let digest = zip(words(abcd) + words(efgh), start).map { $0 &+ $1 }
    #expect(
      digest == [
        0xba78_16bf, 0x8f01_cfea, 0x4141_40de, 0x5dae_2223, 0xb003_61a3, 0x9617_7a9c, 0xb410_ff61, 0xf200_15ad,
      ])
  }

  // MARK: GHASH

  /// The hash of AES-GCM by PMULL (NIST SP 800-38D, 6.4), on test case 2 of its proposal.
  @Test func multipliesInTheFieldOfGHASH() {
    let key: UInt128 = 0x66e9_4bd4_ef8a_2c3b_884c_fa59_ca34_2b2e
    let cipher: UInt128 = 0x0388_dace_60b6_a392_f328_c2b9_71b2_fe78
    let hash = product(product(cipher, key) ^ 128, key)
    #expect(hash == 0xf38c_bb1a_d692_23dc_c345_7ae5_b6b0_f885)
  }

  /// The product modulo x^128 + x^7 + x^2 + x + 1 of polynomials whose lowest coefficient is the highest bit.
  private func product(_ left: UInt128, _ right: UInt128) -> UInt128 {
    let (a, b) = (halves(reversed(left)), halves(reversed(right)))
    let low = pmull(a.low, b.low)
    let middle = halves(pmull(a.low, b.high) ^ pmull(a.high, b.low))
    let high = halves(pmull(a.high, b.high) ^ UInt128(middle.high))
    // The highest 64 bits are folded into the ones below, and then those.
    let folded = halves(pmull(high.high, 0x87))
    let rest = low ^ UInt128(middle.low) << 64 ^ UInt128(folded.low) << 64
    return reversed(rest ^ pmull(high.low ^ folded.high, 0x87))
  }

  private func pmull(_ left: UInt64, _ right: UInt64) -> UInt128 {
    result(0x0ee2_e020, 0, UInt128(left), UInt128(right))
  }

  // MARK: Numbers

  private func halves(_ value: UInt128) -> (low: UInt64, high: UInt64) {
    (UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64))
  }

  private func reversed(_ value: UInt128) -> UInt128 {
    (0..<128).reduce(0) { $0 << 1 | value >> UInt128($1) & 1 }
  }

  /// The 32-bit words of a register, the lowest first.
  private func words(_ value: UInt128) -> [UInt32] {
    (0..<4).map { UInt32(truncatingIfNeeded: value >> UInt128(32 * $0)) }
  }

  private func vector(_ words: ArraySlice<UInt32>) -> UInt128 { words.reversed().reduce(0) { $0 << 32 | UInt128($1) } }

  private func adding(_ value: UInt128, _ constant: UInt32) -> UInt128 {
    vector(words(value).map { $0 &+ constant }[...])
  }

  private func rotatedRight(_ value: UInt32, _ amount: UInt32) -> UInt32 { value >> amount | value << (32 - amount) }

  /// The root of a number, rounded down.
  private func root(_ degree: Int, _ value: UInt128) -> UInt128 {
    (0..<42).reversed().reduce(0) { root, bit in
      let next = root | 1 << UInt128(bit)
      return (0..<degree).reduce(1) { power, _ in power * next } <= value ? next : root
    }
  }
}
