import Architecture

extension Session {
  /// `vCont[;action[:thread-id]]…`: the leftmost action that fits a thread counts.
  mutating func resumeRequest(_ packet: inout PacketReader) throws(TargetError) -> ResumeRequest {
    var clauses: [ResumeRequest.Clause] = []
    while !packet.isAtEnd {
      try packet.require(";")
      let action = try threadAction(&packet)
      var thread: ThreadID?
      if packet.skip(":") {
        switch try threadSelector(&packet) {
        case .all: break
        case .any: thread = selectedThread
        case .one(let one): thread = one
        }
      }
      clauses.append(ResumeRequest.Clause(action, thread))
    }
    let request = ResumeRequest(clauses)
    // The first clause of nearly every packet resumes somebody, which spares the look at each thread.
    guard clauses.first?.action != nil || target.threads.contains(where: { request.action(for: $0) != nil }) else {
      throw .invalid("the packet resumes no thread, and there would never be a stop to report")
    }
    return request
  }

  /// One action; signals are read over, since a CPU takes none.
  private func threadAction(_ packet: inout PacketReader) throws(TargetError) -> ThreadAction? {
    switch packet.character() {
    case "c": return .resume
    case "s": return .step
    case "t": return nil
    case "C":
      _ = try packet.number()
      return .resume
    case "S":
      _ = try packet.number()
      return .step
    case "r":
      let start = try packet.number()
      try packet.require(",")
      let end = try packet.number()
      guard start <= end else { throw .invalid("the range to step in ends before it starts") }
      return .rangeStep(start..<end)
    default: throw .invalid("vCont has an unknown action")
    }
  }

  /// `c [addr]`, `s [addr]`, `C sig[;addr]`, `S sig[;addr]`, for the thread that `Hc` chose.
  ///
  /// A step is of one thread: with none chosen it is the selected one's, and the others run on.
  mutating func legacyResumeRequest(
    _ packet: inout PacketReader, _ action: ThreadAction, takesSignal: Bool
  ) throws(TargetError) -> ResumeRequest {
    if takesSignal { _ = try packet.number() }
    if !packet.isAtEnd {
      if takesSignal { try packet.require(";") }
      let address = try packet.number()
      try packet.requireEnd()
      try setProgramCounter(address, of: resumedThread ?? selectedThread)
    }
    if let resumedThread { return ResumeRequest([.init(action, resumedThread)]) }
    if action == .resume { return ResumeRequest([.init(.resume)]) }
    return ResumeRequest([.init(action, selectedThread), .init(.resume)])
  }

  private mutating func setProgramCounter(_ address: UInt64, of thread: ThreadID) throws(TargetError) {
    let counter = registers.table.programCounter
    guard let size = registers.register(numbered: UInt64(clamping: counter.rawValue))?.size else { return }
    let value = scratch.prepare(size)
    for index in value.indices {
      value[index] = index < 8 ? UInt8(truncatingIfNeeded: address >> UInt64(8 * index)) : 0
    }
    try target.writeRegister(counter, of: thread, from: UnsafeRawBufferPointer(value))
  }

  // MARK: Stop replies

  /// `?`: why the target is stopped.
  ///
  /// A breakpoint that stopped the guest before this client let it run is not this client's, and gdb would silently
  /// resume from a breakpoint that it does not know.
  mutating func reportStop() {
    if let exitStatus {
      appendExit(exitStatus)
      return
    }
    let stop = target.lastStop
    switch stop.reason {
    case .softwareBreakpoint where !hasResumed, .hardwareBreakpoint where !hasResumed,
      .watchpoint where !hasResumed:
      appendStopReply(StopEvent(thread: stop.thread, signal: stop.signal))
    default: appendStopReply(stop)
    }
  }

  /// `T sig thread:…;number:value;…reason;`, or `W status` once the guest is gone (GDB manual, "Stop Reply Packets").
  mutating func appendStopReply(_ stop: StopEvent) {
    if case .exited(let status) = stop.reason {
      appendExit(status)
      return
    }
    selectedThread = stop.thread
    encoder.append("T")
    encoder.append(hexByte: stop.signal.rawValue)
    encoder.append("thread:")
    append(stop.thread)
    encoder.append(";")
    appendReason(stop.reason)
    appendExpeditedRegisters()
  }

  private mutating func appendExit(_ status: UInt8) {
    encoder.append("W")
    encoder.append(hexByte: status)
  }

  private mutating func appendReason(_ reason: StopEvent.Reason) {
    switch reason {
    case .softwareBreakpoint where client.acceptsSoftwareBreakpointReason: encoder.append("swbreak:;")
    case .hardwareBreakpoint where client.acceptsHardwareBreakpointReason: encoder.append("hwbreak:;")
    case .watchpoint(let kind, let address):
      switch kind {
      case .write: encoder.append("watch:")
      case .read: encoder.append("rwatch:")
      case .access: encoder.append("awatch:")
      }
      encoder.append(number: address)
      encoder.append(";")
    case .librariesChanged where target.libraries?.followsLibraries == true: encoder.append("library:;")
    case .signal, .softwareBreakpoint, .hardwareBreakpoint, .librariesChanged, .exited: break
    }
  }

  /// What the client would ask for first; a value that is not known is left out.
  private mutating func appendExpeditedRegisters() {
    for index in registers.table.expedited {
      guard let register = registers.register(numbered: UInt64(clamping: index.rawValue)) else { continue }
      let value = scratch.prepare(register.size)
      guard target.readRegister(index, of: selectedThread, into: value) else { continue }
      encoder.append(number: UInt64(clamping: index.rawValue))
      encoder.append(":")
      encoder.append(hex: UnsafeRawBufferPointer(value))
      encoder.append(";")
    }
  }
}
