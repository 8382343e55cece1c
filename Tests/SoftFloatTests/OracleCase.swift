import SoftFloat

/// An operation with operands, and what an independent implementation answers (see Tests/Oracle/float).
struct OracleCase {
  /// What to compute, such as `convert.d.s`.
  let operation: [Substring]
  var fpcr: FPCR
  var operands: [UInt64]
  let expected: Answer

  struct Answer: Equatable {
    var result: UInt64
    var fpsr: UInt64
  }

  /// Reads a line of `operation FPCR operands… result FPSR`; nil if it is none.
  init?(line: Substring) {
    let words = line.split(separator: " ")
    let numbers = words.dropFirst().compactMap { UInt64($0, radix: 16) }
    guard numbers.count == words.count - 1, (4...6).contains(numbers.count) else { return nil }
    operation = words[0].split(separator: ".")
    fpcr = FPCR(rawValue: numbers[0])
    operands = Array(numbers[1..<(numbers.count - 2)])
    expected = Answer(result: numbers[numbers.count - 2], fpsr: numbers[numbers.count - 1])
  }

  /// What FP answers when FPSR holds `fpsr` already; nil for an operation that it does not have.
  func answer(fpsr initial: UInt64) -> Answer? {
    var fpsr = FPSR(rawValue: initial)
    guard let result = result(&fpsr) else { return nil }
    return Answer(result: result, fpsr: fpsr.rawValue)
  }

  private func result(_ fpsr: inout FPSR) -> UInt64? {
    switch (operation.first, operation.last) {
    case ("toFixed", _): toFixed(&fpsr)
    case ("fixedToFP", _): fixedToFP(&fpsr)
    case ("convert", _): convert(&fpsr)
    case ("convertOdd", _): UInt64(FP.convert(operands[0], .odd, fpcr, &fpsr) as UInt32)
    case ("toFixedJS", _): toFixedJS(&fpsr)
    case ("unsignedRecipEstimate", _): UInt64(FP.unsignedRecipEstimate(operand(0)))
    case ("unsignedRSqrtEstimate", _): UInt64(FP.unsignedRSqrtEstimate(operand(0)))
    case (_, "h"): arithmetic(UInt16.self, &fpsr)
    case (_, "s"): arithmetic(UInt32.self, &fpsr)
    case (_, "d"): arithmetic(UInt64.self, &fpsr)
    default: nil
    }
  }

  private func operand<F: FixedWidthInteger>(_ index: Int) -> F { F(truncatingIfNeeded: operands[index]) }

  private func arithmetic<F: FloatFormat>(_ format: F.Type, _ fpsr: inout FPSR) -> UInt64? {
    let a: F = operand(0)
    let result: F? =
      switch operands.count {
      case 1: unary(a, &fpsr)
      case 2: binary(a, operand(1), &fpsr)
      default: operation[0] == "mulAdd" ? FP.mulAdd(a, operand(1), operand(2), fpcr, &fpsr) : nil
      }
    if let result { return UInt64(result) }
    return operands.count == 2 ? comparison(a, operand(1), &fpsr) : nil
  }

  private func unary<F: FloatFormat>(_ a: F, _ fpsr: inout FPSR) -> F? {
    switch operation[0] {
    case "sqrt": FP.sqrt(a, fpcr, &fpsr)
    case "recipEstimate": FP.recipEstimate(a, fpcr, &fpsr)
    case "rsqrtEstimate": FP.rsqrtEstimate(a, fpcr, &fpsr)
    case "recpX": FP.recpX(a, fpcr, &fpsr)
    case "roundInt": FP.roundInt(a, rounding, signalsInexact: operation[1] == "exact", fpcr, &fpsr)
    default: nil
    }
  }

  private func binary<F: FloatFormat>(_ a: F, _ b: F, _ fpsr: inout FPSR) -> F? {
    switch operation[0] {
    case "add": FP.add(a, b, fpcr, &fpsr)
    case "sub": FP.sub(a, b, fpcr, &fpsr)
    case "mul": FP.mul(a, b, fpcr, &fpsr)
    case "mulX": FP.mulX(a, b, fpcr, &fpsr)
    case "div": FP.div(a, b, fpcr, &fpsr)
    case "max": FP.max(a, b, fpcr, &fpsr)
    case "min": FP.min(a, b, fpcr, &fpsr)
    case "maxNum": FP.maxNum(a, b, fpcr, &fpsr)
    case "minNum": FP.minNum(a, b, fpcr, &fpsr)
    case "recipStepFused": FP.recipStepFused(a, b, fpcr, &fpsr)
    case "rsqrtStepFused": FP.rsqrtStepFused(a, b, fpcr, &fpsr)
    case "compareEQ": FP.compareEQ(a, b, fpcr, &fpsr) ? .max : 0
    case "compareGE": FP.compareGE(a, b, fpcr, &fpsr) ? .max : 0
    case "compareGT": FP.compareGT(a, b, fpcr, &fpsr) ? .max : 0
    default: nil
    }
  }

