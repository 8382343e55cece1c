import ARM64
import Bits
import CPUEngine
import GuestMemory

/// One CPU of the machine: its context, its tables, and the loop that runs it.
final class SoftCore {
  let index: Int
  let context: UnsafeMutablePointer<CPUContext>
  let memory: GuestRAM
  let code: CodeCache
  unowned let machine: SoftMachine
  let tables: TranslationTables
  /// What the tables are filled from.
  var mainTLB = MainTLB()

  /// The pages that a debugger or the guest has breakpoints or watchpoints in.
  var debug = DebugState()
  /// The access that the board is to answer, and the answers that the instruction has had so far.
  var access = BoardAccess()
  /// IRQ and FIQ as the interrupt controller drives them.
  var irq = false
  var fiq = false
  /// The CPU is to be looked at before its next instruction: an interrupt may be taken.
  var needsAttention = true
  /// The guest's own breakpoints changed: slots with breakpoints are to be set anew when no run is under way.
  var needsRearming = false
  /// No interrupt is taken: a debugger steps.
  var masksInterrupts = false
  /// The time at which a timer's output changes next; follows from the state.
  var nextTimer: UInt64?
  /// The busy time at which a counter of the performance monitors overflows next; follows from the state.
  var nextOverflow: UInt64?
  /// The handler that `Handlers.stop` stands in for at the end of a short run.
  private var stop: (slot: UnsafeMutableRawPointer, handler: Handler)?

  init(index: Int, machine: SoftMachine) {
    self.index = index
    self.machine = machine
    memory = machine.memory
    code = machine.code
    tables = TranslationTables()
    // SAFETY: the memory is the core's own until `deinit`; the core does not move.
    context = .allocate(capacity: 1)
    context.initialize(
      to: CPUContext(
        run: RunState(
          slots: UnsafeMutableRawPointer(context), tables: tables.base, core: Unmanaged.passUnretained(self))))
    precondition(MemoryLayout<CPUState>.offset(of: \.v) == CPUContext.vectorOffset)
    precondition(MemoryLayout<CPUState>.offset(of: \.n) == CPUContext.flagsOffset)
    precondition(MemoryLayout<CPUState>.offset(of: \.overflow) == CPUContext.flagsOffset + 3)
    precondition(MemoryLayout<CPUContext>.offset(of: \.run) == CPUContext.runOffset)
    precondition(MemoryLayout<RunState>.offset(of: \.scratch) == 0)
  }

  deinit { context.deallocate() }

  var cpu: CPU { CPU(UnsafeMutableRawPointer(context)) }

  /// The architectural state; while the CPU does not run it is whole.
  var state: CPUState {
    get { context.pointee.state }
    set {
      context.pointee.state = newValue
      noteStateChange()
    }
  }

  // MARK: Running

  /// Runs slots until the time is up or there is something to do.
  ///
  /// - Parameter count: for how many instructions, 1 or more. It is kept exactly.
  /// - Returns: why it came back; the state is whole.
  func run(_ count: Int) -> RunExit {
    let end = context.pointee.state.time &+ UInt64(count)
    while true {
      // What is taken in place of an instruction counts as one, so that it waits where the time is up.
      let time = context.pointee.state.time
      guard time < end else { return .limit }
      if let nextTimer, nextTimer <= time { fireTimers() }
      let busyTime = context.pointee.state.busyTime
      if let nextOverflow, nextOverflow <= busyTime { setPMU(at: time) }
      if needsAttention {
        needsAttention = false
        selectTables()
        // An instruction in the middle of its accesses is completed first, lest an answer be lost.
        if masksInterrupts || access.isUnderWay {
          needsAttention = true
        } else if catchesInterrupt() {
          needsAttention = true
          return .caught
        } else if takeInterrupt() {
          continue
        }
      }
      if needsRearming {
        needsRearming = false
        machine.rearmBreakpoints()
      }
      let isStepped = context.pointee.state.system.mdscr & 1 != 0 && stepsSoftware
      let isWhole = !access.isUnderWay
      let comparesContexts = !debug.guest.contexts.isEmpty
      guard !(isStepped && isWhole && completesSoftwareStep()), let slot = enterPage(),
        !(comparesContexts && isWhole && hitsGuestContext())
      else {
        if catchesException() { return .caught }
        takeException()
        continue
      }
      let stop = min(end, nextTimer ?? end, nextOverflow.map { time &+ ($0 &- busyTime) } ?? end)
      let exit = runSlots(from: slot, isStepped || comparesContexts || !isWhole ? 1 : Int(clamping: stop &- time))
      if exit != .access { access.finish() }
      if isStepped, exit != .exception { noteSoftwareStep(since: time) }
      switch exit {
      case .limit: break
      // Arm ARM, J1.1.2, `AArch64.BranchAddr`: PC holds no tag.
      case .jump: context.pointee.state.pc = withoutTag(context.pointee.state.pc, for: .instruction)
      case .exception:
        if catchesException() { return .caught }
        if isStepped { noteSoftwareStep(since: time) }
        takeException()
      case .attention: needsAttention = true
      case .access:
        // What the engine has itself is done here too, between two instructions: it may signal an interrupt.
        guard let request = access.pending, let answer = machine.performInternally(request, by: self) else {
          return exit
        }
        access.answer(answer)
      case .caught, .breakpoint, .softwareBreakpoint, .watchpoint, .wait, .firmware: return exit
      }
    }
  }

