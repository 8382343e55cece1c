import Bits
import CPUEngine
import Glibc
import Host

/// Tries on tiny guests what an engine does for a debugger.
///
/// Each trial has a deadline, so that one which hangs costs its time and no more; one that the engine refuses fails with the engine's
/// own words.
struct Trials {
  let machine: any VirtualMachine
  let kit: any GuestKit
  /// How long one trial may take, in seconds.
  var patience = 5.0
  /// How long a speed is measured, in seconds.
  var measuringTime = 0.2

  /// Makes them all.
  func findings() -> [Finding] {
    debugRegisters() + [
      singleStep(), executeBreakpoints(), kernelWatchpoints(), userWatchpoints(), softwareBreakpoints(),
      guestBreakpoints(), exceptions(), interrupts(), stepsWithoutInterrupts(),
      speed(.kernelSpeed, .kernel), speed(.userSpeed, .user), stepSpeed(),
    ]
  }

  private func debugRegisters() -> [Finding] {
    func count(_ key: Finding.Key, _ count: Int) -> Finding {
      Finding(key: key, outcome: .amount(UInt64(max(0, count)), unit: ""))
    }
    let breakpoints = count(.debugRegisters, breakpointCount)
    guard case .separate(_, let watchpoints) = machine.capabilities.debugRegisters else { return [breakpoints] }
    return [breakpoints, count(.watchpointRegisters, watchpoints)]
  }

  private var breakpointCount: Int {
    switch machine.capabilities.debugRegisters {
    case .shared(let count): count
    case .separate(let breakpoints, _): breakpoints
    case .unlimited: .max
    }
  }

  /// Runs a trial on a program; nil from it means that it works, words say what happened in place of that.
  func outcome(
    _ role: GuestProgram.Role, privilege: GuestPrivilege = .kernel,
    _ trial: (GuestSession) throws(EngineError) -> String?
  ) -> Finding.Outcome {
    result(of: role, privilege: privilege) { session throws(EngineError) in
      try trial(session).map { .fails($0) } ?? .works
    }
  }

  /// Runs a trial on a program in a machine that is as after power-on.
  func result(
    of role: GuestProgram.Role, privilege: GuestPrivilege = .kernel,
    _ trial: (GuestSession) throws(EngineError) -> Finding.Outcome
  ) -> Finding.Outcome {
    do throws(EngineError) {
      try machine.reset()
      return try trial(GuestSession(role, in: machine, kit, privilege: privilege, seconds: patience))
    } catch {
      return .fails(error.description)
    }
  }
}

// MARK: - Debug hardware

extension Trials {
  private func singleStep() -> Finding {
    let result = outcome(.counting) { session throws(EngineError) in
      for index in 1...100 {
        guard let event = try session.step() else { return "no stop after step \(index)" }
        guard event.programCounter == session.address(index) else {
          return "step \(index) ended at \(event.programCounter) and not at \(session.address(index))"
        }
      }
      return nil
    }
    return Finding(key: .singleStep, outcome: result, meaning: "stepi, next and watch cannot be done on this host")
  }

  private func executeBreakpoints() -> Finding {
    let result = outcome(.counting) { session throws(EngineError) in
      var control = DebugControl()
      control.breakpoints = (0..<breakpointCount).map { session.address(2 * $0 + 1) }
      for (index, address) in control.breakpoints.enumerated() {
        guard let event = try session.runToDebugEvent(control) else { return "number \(index) was run over" }
        guard event.breakpoint == index, event.programCounter == address else {
          return "number \(index) stopped the guest at \(event.programCounter)"
        }
        guard try session.step() != nil else { return "number \(index) could not be left by a step" }
      }
      return nil
    }
    return Finding(
      key: .executeBreakpoints, outcome: result, meaning: "hbreak does not stop; break writes instructions into memory")
  }

  private func kernelWatchpoints() -> Finding {
    let result = watchpoints(.kernel)
    return Finding(
      key: .kernelWatchpoints, outcome: result,
      meaning: "watchpoints are done by stepping and comparing: slow, and reads are not seen",
      contradiction: contradiction(
        result, machine.capabilities.watchpointsFire, "hvgdb takes it that watchpoints stop the guest",
        "hvgdb takes it that watchpoints never stop the guest, and steps"))
  }

  private func userWatchpoints() -> Finding {
    Finding(
      key: .userWatchpoints, outcome: watchpoints(.user),
      meaning: "accesses by programs are seen only by stepping and comparing")
  }

  /// Watches a store and then a load.
  private func watchpoints(_ privilege: GuestPrivilege) -> Finding.Outcome {
    outcome(.accessingMemory, privilege: privilege) { session throws(EngineError) in
      for (offset, access) in [(UInt64(0), HardwareWatchpoint.Access.write), (8, .readWrite)] {
        var control = DebugControl()
        control.watchpoints = [HardwareWatchpoint(address: kit.data.wrapping(by: offset), length: 8, access: access)]
        guard let event = try session.runToDebugEvent(control), event.watchpoint == 0 else {
          return access == .write ? "a store was not seen" : "a load was not seen"
        }
      }
      return nil
    }
  }

