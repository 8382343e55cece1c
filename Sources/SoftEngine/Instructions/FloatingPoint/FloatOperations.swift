import SoftFloat

// What floating-point instructions do with a lane, whatever its format: each operation is a type, so that a handler, which
// cannot capture, can be made for it.

/// An operation on one operand.
protocol UnaryFloatOperation {
  static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F
}

/// An operation on two operands.
protocol BinaryFloatOperation {
  static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F
}

/// An operation on a product and what it is added to.
protocol TernaryFloatOperation {
  static func apply<F: LaneFormat>(_ addend: F, _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F
}

/// An operation on two operands that hosts have, too.
protocol HostBinaryOperation: BinaryFloatOperation {
  /// The result by the host's arithmetic, as `FloatFormat.hostSum`; nil too where it takes a call to show that it is exact.
  static func onHost<F: LaneFormat>(_ a: F, _ b: F, mayBeInexact: Bool) -> F?
}

/// An operation on a product and what it is added to that hosts have, too.
protocol HostTernaryOperation: TernaryFloatOperation {
  /// The result by the host's arithmetic, as `FloatFormat.hostSum`.
  static func onHost<F: LaneFormat>(_ addend: F, _ a: F, _ b: F, mayBeInexact: Bool) -> F?
}

/// The operations, by the names of their instructions.
enum FloatOperation {}

extension LaneFormat {
  /// A truth as instructions that compare give it: all ones, or zero.
  @inline(__always) init(_ truth: Bool) { self = truth ? .max : 0 }
}

// MARK: - Two operands

extension FloatOperation {
  enum Add: HostBinaryOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.add(a, b, fpcr, &fpsr)
    }
    @inline(__always) static func onHost<F: LaneFormat>(_ a: F, _ b: F, mayBeInexact: Bool) -> F? {
      F.hostSum(a, b, mayBeInexact: mayBeInexact)
    }
  }

  enum Subtract: HostBinaryOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.sub(a, b, fpcr, &fpsr)
    }
    @inline(__always) static func onHost<F: LaneFormat>(_ a: F, _ b: F, mayBeInexact: Bool) -> F? {
      F.hostDifference(a, b, mayBeInexact: mayBeInexact)
    }
  }

  /// FABD.
  enum AbsoluteDifference: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.abs(FP.sub(a, b, fpcr, &fpsr))
    }
  }

  enum Multiply: HostBinaryOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.mul(a, b, fpcr, &fpsr)
    }
    @inline(__always) static func onHost<F: LaneFormat>(_ a: F, _ b: F, mayBeInexact: Bool) -> F? {
      mayBeInexact ? F.hostProduct(a, b, mayBeInexact: true) : nil
    }
  }

  /// FNMUL.
  enum MultiplyNegated: HostBinaryOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.neg(FP.mul(a, b, fpcr, &fpsr))
    }
    @inline(__always) static func onHost<F: LaneFormat>(_ a: F, _ b: F, mayBeInexact: Bool) -> F? {
      Multiply.onHost(a, b, mayBeInexact: mayBeInexact).map { FP.neg($0) }
    }
  }

  /// FMULX.
  enum MultiplyExtended: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.mulX(a, b, fpcr, &fpsr)
    }
  }

  enum Divide: HostBinaryOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.div(a, b, fpcr, &fpsr)
    }
    @inline(__always) static func onHost<F: LaneFormat>(_ a: F, _ b: F, mayBeInexact: Bool) -> F? {
      mayBeInexact ? F.hostQuotient(a, b, mayBeInexact: true) : nil
    }
  }

  enum Maximum: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.max(a, b, fpcr, &fpsr)
    }
  }

  enum Minimum: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.min(a, b, fpcr, &fpsr)
    }
  }

  /// FMAXNM.
  enum MaximumNumber: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.maxNum(a, b, fpcr, &fpsr)
    }
  }

  /// FMINNM.
  enum MinimumNumber: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.minNum(a, b, fpcr, &fpsr)
    }
  }

  /// FRECPS.
  enum ReciprocalStep: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.recipStepFused(a, b, fpcr, &fpsr)
    }
  }

  /// FRSQRTS.
  enum ReciprocalSquareRootStep: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.rsqrtStepFused(a, b, fpcr, &fpsr)
    }
  }

  /// FCMEQ.
  enum IsEqual: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(FP.compareEQ(a, b, fpcr, &fpsr))
    }
  }

  /// FCMGE.
  enum IsGreaterOrEqual: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(FP.compareGE(a, b, fpcr, &fpsr))
    }
  }

  /// FCMGT.
  enum IsGreater: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(FP.compareGT(a, b, fpcr, &fpsr))
    }
  }

  /// FACGE.
  enum IsAbsoluteGreaterOrEqual: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(FP.compareGE(FP.abs(a), FP.abs(b), fpcr, &fpsr))
    }
  }

  /// FACGT.
  enum IsAbsoluteGreater: BinaryFloatOperation {
    @inline(__always) static func apply<F: LaneFormat>(_ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(FP.compareGT(FP.abs(a), FP.abs(b), fpcr, &fpsr))
    }
  }
}

// MARK: - Three operands

