/// A CPU as handlers see it: the address of its context, without reference counts or checks of exclusivity.
///
/// SAFETY: the context lives as long as the `SoftCore` that owns it, handlers run only inside that core's `run`, and one
/// thread at a time does so.
struct CPU {
  let base: UnsafeMutableRawPointer

  /// What cannot be done at once fails without saying why; then it is tried again by a CPU that is patient.
  ///
  /// Known when handlers are compiled, so that their fast way calls nothing and has no registers to save.
  let isHasty: Bool

  @inline(__always) init(_ base: UnsafeMutableRawPointer, isHasty: Bool = false) {
    self.base = base
    self.isHasty = isHasty
  }

  @inline(__always) var context: UnsafeMutablePointer<CPUContext> { base.assumingMemoryBound(to: CPUContext.self) }

  /// The architectural state; `pc` in it lags behind.
  @inline(__always) var state: UnsafeMutablePointer<CPUState> { base.assumingMemoryBound(to: CPUState.self) }

  /// A general register by its place in `CPUState.x`, 0 up to `RegisterNumber.count`.
  @inline(__always) subscript(x number: UInt8) -> UInt64 {
    get { base.load(fromByteOffset: Int(number) &* 8, as: UInt64.self) }
    nonmutating set { base.storeBytes(of: newValue, toByteOffset: Int(number) &* 8, as: UInt64.self) }
  }

  /// The low half of a general register; what is written clears the high half.
  @inline(__always) subscript(w number: UInt8) -> UInt32 {
    get { base.load(fromByteOffset: Int(number) &* 8, as: UInt32.self) }
    nonmutating set { self[x: number] = UInt64(newValue) }
  }

  /// A vector register, 0 up to 32.
  @inline(__always) subscript(v number: UInt8) -> SIMD2<UInt64> {
    get { vector(number).load(as: SIMD2<UInt64>.self) }
    nonmutating set { vector(number).storeBytes(of: newValue, as: SIMD2<UInt64>.self) }
  }

  /// The 16 bytes of a vector register, 0 up to 32, the lowest lane first.
  @inline(__always) func vector(_ number: UInt8) -> UnsafeMutableRawPointer {
    base + (CPUContext.vectorOffset &+ Int(number) &* 16)
  }
}

/// A CPU's state with what belongs to a run of it; the state comes first.
struct CPUContext {
  var state = CPUState()
  var run: RunState

  /// The place of V0 in the context.
  @inline(__always) static var vectorOffset: Int { RegisterNumber.count * 8 }
  /// The place of N, Z, C and V in the context, a byte each: behind the vector registers and PC.
  @inline(__always) static var flagsOffset: Int { vectorOffset + 32 * 16 + 8 }
  /// The place of `run` in the context.
  @inline(__always) static var runOffset: Int {
    let alignment = MemoryLayout<RunState>.alignment
    return (MemoryLayout<CPUState>.size + alignment - 1) & ~(alignment - 1)
  }
}

/// What a run needs and no instruction can see; it is made anew from the state at any time.
struct RunState {
  /// Where slow accesses put what was read, or find what is written.
  ///
  /// First, so that its place is known.
  var scratch = SIMD2<UInt64>()
  /// The virtual address of the page that is executed, and its first slot.
  var pageAddress: UInt64 = 0
  var pageSlots: UnsafeMutableRawPointer
  /// The table that loads and stores of the current exception level look in, and that of unprivileged ones.
  var dataTLB: UnsafeMutableRawPointer
  var unprivilegedTLB: UnsafeMutableRawPointer
  /// The table that branches to other pages look in.
  var codeTLB: UnsafeMutableRawPointer

  /// Instructions of the floating-point and vector unit are trapped at the current exception level.
  var isVectorTrapped = false
  /// There is something to look at as soon as PSTATE's masks let it: an interrupt, or the guest's software step.
  var awaitsUnmasking = false

  /// `CPUState.time` where the limit is, with the limit's bias (`SoftCore.run`).
  var limitTime: UInt64 = 0
  /// Where the run was left: the first slot that was not executed and the limit that belongs to it.
  var exitSlot: UnsafeMutableRawPointer
  var exitLimit = 0
  /// Why it was left.
  var exit = RunExit.limit
  /// With `exit == .exception`: what ESR_EL1 gets, and FAR_EL1.
  var syndrome: UInt64 = 0
  var faultAddress: UInt64 = 0

  /// The core that the context belongs to.
  let core: Unmanaged<SoftCore>

  init(slots: UnsafeMutableRawPointer, tables: UnsafeMutableRawPointer, core: Unmanaged<SoftCore>) {
    pageSlots = slots
    exitSlot = slots
    dataTLB = tables
    unprivilegedTLB = tables
    codeTLB = tables
    self.core = core
  }
}

/// Why a run of handlers came back.
enum RunExit: UInt8 {
  /// The limit is reached, or whatever is to be asked there.
  case limit
  /// The instruction at the exit slot raises an exception; it has changed nothing.
  case exception
  /// An instruction set `state.pc`; the exit slot is the one behind it.
  case jump
  /// The instruction at the exit slot waits for the board's answer to an access; it has changed nothing.
  case access
  /// An exception that a debugger wants to see is about to be taken at PC (`DebugState.caught`).
  case caught
  /// A debugger's breakpoint is at the exit slot.
  case breakpoint
  /// The breakpoint instruction at the exit slot is the debugger's; it is not executed.
  case softwareBreakpoint
  /// A debugger's watchpoint is hit by the instruction at the exit slot, which has changed nothing.
  case watchpoint
  /// The instruction before the exit slot changed what the core is to look at: masks, interrupts, translation.
  case attention
  /// The instruction before the exit slot makes the CPU wait (`state.wait`).
  case wait
  /// The instruction before the exit slot asks something of the machine (HVC: a PSCI call).
  case firmware
}
