// How handlers go on. A run is counted without a counter: `limit` moves with every branch by as much as the slot does, so
// that (limit - slot) / 16 is at any time how many instructions may still be executed. Straight-line code does not look at
// it; a taken branch and the end of a page do, and leave when a page's worth of instructions or less is left. The core
// then goes on in short runs that end exactly where they should (`SoftCore.run`).

/// Executes an instruction that cannot fail.
@inline(__always)
func execute(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ body: (CPU, Operands) -> Void
) {
  body(CPU(cpu), operands(slot))
  next(cpu, slot, limit)
}

/// Executes an instruction that may fail: `body` gives false where it has changed nothing and has said why
/// (`CPU.raise`, or a load or store that failed).
@inline(__always)
func attempt(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, _ body: (CPU, Operands) -> Bool
) {
  if body(CPU(cpu), operands(slot)) { next(cpu, slot, limit) } else { leave(cpu, slot, limit) }
}

@inline(__always)
func operands(_ slot: UnsafeMutableRawPointer) -> Operands {
  slot.load(fromByteOffset: 8, as: Operands.self)
}

@inline(__always)
func handler(_ slot: UnsafeMutableRawPointer) -> Handler { slot.load(as: Handler.self) }

/// Goes on at the next slot.
@inline(__always)
func next(_ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int) {
  let slot = slot + Slot.stride
  handler(slot)(cpu, slot, limit)
}

/// Goes on at a slot of the same page, `distance` bytes away.
@inline(__always)
func branch(_ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, by distance: Int) {
  let target = slot + distance
  let limit = limit &+ (distance &- Slot.stride)
  if Int(bitPattern: target) >= limit {
    leave(cpu, target, limit)
  } else {
    handler(target)(cpu, target, limit)
  }
}

/// Goes on at a virtual address, in this page or another.
@inline(__always)
func jump(_ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, to address: UInt64) {
  let run = CPU(cpu).run
  let entry = run.pointee.codeTLB + CodeTLB.offset(of: address)
  // The low bits find misaligned addresses, which no entry has.
  guard address & ~0xffc == entry.load(as: UInt64.self) else {
    leave(cpu, slot, limit, jumpingTo: address)
    return
  }
  let slots = entry.load(fromByteOffset: 8, as: UnsafeMutableRawPointer.self)
  run.pointee.pageAddress = address & ~0xfff
  run.pointee.pageSlots = slots
  let target = slots + Int(truncatingIfNeeded: (address & 0xffc) << 2)
  let limit = limit &+ (target - slot &- Slot.stride)
  if Int(bitPattern: target) >= limit {
    leave(cpu, target, limit)
  } else {
    handler(target)(cpu, target, limit)
  }
}

/// Comes back from the run; `slot` is the first one that was not executed, and the reason is set already or is the limit.
@inline(never)
func leave(_ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int) {
  let run = CPU(cpu).run
  run.pointee.exitSlot = slot
  run.pointee.exitLimit = limit
}

@inline(never)
private func leave(
  _ cpu: UnsafeMutableRawPointer, _ slot: UnsafeMutableRawPointer, _ limit: Int, jumpingTo address: UInt64
) {
  CPU(cpu).state.pointee.pc = address
  CPU(cpu).run.pointee.exit = .jump
  leave(cpu, slot + Slot.stride, limit)
}

/// Comes back from the run after the instruction at `slot`, which is executed.
@inline(never)
func leave(_ cpu: UnsafeMutableRawPointer, after slot: UnsafeMutableRawPointer, _ limit: Int, _ exit: RunExit) {
  CPU(cpu).run.pointee.exit = exit
  leave(cpu, slot + Slot.stride, limit)
}

extension CPU {
  @inline(__always) var run: UnsafeMutablePointer<RunState> {
    (base + CPUContext.runOffset).assumingMemoryBound(to: RunState.self)
  }

  /// The address of the instruction at a slot of the page that is executed.
  @inline(__always) func address(of slot: UnsafeMutableRawPointer) -> UInt64 {
    let run = self.run
    return run.pointee.pageAddress &+ UInt64(truncatingIfNeeded: (slot - run.pointee.pageSlots) >> 2)
  }

  /// Says that the instruction raises an exception; it must have changed nothing and leave.
  ///
  /// - Parameters:
  ///   - syndrome: what ESR_EL1 gets. The class is that of an exception from a lower level, if it has two.
  ///   - address: what FAR_EL1 gets, if the class has an address.
  /// - Returns: false, to be returned by an instruction's body.
  @discardableResult
  func raise(_ syndrome: UInt64, at address: UInt64? = nil) -> Bool {
    let run = self.run
    run.pointee.exit = .exception
    run.pointee.syndrome = syndrome
    if let address { run.pointee.faultAddress = address }
    return false
  }
}