  /// A page's worth of slots: as far as straight-line code goes past the limit before it looks.
  private static let slack = CodePage.instructionCount * Slot.stride
  /// Puts the limit below any address, so that every branch leaves.
  private static let beyond = 1 << 40
  /// How many instructions go by without a return, at most: an unoptimized build nests a call for each.
  #if DEBUG
    private static let longestRun = 4 * CodePage.instructionCount
  #else
    private static let longestRun = 64 * CodePage.instructionCount
  #endif

  /// Runs slots from one on, at most `count`.
  private func runSlots(from slot: UnsafeMutableRawPointer, _ count: Int) -> RunExit {
    let context = context
    let count = min(count, Self.longestRun)
    let isShort = count <= CodePage.instructionCount
    let bias = isShort ? Self.beyond : Self.slack
    if isShort { setStop(at: slot, count) }
    let limit = Int(bitPattern: slot) &+ count &* Slot.stride &- bias
    context.pointee.run.exit = .limit
    context.pointee.run.limitTime = context.pointee.state.time &+ UInt64(count) &- UInt64(bias / Slot.stride)
    SoftEngine.handler(slot)(UnsafeMutableRawPointer(context), slot, limit)
    if stop != nil { clearStop() }

    let exitSlot = context.pointee.run.exitSlot
    context.pointee.state.time = cpu.time(at: exitSlot, context.pointee.run.exitLimit)
    if context.pointee.run.exit != .jump { context.pointee.state.pc = cpu.address(of: exitSlot) }
    return context.pointee.run.exit
  }

  /// Has the run end `count` instructions on, as far as that is in the page.
  private func setStop(at slot: UnsafeMutableRawPointer, _ count: Int) {
    let page = CodePage(slots: context.pointee.run.pageSlots)
    let index = page.index(of: slot) + count
    guard index < CodePage.instructionCount else { return }
    let place = page.slot(index)
    stop = (place, SoftEngine.handler(place))
    page.setHandler(Handlers.stop, at: index)
  }

  private func clearStop() {
    guard let stop else { return }
    stop.slot.storeBytes(of: stop.handler, as: Handler.self)
    self.stop = nil
  }

  /// Makes a slot be decoded again; memory was stored there.
  func forgetDecoded(_ slot: UnsafeMutableRawPointer) {
    if stop?.slot == slot, !code.isArmed(slot) {
      stop?.handler = Handlers.decode
    } else {
      code.forget(slot)
    }
  }

  /// Finds the slot of the instruction at PC; nil where the fetch raises an exception, which is noted.
  private func enterPage() -> UnsafeMutableRawPointer? {
    let address = context.pointee.state.pc
    let context = context
    guard address & 3 == 0 else {
      cpu.raise(Syndrome.make(.pcAlignment), at: address)
      return nil
    }
    let entry = context.pointee.run.codeTLB + CodeTLB.offset(of: address)
    let page = address & ~0xfff
    if entry.load(as: UInt64.self) != page {
      guard let slots = fetchPage(address) else { return nil }
      entry.storeBytes(of: page, as: UInt64.self)
      entry.storeBytes(of: slots, toByteOffset: 8, as: UnsafeMutableRawPointer.self)
    }
    let slots = entry.load(fromByteOffset: 8, as: UnsafeMutableRawPointer.self)
    context.pointee.run.pageAddress = page
    context.pointee.run.pageSlots = slots
    if context.pointee.state.mode & 1 << 20 != 0 {
      cpu.raise(Syndrome.make(.illegalState))
      return nil
    }
    return slots + Int(address & 0xffc) << 2
  }
}

extension CPU {
  /// The CPU's time before the instruction at a slot, while it runs.
  @inline(__always) func time(at slot: UnsafeMutableRawPointer, _ limit: Int) -> UInt64 {
    run.pointee.limitTime &- UInt64(bitPattern: Int64((limit &- Int(bitPattern: slot)) / Slot.stride))
  }
}