extension FloatOperation {
  /// FMADD, FMLA.
  enum MultiplyAdd: HostTernaryOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ addend: F, _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.mulAdd(addend, a, b, fpcr, &fpsr)
    }
    @inline(__always)
    static func onHost<F: LaneFormat>(_ addend: F, _ a: F, _ b: F, mayBeInexact: Bool) -> F? {
      F.hostSumOfProduct(addend, a, b, mayBeInexact: mayBeInexact)
    }
  }

  /// FMSUB, FMLS.
  enum MultiplySubtract: HostTernaryOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ addend: F, _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.mulAdd(addend, FP.neg(a), b, fpcr, &fpsr)
    }
    @inline(__always)
    static func onHost<F: LaneFormat>(_ addend: F, _ a: F, _ b: F, mayBeInexact: Bool) -> F? {
      F.hostSumOfProduct(addend, FP.neg(a), b, mayBeInexact: mayBeInexact)
    }
  }

  /// FNMADD.
  enum MultiplyAddNegated: HostTernaryOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ addend: F, _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.mulAdd(FP.neg(addend), FP.neg(a), b, fpcr, &fpsr)
    }
    @inline(__always)
    static func onHost<F: LaneFormat>(_ addend: F, _ a: F, _ b: F, mayBeInexact: Bool) -> F? {
      F.hostSumOfProduct(FP.neg(addend), FP.neg(a), b, mayBeInexact: mayBeInexact)
    }
  }

  /// FNMSUB.
  enum MultiplySubtractNegated: HostTernaryOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ addend: F, _ a: F, _ b: F, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.mulAdd(FP.neg(addend), a, b, fpcr, &fpsr)
    }
    @inline(__always)
    static func onHost<F: LaneFormat>(_ addend: F, _ a: F, _ b: F, mayBeInexact: Bool) -> F? {
      F.hostSumOfProduct(FP.neg(addend), a, b, mayBeInexact: mayBeInexact)
    }
  }
}

// MARK: - One operand

extension FloatOperation {
  enum Absolute: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.abs(operand)
    }
  }

  enum Negate: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.neg(operand)
    }
  }

  enum SquareRoot: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.sqrt(operand, fpcr, &fpsr)
    }
  }

  /// FRINTA, FRINTI, FRINTM, FRINTN, FRINTP and FRINTZ.
  enum RoundToInteger: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.roundInt(operand, control.rounding(fpcr), signalsInexact: false, fpcr, &fpsr)
    }
  }

  /// FRINTX.
  enum RoundToIntegerExactly: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.roundInt(operand, control.rounding(fpcr), signalsInexact: true, fpcr, &fpsr)
    }
  }

  /// FCVTAS, FCVTMS, FCVTNS, FCVTPS and FCVTZS.
  enum ToSigned: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      let integer: F.Signed = FP.toFixed(
        operand, fractionBits: control.fractionBits, control.rounding(fpcr), fpcr, &fpsr)
      return F(truncatingIfNeeded: integer)
    }
  }

  /// FCVTAU, FCVTMU, FCVTNU, FCVTPU and FCVTZU.
  enum ToUnsigned: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.toFixed(operand, fractionBits: control.fractionBits, control.rounding(fpcr), fpcr, &fpsr)
    }
  }

  /// SCVTF.
  enum FromSigned: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.fixedToFP(
        F.Signed(truncatingIfNeeded: operand), fractionBits: control.fractionBits, fpcr.rMode, fpcr, &fpsr)
    }
  }

  /// UCVTF.
  enum FromUnsigned: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.fixedToFP(operand, fractionBits: control.fractionBits, fpcr.rMode, fpcr, &fpsr)
    }
  }

  /// FRECPE.
  enum ReciprocalEstimate: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.recipEstimate(operand, fpcr, &fpsr)
    }
  }

  /// FRSQRTE.
  enum ReciprocalSquareRootEstimate: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.rsqrtEstimate(operand, fpcr, &fpsr)
    }
  }

  /// FRECPX.
  enum ReciprocalExponent: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      FP.recpX(operand, fpcr, &fpsr)
    }
  }

  /// URECPE, of lanes of 32 bits.
  enum UnsignedReciprocalEstimate: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(truncatingIfNeeded: FP.unsignedRecipEstimate(UInt32(truncatingIfNeeded: operand)))
    }
  }

  /// URSQRTE, of lanes of 32 bits.
  enum UnsignedReciprocalSquareRootEstimate: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(truncatingIfNeeded: FP.unsignedRSqrtEstimate(UInt32(truncatingIfNeeded: operand)))
    }
  }

  /// FCMEQ (zero).
  enum IsZero: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(FP.compareEQ(operand, 0, fpcr, &fpsr))
    }
  }

  /// FCMGE (zero).
  enum IsNotNegative: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(FP.compareGE(operand, 0, fpcr, &fpsr))
    }
  }

  /// FCMGT (zero).
  enum IsPositive: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(FP.compareGT(operand, 0, fpcr, &fpsr))
    }
  }

  /// FCMLE (zero).
  enum IsNotPositive: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(FP.compareGE(0, operand, fpcr, &fpsr))
    }
  }

  /// FCMLT (zero).
  enum IsNegative: UnaryFloatOperation {
    @inline(__always)
    static func apply<F: LaneFormat>(_ operand: F, _ control: LaneControl, _ fpcr: FPCR, _ fpsr: inout FPSR) -> F {
      F(FP.compareGT(0, operand, fpcr, &fpsr))
    }
  }
}