  private func comparison<F: FloatFormat>(_ a: F, _ b: F, _ fpsr: inout FPSR) -> UInt64? {
    guard operation[0] == "compare" else { return nil }
    let relation = FP.compare(a, b, signalsNaNs: operation[1] == "signaling", fpcr, &fpsr)
    return UInt64(relation.rawValue) << 28
  }

  private func convert(_ fpsr: inout FPSR) -> UInt64? {
    func convert<F: FloatFormat>(_ operand: F, _ fpsr: inout FPSR) -> UInt64? {
      switch operation[2] {
      case "h": UInt64(FP.convert(operand, fpcr.rMode, fpcr, &fpsr) as UInt16)
      case "s": UInt64(FP.convert(operand, fpcr.rMode, fpcr, &fpsr) as UInt32)
      case "d": FP.convert(operand, fpcr.rMode, fpcr, &fpsr)
      default: nil
      }
    }
    return switch operation[1] {
    case "h": convert(operand(0) as UInt16, &fpsr)
    case "s": convert(operand(0) as UInt32, &fpsr)
    case "d": convert(operands[0], &fpsr)
    default: nil
    }
  }

  private func toFixed(_ fpsr: inout FPSR) -> UInt64? {
    guard let fractionBits = Int(operation[4]) else { return nil }
    func toFixed<I: FixedWidthInteger & UnsignedInteger, S: FixedWidthInteger>(
      _ type: I.Type, _ signed: S.Type, _ fpsr: inout FPSR
    ) -> UInt64? {
      func toFixed<F: FloatFormat>(_ operand: F, _ fpsr: inout FPSR) -> UInt64 {
        let result: S = FP.toFixed(operand, fractionBits: fractionBits, rounding, fpcr, &fpsr)
        return UInt64(I(truncatingIfNeeded: result))
      }
      return switch operation[2] {
      case "h": toFixed(operand(0) as UInt16, &fpsr)
      case "s": toFixed(operand(0) as UInt32, &fpsr)
      case "d": toFixed(operands[0], &fpsr)
      default: nil
      }
    }
    return switch operation[3] {
    case "s16": toFixed(UInt16.self, Int16.self, &fpsr)
    case "u16": toFixed(UInt16.self, UInt16.self, &fpsr)
    case "s32": toFixed(UInt32.self, Int32.self, &fpsr)
    case "u32": toFixed(UInt32.self, UInt32.self, &fpsr)
    case "s64": toFixed(UInt64.self, Int64.self, &fpsr)
    case "u64": toFixed(UInt64.self, UInt64.self, &fpsr)
    default: nil
    }
  }

  private func fixedToFP(_ fpsr: inout FPSR) -> UInt64? {
    guard let fractionBits = Int(operation[3]) else { return nil }
    func fixedToFP<I: FixedWidthInteger>(_ type: I.Type, _ fpsr: inout FPSR) -> UInt64? {
      func fixedToFP<F: FloatFormat>(_ format: F.Type, _ fpsr: inout FPSR) -> UInt64 {
        let result: F = FP.fixedToFP(operand(0) as I, fractionBits: fractionBits, fpcr.rMode, fpcr, &fpsr)
        return UInt64(result)
      }
      return switch operation[2] {
      case "h": fixedToFP(UInt16.self, &fpsr)
      case "s": fixedToFP(UInt32.self, &fpsr)
      case "d": fixedToFP(UInt64.self, &fpsr)
      default: nil
      }
    }
    return switch operation[1] {
    case "s16": fixedToFP(Int16.self, &fpsr)
    case "u16": fixedToFP(UInt16.self, &fpsr)
    case "s32": fixedToFP(Int32.self, &fpsr)
    case "u32": fixedToFP(UInt32.self, &fpsr)
    case "s64": fixedToFP(Int64.self, &fpsr)
    case "u64": fixedToFP(UInt64.self, &fpsr)
    default: nil
    }
  }

  private func toFixedJS(_ fpsr: inout FPSR) -> UInt64 {
    let (integer, isExact) = FP.toFixedJS(operands[0], fpcr, &fpsr)
    return UInt64(integer) | (isExact ? 1 << 32 : 0)
  }

  private var rounding: RoundingMode {
    switch operation[1] {
    case "tieEven": .tieEven
    case "plusInfinity": .plusInfinity
    case "minusInfinity": .minusInfinity
    case "zero": .zero
    case "tieAway": .tieAway
    default: fpcr.rMode
    }
  }
}

extension OracleCase: CustomStringConvertible {
  var description: String {
    let numbers = [fpcr.rawValue] + operands + [expected.result, expected.fpsr]
    return ([operation.joined(separator: ".")] + numbers.map { String($0, radix: 16) }).joined(separator: " ")
  }
}
