import Bits

extension ExceptionSyndrome: CustomStringConvertible {
  /// The syndrome in one sentence without a full stop, such as `data abort: write, translation fault, level 2`.
  public var description: String {
    guard let exceptionClass else { return "reserved exception class \(hexadecimal(classCode))" }
    let words = detail.words
    return words.isEmpty ? exceptionClass.description : "\(exceptionClass): \(words.joined(separator: ", "))"
  }
}

extension ExceptionSyndrome.Detail {
  fileprivate var words: [String] {
    switch self {
    case .none: []
    case .immediate(let value): ["immediate \(hexadecimal(value))"]
    case .dataAbort(let abort): abort.words
    case .instructionAbort(let abort): abort.words
    case .watchpoint(let watchpoint): watchpoint.words
    case .softwareStep(let isExclusiveLoad): isExclusiveLoad == true ? ["of a load-exclusive"] : []
    case .systemRegister(let access): [access.words]
    case .wait(let instruction): [instruction.rawValue]
    case .floatingPoint(let exception): exception.conditions
    case .sError(let error): error.words
    case .branchTarget(let type): ["BTYPE \(type)"]
    }
  }
}

extension DataAbort {
  fileprivate var words: [String] {
    var words = [isCacheMaintenance ? "cache maintenance" : isWrite ? "write" : "read"]
    if let access {
      let register = access.register == 31 ? "ZR" : "\(access.register)"
      words[0] += " \(isWrite ? "of" : "to") \(access.is64Bit ? "X" : "W")\(register)"
      words.append("\(access.byteCount) byte\(access.byteCount == 1 ? "" : "s")\(access.isSigned ? " signed" : "")")
      if access.isOrdered { words.append("ordered") }
    }
    words.append(status.description)
    if isOnStage1Walk { words.append("on the stage 1 walk") }
    if isExternal { words.append("external") }
    if !hasAddress { words.append("FAR not valid") }
    return words
  }
}

extension InstructionAbort {
  fileprivate var words: [String] {
    var words = [status.description]
    if isOnStage1Walk { words.append("on the stage 1 walk") }
    if isExternal { words.append("external") }
    if !hasAddress { words.append("FAR not valid") }
    return words
  }
}

extension WatchpointSyndrome {
  fileprivate var words: [String] {
    var words = [isCacheMaintenance ? "cache maintenance" : isWrite ? "write" : "read"]
    if let number { words.append("watchpoint \(number)") }
    if !hasAddress { words.append("FAR not valid") }
    return words
  }
}

extension SystemRegisterAccess {
  /// The instruction as an assembler takes it.
  fileprivate var words: String {
    let general = generalRegister == 31 ? "XZR" : "X\(generalRegister)"
    if register.op0 == 1 {
      let operation = "#\(register.op1), C\(register.crn), C\(register.crm), #\(register.op2)"
      return isRead ? "SYSL \(general), \(operation)" : "SYS \(operation), \(general)"
    }
    return isRead ? "MRS \(general), \(register)" : "MSR \(register), \(general)"
  }
}

extension SErrorSyndrome {
  fileprivate var words: [String] {
    isImplementationDefined ? ["implementation defined"] : severity.map { ["\($0)"] } ?? []
  }
}
