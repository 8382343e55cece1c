extension Session {
  /// `Z type,addr,kind` and `z type,addr,kind`: sets or removes a breakpoint or watchpoint.
  mutating func changeBreakpoint(_ packet: inout PacketReader, inserts: Bool) throws(TargetError) {
    guard let breakpoints = target.breakpoints, let kind = breakpointKind(packet.character()) else { return }
    try packet.require(",")
    let address = try packet.number()
    try packet.require(",")
    let length = try packet.number()
    // Conditions and commands were not announced; taking them without obeying them would stop too often.
    guard packet.isAtEnd else { throw .invalid("a breakpoint's conditions and commands are the debugger's to run") }
    if inserts {
      try breakpoints.insertBreakpoint(kind, at: address, length: length, of: selectedThread)
    } else {
      try breakpoints.removeBreakpoint(kind, at: address, length: length, of: selectedThread)
    }
    encoder.append("OK")
  }

  private func breakpointKind(_ type: Unicode.Scalar?) -> BreakpointKind? {
    switch type {
    case "0": .software
    case "1": .hardware
    case "2": .watch(.write)
    case "3": .watch(.read)
    case "4": .watch(.access)
    default: nil
    }
  }
}
