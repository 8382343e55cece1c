public import Architecture
public import Bits

/// Why stage 1 has no place for an address, as values: the CPU makes a syndrome of it, the debugger a sentence.
public struct StageOneFault: Error, Hashable, Sendable {
  /// What the CPU would raise.
  public let kind: FaultStatus.Kind
  /// The level of the walk, -1 to 3; 0 where no descriptor was read.
  public let level: Int
  /// What is wrong.
  public let reason: Reason

  /// What is wrong, before the first descriptor or with the last one that was read.
  public enum Reason: Hashable, Sendable {
    /// TCR_EL1.TG0 or TG1 is a reserved encoding.
    case reservedGranule(VARange)
    /// TCR_EL1 asks for a granule that the CPU does not have.
    case missingGranule(VARange, TranslationGranule)
    /// TCR_EL1.T0SZ or T1SZ is outside what the CPU has.
    case sizeOffset(VARange, Int, allowed: ClosedRange<Int>)
    /// The address is outside its half, which has so many bits.
    case outsideHalf(VARange, GuestVirtual, inputBits: Int)
    /// TCR_EL1.EPD0 or EPD1.
    case walksDisabled(VARange)
    /// TCR_EL1.E0PD0 or E0PD1.
    case el0Excluded(VARange)
    /// TTBR0_EL1 or TTBR1_EL1 leads past the physical address's bits.
    case rootPastOutput(VARange, GuestPhysical, outputBits: Int)
    /// Nothing translates, and the address is past the physical address's bits.
    case pastOutput(GuestVirtual, outputBits: Int)
    /// A descriptor has none.
    case descriptor(at: GuestPhysical, index: UInt64, Flaw)
  }

  /// What is wrong with a descriptor; `value` is what it holds.
  public enum Flaw: Hashable, Sendable {
    case outsideMemory
    case invalid(value: UInt64)
    case reserved(value: UInt64)
    case pastOutput(GuestPhysical, outputBits: Int, value: UInt64)
  }

  init(_ kind: FaultStatus.Kind, level: Int = 0, _ reason: Reason) {
    self.kind = kind
    self.level = level
    self.reason = reason
  }

  /// The code for ESR_EL1 and PAR_EL1.
  public var status: FaultStatus {
    // All kinds that a walk has have a code at every level.
    FaultStatus(kind, level: level) ?? FaultStatus(rawValue: 0)
  }
}

extension TranslationFault {
  /// The fault as a sentence.
  public init(_ fault: StageOneFault) {
    switch fault.reason {
    case .reservedGranule, .missingGranule: self.init(fault.reason.description(level: fault.level))
    default:
      self.init("\(fault.reason.description(level: fault.level)): \(FaultStatus.text(fault.kind, level: fault.level))")
    }
  }
}

extension StageOneFault.Reason {
  fileprivate func description(level: Int) -> String {
    switch self {
    case .reservedGranule(let range): "TCR_EL1.TG\(range.number) is reserved, so that no table can be read"
    case .missingGranule(let range, let granule):
      "TCR_EL1.TG\(range.number) asks for \(granule.rawValue) granules, which this CPU does not have"
    case .sizeOffset(let range, let offset, let allowed):
      "TCR_EL1.T\(range.number)SZ is \(offset), and not \(allowed.lowerBound) to \(allowed.upperBound)"
    case .outsideHalf(let range, let address, let inputBits):
      "\(address) is outside the \(inputBits) bits of TCR_EL1.T\(range.number)SZ's \(range.half) half"
    case .walksDisabled(let range): "TCR_EL1.EPD\(range.number) disables walks of the \(range.half) half"
    case .el0Excluded(let range): "TCR_EL1.E0PD\(range.number) keeps EL0 out of the \(range.half) half"
    case .rootPastOutput(let range, let table, let outputBits):
      "TTBR\(range.number)_EL1 leads to \(table), past \(outputBits) bits"
    case .pastOutput(let address, let outputBits):
      "\(address) is past the \(outputBits) bits of a physical address, with the MMU off"
    case .descriptor(let place, let index, let flaw):
      "level \(level) descriptor \(index) at \(place) \(flaw.description)"
    }
  }
}

extension StageOneFault.Flaw {
  fileprivate var description: String {
    switch self {
    case .outsideMemory: "lies outside memory"
    case .invalid(let value): "is invalid (\(hexadecimal(value)))"
    case .reserved(let value): "is a block where this level has none (\(hexadecimal(value)))"
    case .pastOutput(let target, let outputBits, let value):
      "leads to \(target), past \(outputBits) bits (\(hexadecimal(value)))"
    }
  }
}

extension VARange {
  /// The digit in the names of what belongs to the half.
  fileprivate var number: Int { self == .lower ? 0 : 1 }
  fileprivate var half: String { self == .lower ? "lower" : "upper" }
}
