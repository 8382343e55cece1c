#if arch(arm64)
  import ARM64
  import Architecture
  import Bits
  import CPUEngine
  import GuestMemory

  // Steps that take no interrupt: the hardware would take a pending one first and stop in its handler. So interrupts are
  // masked for the step, and the guest gets its PSTATE back as if they had not been.
  extension KVMARM64CPU {
    /// Where a page of code is, so that the next step need not walk the tables again.
    struct SteppedPage {
      let start: GuestVirtual
      let physical: GuestPhysical
      let level: ExceptionLevel

      static let size: UInt64 = 4096
    }

    /// Executes one instruction with IRQs and FIQs masked.
    func stepWithoutInterrupts() throws(EngineError) -> Exit {
      let address = GuestVirtual(try value(of: .programCounter))
      let state = PSTATE(rawValue: try value(of: .processState))
      let instruction = try instruction(at: address, in: state).flatMap(InterruptMaskInstruction.init)
      if instruction == .wait, !isInAccess {
        // It may always end at once, and with interrupts masked nothing else might end it.
        let next = address.wrapping(by: 4)
        try setValue(next.rawValue, of: .programCounter)
        return .debug(DebugEvent(programCounter: next, isSingleStep: true))
      }
      if instruction != nil { steppedPage = nil }
      guard !state.masksIRQ || !state.masksFIQ else { return try runFreely() }

      var masked = state
      masked.masksIRQ = true
      masked.masksFIQ = true
      try setValue(masked.rawValue, of: .processState)
      let exit = try runFreely()
      try giveBackMasks(of: state, masked, after: instruction, at: address)
      return exit
    }

    /// Undoes the masking, wherever the instruction has brought it.
    private func giveBackMasks(
      of original: PSTATE, _ masked: PSTATE, after instruction: InterruptMaskInstruction?, at address: GuestVirtual
    ) throws(EngineError) {
      let now = PSTATE(rawValue: try value(of: .processState))
      let next = GuestVirtual(try value(of: .programCounter))
      if try hasEnteredException(from: original, at: next) {
        var saved = PSTATE(rawValue: try systemRegister(.spsrEL1))
        saved.masksIRQ = original.masksIRQ
        saved.masksFIQ = original.masksFIQ
        return try setSystemRegister(.spsrEL1, saved.rawValue)
      }
      // An exit may have come before the instruction was executed.
      let wasExecuted = next != address || now.rawValue != masked.rawValue
      let state = now.unmasked(from: original, after: wasExecuted ? instruction : nil)
      if wasExecuted, case .read(let number) = instruction, number < 31 {
        let value = PSTATE(rawValue: try value(of: .general(number))).unmasked(from: original, after: nil)
        try setValue(value.rawValue, of: .general(number))
      }
      if state != now { try setValue(state.rawValue, of: .processState) }
    }

    /// Whether an exception was taken: the CPU stands at the vector that it takes to EL1.
    private func hasEnteredException(from state: PSTATE, at address: GuestVirtual) throws(EngineError) -> Bool {
      let vector = ExceptionVector(from: state)
      // Most addresses are no vector: the table is 2 KiB long and so aligned.
      guard address.rawValue & 0x7FF == vector.offset else { return false }
      return try systemRegister(.vbarEL1) &+ vector.offset == address.rawValue
    }

    // MARK: The instruction

    /// The A64 instruction at an address; nil where there is none to be read.
    private func instruction(at address: GuestVirtual, in state: PSTATE) throws(EngineError) -> UInt32? {
      guard !state.isAArch32 else { return nil }
      let offset = address.offset(in: SteppedPage.size)
      let start = address.alignedDown(to: SteppedPage.size)
      if let page = steppedPage, page.start == start, page.level == state.exceptionLevel {
        return memory.load(at: page.physical.wrapping(by: offset))
      }
      let context = try translationContext()
      guard
        let place = try? context.translate(
          start, at: state.exceptionLevel, for: .instruction, readPhysical: memory.loadInteger(at:_:))
      else { return nil }
      steppedPage = SteppedPage(start: start, physical: place.physical, level: state.exceptionLevel)
      return memory.load(at: place.physical.wrapping(by: offset))
    }

    private func translationContext() throws(EngineError) -> ARM64TranslationContext {
      let features = TranslationFeatures(
        mmfr0: try systemRegister(.idAA64MMFR0EL1), mmfr1: try systemRegister(.idAA64MMFR1EL1),
        mmfr2: try systemRegister(.idAA64MMFR2EL1),
        // Not every host's KVM knows it.
        mmfr3: (try? systemRegister(.idAA64MMFR3EL1)) ?? 0)
      return try ARM64TranslationContext(features: features, reading: systemRegister)
    }
  }
#endif
