import ARM64
import Bits
import CPUEngine

/// What a debugger wants of a CPU.
struct DebugState {
  var control = DebugControl.none {
    didSet {
      breakpoints = [:]
      for address in control.breakpoints {
        breakpoints[address.rawValue & ~0xfff, default: []].insert(address.rawValue)
      }
      noteWatchpoints()
    }
  }
  /// What the guest's own debug registers hold.
  var guest = GuestDebug() {
    didSet { noteWatchpoints() }
  }

  private mutating func noteWatchpoints() {
    watchedPages = []
    wideRanges = []
    for watchpoint in control.watchpoints { watch(watchpoint.address.withoutTag.rawValue, watchpoint.length) }
    for (watchpoint, _) in guest.watchpoints { watch(watchpoint.address.rawValue, watchpoint.length) }
  }

  private mutating func watch(_ address: UInt64, _ length: Int) {
    guard length > 0 else { return }
    let first = address >> 12
    let last = (address &+ UInt64(length - 1)) >> 12
    if last >= first, last - first < Self.fewPages {
      for page in first...last { watchedPages.insert(page << 12) }
    } else {
      wideRanges.append((first << 12, last << 12))
    }
  }

  /// A watchpoint on more pages than that is looked for as a range.
  private static let fewPages: UInt64 = 64

  /// The breakpoints by the page that they are in.
  private(set) var breakpoints: [UInt64: Set<UInt64>] = [:]
  private var watchedPages: Set<UInt64> = []
  /// The first and the last page of watchpoints on many; a range may wrap.
  private var wideRanges: [(first: UInt64, last: UInt64)] = []
  /// The watchpoint that was hit last, by its position, and the address that was accessed.
  var hit: (watchpoint: Int, address: UInt64)?

  /// The exception that a run came back before, and where that was: it is taken when the CPU goes on from there.
  var caught: (exception: CaughtException, pc: UInt64, time: UInt64)?

  /// Whether there are watchpoints at all.
  var isWatching: Bool { !watchedPages.isEmpty || !wideRanges.isEmpty }

  func watchesPage(_ page: UInt64) -> Bool {
    return watchedPages.contains(page) || wideRanges.contains { page &- $0.first <= $0.last &- $0.first }
  }

  func watches(_ address: UInt64, _ size: Int) -> Bool {
    watchesPage(address & ~0xfff) || watchesPage((address &+ UInt64(size - 1)) & ~0xfff)
  }
}

extension SoftCore {
  /// Takes the exception of a breakpoint instruction at PC that is not the debugger's.
  func reflect(_ event: DebugEvent) {
    let word = fetchWord(context.pointee.state.pc) ?? 0
    cpu.raise(Syndrome.make(.brk64, UInt64(word[bits: 5...20])))
    takeException()
  }

  /// Whether a debugger is to see the exception that was raised before it is taken.
  ///
  /// The CPU is then before the instruction that raised it.
  func catchesException() -> Bool {
    let syndrome = ExceptionSyndrome(rawValue: context.pointee.run.syndrome)
    guard debug.control.exceptions.classes.contains(syndrome.classCode) else { return false }
    // A call's return address is behind it.
    let isCall = syndrome.exceptionClass == .svc64
    let address = context.pointee.run.faultAddress
    guard
      noteCaught(
        CaughtException(kind: .synchronous(syndrome: raisedSyndrome, address: address)),
        pc: context.pointee.state.pc &- (isCall ? 4 : 0), time: context.pointee.state.time &- (isCall ? 1 : 0))
    else { return false }
    if isCall {
      context.pointee.state.pc &-= 4
      context.pointee.state.time &-= 1
    }
    return true
  }

  /// Whether a debugger is to see an interrupt before it is taken.
  func catchesInterrupt() -> Bool {
    guard debug.control.exceptions.interrupts, let kind = deliverableInterrupt else { return false }
    return noteCaught(CaughtException(kind: kind), pc: context.pointee.state.pc, time: context.pointee.state.time)
  }

  private var deliverableInterrupt: CaughtException.Kind? {
    let mode = PSTATE(rawValue: context.pointee.state.mode)
    if fiq && !mode.masksFIQ { return .fiq }
    return irq && !mode.masksIRQ ? .irq : nil
  }

  /// Notes an exception for the debugger; false where it was told of it already.
  private func noteCaught(_ exception: CaughtException, pc: UInt64, time: UInt64) -> Bool {
    if let caught = debug.caught, caught.pc == pc, caught.time == time, caught.exception == exception {
      debug.caught = nil
      return false
    }
    debug.caught = (exception, pc, time)
    return true
  }

  /// Puts the debugger's breakpoints and the guest's into a page that is about to be executed at an address.
  func armBreakpoints(in page: CodePage, at address: UInt64) {
    for breakpoint in debug.breakpoints[address] ?? [] where breakpoint & 3 == 0 {
      code.arm(page.slot(Int(breakpoint & 0xfff) / 4))
    }
    for breakpoint in debug.guest.breakpoints where breakpoint.address & ~0xfff == address {
      code.arm(page.slot(Int(breakpoint.address & 0xfff) / 4))
    }
  }

  /// What a slot with a breakpoint does: nothing where the debugger wants this CPU to stop there, else its own.
  func handler(atBreakpoint slot: UnsafeMutableRawPointer) -> Handler {
    let address = cpu.address(of: slot)
    if debug.breakpoints[address & ~0xfff]?.contains(address) == true {
      context.pointee.run.exit = .breakpoint
      return Handlers.stop
    }
    if hitsGuestBreakpoint(at: address) { return Handlers.stop }
    return code.handler(under: slot)
  }

  /// Whether an access, by EL0's permissions where it is unprivileged, hits no watchpoint.
  func passWatchpoints(_ pointer: UInt64, _ size: Int, isWrite: Bool, unprivileged: Bool = false) -> Bool {
    guard debug.isWatching else { return true }
    let address = withoutTag(pointer, for: .data)
    guard debug.watches(address, size) else { return true }
    for (position, watchpoint) in debug.control.watchpoints.enumerated() {
      switch watchpoint.access {
      case .read where isWrite, .write where !isWrite: continue
      default: break
      }
      let start = watchpoint.address.withoutTag.rawValue
      guard address &- start < UInt64(watchpoint.length) || start &- address < UInt64(size) else { continue }
      debug.hit = (position, max(address, start))
      context.pointee.run.exit = .watchpoint
      return false
    }
    let level: ExceptionLevel = unprivileged ? .el0 : context.pointee.state.exceptionLevel
    return passGuestWatchpoints(address, size, tag: pointer &- address, isWrite: isWrite, at: level)
  }
}