  private func softwareBreakpoints() -> Finding {
    let result = outcome(.softwareBreakpoint) { session throws(EngineError) in
      var control = DebugControl()
      control.trapsSoftwareBreakpoints = true
      guard let event = try session.runToDebugEvent(control), event.isSoftwareBreakpoint else {
        return "the instruction did not stop the guest"
      }
      return event.programCounter == session.address(1)
        ? nil : "it stopped the guest at \(event.programCounter) and not at \(session.address(1))"
    }
    return Finding(
      key: .softwareBreakpoints, outcome: result,
      meaning: "only as many breakpoints as there are debug registers stop the guest")
  }
}

// MARK: - What the guest sees

extension Trials {
  private func guestBreakpoints() -> Finding {
    Finding(
      key: .guestBreakpoints, outcome: outcome(.softwareBreakpoint, reachesHandler),
      meaning: "a guest that uses breakpoint instructions of its own goes wrong")
  }

  private func exceptions() -> Finding {
    Finding(
      key: .exceptions, outcome: outcome(.undefinedInstruction, reachesHandler),
      meaning: "kernels go wrong at their first fault")
  }

  private func interrupts() -> Finding {
    let result = outcome(.interruptible) { session throws(EngineError) in
      guard try interruptInLoop(session) else { return "the guest did not get to its loop" }
      try session.cpu.setDebug(.none)
      return try reachesHandler(session)
    }
    return Finding(key: .interrupts, outcome: result, meaning: "kernels that wait for a device or a timer hang")
  }

  /// Runs to the loop, past the interrupt controller's initialization, and raises the interrupt line there.
  private func interruptInLoop(_ session: GuestSession) throws(EngineError) -> Bool {
    var control = DebugControl()
    control.breakpoints = [session.address(0)]
    guard try session.runToDebugEvent(control)?.breakpoint == 0 else { return false }
    // The line may still be high from a trial before: a reset of the machine is none of the line's driver.
    try machine.setInterruptLine(kit.interruptLine, asserted: false)
    try machine.setInterruptLine(kit.interruptLine, asserted: true)
    return true
  }

  func reachesHandler(_ session: GuestSession) throws(EngineError) -> String? {
    guard let rung = try session.runToDoorbell() else { return "the guest's handler was not reached" }
    return rung >= kit.handlerMark ? nil : "the guest ran on and its handler was not reached"
  }

  /// Steps with an interrupt pending, and sees that the handler gets it afterwards.
  private func stepsWithoutInterrupts() -> Finding {
    let result = outcome(.interruptible) { session throws(EngineError) in
      guard try interruptInLoop(session) else { return "the guest did not get to its loop" }
      for index in 1...10 {
        guard let event = try session.step(blockingInterrupts: true) else { return "no stop after step \(index)" }
        guard event.programCounter == session.address(index) else { return "step \(index) went into the handler" }
      }
      try session.cpu.setDebug(.none)
      return try session.runToDoorbell() == nil ? "the interrupt was lost" : nil
    }
    return Finding(
      key: .stepsWithoutInterrupts, outcome: result,
      meaning: "a step may end in an interrupt handler; finish brings back",
      contradiction: contradiction(
        result, machine.capabilities.blocksInterruptsWhileStepping,
        "hvgdb takes it that a step is kept from interrupts",
        "hvgdb takes it that a step cannot be kept from interrupts"))
  }

  /// What is assumed, where a trial shows something else.
  private func contradiction(
    _ outcome: Finding.Outcome, _ isAssumed: Bool, _ assumption: String, _ opposite: String
  ) -> String? {
    (outcome == .works) == isAssumed ? nil : isAssumed ? assumption : opposite
  }
}

// MARK: - Speeds

extension Trials {
  func speed(_ key: Finding.Key, _ privilege: GuestPrivilege) -> Finding {
    measured(key, unit: "instructions/s") { () throws(EngineError) in
      let session = try GuestSession(.counting, in: machine, kit, privilege: privilege, seconds: measuringTime)
      if let exit = try session.run() { throw EngineError("the guest came back: \(exit)") }
      return try session.counter &* UInt64(session.program.instructions.count)
    }
  }

  private func stepSpeed() -> Finding {
    measured(.stepSpeed, unit: "steps/s") { () throws(EngineError) in
      let session = try GuestSession(.counting, in: machine, kit, seconds: measuringTime)
      var count: UInt64 = 0
      while try session.step() != nil { count += 1 }
      guard session.isOver else { throw EngineError("step \(count + 1) did not end") }
      return count
    }
  }

  /// How much of something is done in a second.
  private func measured(
    _ key: Finding.Key, unit: String, _ body: () throws(EngineError) -> UInt64
  ) -> Finding {
    do throws(EngineError) {
      try machine.reset()
      let start = HostClock.monotonic.now
      let count = try body()
      let perSecond = 1e9 * Double(count) / max(1, Double(HostClock.monotonic.now &- start))
      return Finding(key: key, outcome: .amount(UInt64(min(perSecond, 1e18)), unit: unit))
    } catch {
      return Finding(key: key, outcome: .notTried(error.description))
    }
  }
}
