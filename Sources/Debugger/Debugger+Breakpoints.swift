import Bits
import CPUEngine
public import GDBRemote
import Machine

extension HardwareWatchpoint.Access {
  /// The accesses that a client's watchpoint is hit by.
  init(_ kind: WatchKind) {
    switch kind {
    case .read: self = .read
    case .write: self = .write
    case .access: self = .readWrite
    }
  }
}

extension Debugger: BreakpointTarget {
  /// Notes a breakpoint or watchpoint; it is placed when the guest goes on.
  public func insertBreakpoint(
    _ kind: BreakpointKind, at address: UInt64, length: UInt64, of thread: ThreadID
  ) throws(TargetError) {
    var wanted = placements
    let address = GuestVirtual(address)
    switch kind {
    case .software:
      try checkAlignment(address)
      wanted.insert(software: address)
      guard wanted.software.count <= Breakpoints.limit else {
        throw .exhausted("there are \(Breakpoints.limit) breakpoints already: delete some")
      }
    case .hardware:
      try checkAlignment(address)
      wanted.insert(hardware: address)
    case .watch(let watchKind):
      guard length > 0, address.advanced(by: length - 1) != nil else {
        throw .invalid("a watchpoint watches at least one byte and ends inside the address space")
      }
      try checkComparable(watchKind, length)
      wanted.insert(Breakpoints.Watch(kind: watchKind, address: address, count: length))
    }
    guard fitsDebugRegisters(wanted) else {
      throw .exhausted("the CPU's debug registers are used up: it has \(registersInWords)")
    }
    placements = wanted
  }

  /// Forgets a breakpoint or watchpoint.
  public func removeBreakpoint(
    _ kind: BreakpointKind, at address: UInt64, length: UInt64, of thread: ThreadID
  ) throws(TargetError) {
    let address = GuestVirtual(address)
    switch kind {
    case .software: placements.remove(software: address)
    case .hardware: placements.remove(hardware: address)
    case .watch(let kind): placements.remove(Breakpoints.Watch(kind: kind, address: address, count: length))
    }
  }

  /// Forgets all breakpoints and watchpoints.
  public func removeAllBreakpoints() { placements.removeAll() }

  /// The debug registers that a watch takes; none where they do not fire and the debugger compares by itself.
  func hardwarePieces(of watch: Breakpoints.Watch) -> [HardwareWatchpoint]? {
    let capabilities = machine.virtualMachine.capabilities
    guard capabilities.watchpointsFire else { return [] }
    if capabilities.debugRegisters == .unlimited {
      let access = HardwareWatchpoint.Access(watch.kind)
      return [HardwareWatchpoint(address: watch.address, length: Int(clamping: watch.count), access: access)]
    }
    return support.pieces(watching: watch.address, count: watch.count, for: watch.kind)
  }

  private func fitsDebugRegisters(_ wanted: Breakpoints) -> Bool {
    var watchpoints = 0
    for watch in wanted.watches {
      guard let pieces = hardwarePieces(of: watch) else { return false }
      watchpoints += pieces.count
    }
    return machine.virtualMachine.capabilities.debugRegisters
      .fits(breakpoints: wanted.hardware.count, watchpoints: watchpoints)
  }

  private var registersInWords: String {
    switch machine.virtualMachine.capabilities.debugRegisters {
    case .shared(let count): "\(count) for breakpoints and aligned pieces of watched data together"
    case .separate(let breakpoints, let watchpoints):
      "\(breakpoints) for breakpoints and \(watchpoints) for watched data"
    case .unlimited: "as many as one wants"
    }
  }

  private func checkAlignment(_ address: GuestVirtual) throws(TargetError) {
    guard address.offset(in: support.instructionAlignment) == 0 else {
      throw .invalid("no instruction starts at \(address), which is no multiple of \(support.instructionAlignment)")
    }
  }

  /// Refuses what stepping and comparing cannot see.
  private func checkComparable(_ kind: WatchKind, _ length: UInt64) throws(TargetError) {
    guard !machine.virtualMachine.capabilities.watchpointsFire else { return }
    guard kind == .write else {
      throw .invalid(
        "data accesses are not reported here; only a write watchpoint can be had, by comparing after each step")
    }
    guard length <= ComparedMemory.limit else {
      throw .invalid("at most \(ComparedMemory.limit) bytes can be compared after each step")
    }
  }
}
