import SoftFloat
import Testing

@Suite("Floating-point arithmetic")
struct ArithmeticTests {
  /// FZ.
  static let flushing = FPCR(rawValue: 1 << 24)

  @Test("A positive denormal that is flushed is not JavaScript's zero, as little as minus zero is")
  func flushedJavaScriptZero() {
    var fpsr = FPSR(rawValue: 0)
    #expect(FP.toFixedJS(0, Self.flushing, &fpsr) == (0, true))
    #expect(fpsr.rawValue == 0)
    #expect(FP.toFixedJS(1, Self.flushing, &fpsr) == (0, false))
    #expect(FP.toFixedJS(1 << 63, Self.flushing, &fpsr) == (0, false))
    #expect(fpsr.rawValue == FPException.inputDenorm.rawValue)
  }

  @Test("An exact result leaves IXC clear by the host's way, too")
  func exactnessIsShown() {
    var fpsr = FPSR(rawValue: 0)
    let (third, three) = ((1.0 / 3).bitPattern, (3.0).bitPattern)
    #expect(UInt64.hostSum(three, three, mayBeInexact: false) == (6.0).bitPattern)
    #expect(UInt64.hostProduct(three, three, mayBeInexact: false) == (9.0).bitPattern)
    #expect(UInt64.hostQuotient((9.0).bitPattern, three, mayBeInexact: false) == three)
    #expect(UInt64.hostSquareRoot((9.0).bitPattern, mayBeInexact: false) == three)
    #expect(UInt64.hostSum(third, three, mayBeInexact: false) == nil)
    #expect(UInt64.hostProduct(third, third, mayBeInexact: false) == nil)
    #expect(UInt64.hostQuotient(three, third, mayBeInexact: false) == nil)
    #expect(UInt64.hostSquareRoot(three, mayBeInexact: false) == nil)
    #expect(FP.mul(third, three, FPCR(rawValue: 0), &fpsr) == (1.0).bitPattern)
    #expect(fpsr.ixc)
  }

  @Test("The host is not asked where its flags would be more than IXC")
  func hostIsNotAsked() {
    let smallest = Double.leastNormalMagnitude.bitPattern
    let largest = Double.greatestFiniteMagnitude.bitPattern
    let justBelowOne = (1.0).bitPattern - 1
    #expect(UInt64.hostProduct(smallest, justBelowOne, mayBeInexact: true) == nil, "tiny before rounding")
    #expect(UInt64.hostProduct(largest, largest, mayBeInexact: true) == nil)
    #expect(UInt64.hostSum(largest, largest, mayBeInexact: true) == nil)
    #expect(UInt64.hostQuotient(largest, 0, mayBeInexact: true) == nil)
    #expect(UInt64.hostSquareRoot((-1.0).bitPattern, mayBeInexact: true) == nil)
    #expect(UInt64.hostSumOfProduct(0, smallest, justBelowOne, mayBeInexact: true) == nil)
    #expect(UInt16.hostSum(0x3c00, 0x3c00, mayBeInexact: true) == nil)
  }

  @Test("Any bits are taken, no cumulative flag is lost, and none has a say in a result")
  func anyBits() throws {
    var random = SplitMix64(state: 1)
    for var oracleCase in try OracleTests.cases() {
      oracleCase.fpcr = FPCR(rawValue: random.next())
      oracleCase.operands = oracleCase.operands.map { _ in random.next() }
      let full = try #require(oracleCase.answer(fpsr: .max))
      let clear = try #require(oracleCase.answer(fpsr: 0))
      #expect(full.fpsr == .max)
      #expect(full.result == clear.result, "\(oracleCase)")
    }
  }
}

/// Steele, Lea and Flood's generator, for cases that are the same each time.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
