import Foundation
import Testing

/// Words without sense as code, in a state without sense: whatever they do, the process goes on, and does it again alike.
///
/// `HVGDB_TEST_FUZZ` names the count of guests of a long run and `HVGDB_TEST_FUZZ_SEED` the first of them; a guest that
/// goes wrong is told by its seed.
struct FuzzTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let firstSeed = environment["HVGDB_TEST_FUZZ_SEED"].flatMap { UInt64($0) } ?? 0
  private static let guestCount = environment["HVGDB_TEST_FUZZ"].flatMap { UInt64($0) } ?? 24

  @Test("random words at EL1 and EL0, with the MMU on and off, never take the process down")
  func randomWords() throws {
    let guest = try FuzzGuest(cpuCount: 2)
    for offset in 0..<Self.guestCount {
      let seed = Self.firstSeed &+ offset
      if Self.guestCount > 1000, offset % 1000 == 0 { print("fuzz: guest \(seed)") }
      let first = try guest.run(seed: seed)
      #expect(try guest.run(seed: seed) == first, "guest \(seed) did something else the second time")
    }
  }

  @Test("most of the words are instructions")
  func words() {
    var random = FuzzRandom(seed: 1)
    let count = 1000
    let instructions = (0..<count).filter { _ in FuzzGuest.isInstruction(FuzzGuest.word(&random)) }.count
    #expect(instructions > count / 2)
  }
}

/// A generator of the same numbers for the same seed (SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", 2014).
struct FuzzRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  /// A number from 0 up to a bound, which is not 0.
  mutating func below(_ bound: UInt64) -> UInt64 { next() % bound }

  /// True once in so many times.
  mutating func once(in count: UInt64) -> Bool { below(count) == 0 }
}
