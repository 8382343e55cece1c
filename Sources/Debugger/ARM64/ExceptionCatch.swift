import ARM64
import Bits
import CPUEngine
import GDBRemote
import GuestMemory
import Machine

/// `monitor catch`: stops before exceptions are taken.
enum ExceptionCatch {
  static let command = MonitorCommand(
    "catch", "[off | all | KIND…]",
    "stop before exceptions are taken: \(kinds.map(\.name).joined(separator: ", "))"
  ) { context throws(TargetError) in
    try run(context)
  }

  /// Sorts of exceptions by the names that are typed.
  private static let kinds: [(name: String, classes: [ExceptionClass])] = [
    ("undefined", [.unknown, .illegalState]),
    ("svc", [.svc64]),
    ("data-abort", [.dataAbortLower]),
    ("instruction-abort", [.instructionAbortLower]),
    ("alignment", [.pcAlignment, .spAlignment]),
    ("fp", [.vectorAccess]),
    ("sysreg", [.systemRegister, .waitInstruction]),
    ("brk", [.brk64]),
    ("debug", [.breakpointLower, .softwareStepLower, .watchpointLower]),
    ("interrupt", []),
  ]

  private static func run(_ context: MonitorContext) throws(TargetError) -> MonitorReply {
    guard context.debugger.machine.virtualMachine.capabilities.catchesExceptions else {
      throw .failed("this engine takes exceptions by itself; the software CPU stops before them (--accel soft)")
    }
    if !context.arguments.isEmpty { context.debugger.caughtExceptions = try filter(context) }
    return MonitorReply(words(context.debugger.caughtExceptions) + "\n")
  }

  private static func filter(_ context: MonitorContext) throws(TargetError) -> ExceptionFilter {
    var filter = ExceptionFilter()
    if context.arguments == ["off"] { return filter }
    for argument in context.arguments == ["all"] ? kinds.map(\.name) : context.arguments {
      guard let kind = kinds.first(where: { $0.name == argument }) else {
        throw context.usageError("`\(argument)` is no kind of exception")
      }
      filter.classes.formUnion(kind.classes.map(\.rawValue))
      if kind.classes.isEmpty { filter.interrupts = true }
    }
    return filter
  }

  private static func words(_ filter: ExceptionFilter) -> String {
    let names = kinds.filter { kind in
      kind.classes.isEmpty ? filter.interrupts : kind.classes.allSatisfy { filter.classes.contains($0.rawValue) }
    }
    return names.isEmpty
      ? "the guest takes all exceptions without a stop" : "stops before: \(names.map(\.name).joined(separator: ", "))"
  }
}

extension ARM64Support {
  /// What a CPU is about to take, such as `a data abort: write, translation fault, level 2 (address 0x10)`.
  func words(for exception: CaughtException) -> String {
    switch exception.kind {
    case .irq: return "an IRQ"
    case .fiq: return "an FIQ"
    case .synchronous(let syndrome, let address):
      let syndrome = ExceptionSyndrome(rawValue: syndrome)
      let place = syndrome.hasFaultAddress ? " (address \(GuestVirtual(address)))" : ""
      return "an exception, \(syndrome)\(place)"
    }
  }

  func signal(for exception: CaughtException) -> StopSignal {
    guard case .synchronous(let syndrome, _) = exception.kind else { return .user1 }
    return switch ExceptionSyndrome(rawValue: syndrome).exceptionClass {
    case .dataAbortLower, .dataAbortSame, .instructionAbortLower, .instructionAbortSame, .granuleProtection:
      .segmentation
    case .pcAlignment, .spAlignment, .sError: .bus
    case .unknown, .illegalState, .waitInstruction, .systemRegister, .systemRegister128, .mcrCP15, .mcrrCP15, .mcrCP14,
      .mrrcCP14, .ldcCP14, .vmrs, .otherTrapped, .pointerAuthentication, .sveAccess, .smeAccess, .eret,
      .transactionStart:
      .illegal
    case .vectorAccess, .floatingPoint32, .floatingPoint64: .floatingPoint
    case .brk64, .bkpt32, .vectorCatch32, .breakpointLower, .breakpointSame, .softwareStepLower, .softwareStepSame,
      .watchpointLower, .watchpointSame:
      .breakpoint
    case .svc32, .svc64, .hvc32, .hvc64, .smc32, .smc64: .software
    default: .emulation
    }
  }

  func breakpointException(at place: GuestPhysical, _ memory: GuestRAM) -> CaughtException? {
    guard let word: UInt32 = memory.load(at: place),
      case .brk(let immediate)? = ExceptionInstruction(encoding: word)
    else { return nil }
    // IL: the instruction has 32 bits.
    let syndrome = UInt64(ExceptionClass.brk64.rawValue) << 26 | 1 << 25 | UInt64(immediate)
    return CaughtException(kind: .synchronous(syndrome: syndrome, address: 0))
  }

  func catches(_ exception: CaughtException, _ filter: ExceptionFilter) -> Bool {
    guard case .synchronous(let syndrome, _) = exception.kind else { return filter.interrupts }
    return filter.classes.contains(ExceptionSyndrome(rawValue: syndrome).classCode)
  }
}
