extension Session {
  /// The one table of packets, and what answers them.
  ///
  /// The names are those of the GDB manual ("Packets", "General Query Packets"). A packet that is not here gets the
  /// empty reply, which tells the client so.
  mutating func perform(_ packet: inout PacketReader) throws(TargetError) -> PacketOutcome {
    let name = packet.packetName()
    if !hasGuest, Self.asksForGuest(name) { throw .failed("the guest has ended; `run` starts it again") }
    switch name {
    // Memory
    case "m": try readMemory(&packet)
    case "x": try readMemoryBinary(&packet)
    case "M": try writeMemory(&packet)
    case "X": try writeMemoryBinary(&packet)
    case "qCRC": try computeChecksum(&packet)
    case "qSearch": try searchMemory(&packet)
    case "qqemu.PhyMemMode": reportPhysicalMode()
    case "Qqemu.PhyMemMode": try setPhysicalMode(&packet)

    // Registers
    case "g": try readGeneralRegisters(&packet)
    case "G": try writeGeneralRegisters(&packet)
    case "p": try readRegister(&packet)
    case "P": try writeRegister(&packet)

    // Execution
    case "vCont": return .resume(try resumeRequest(&packet))
    case "vCont?": encoder.append("vCont;c;C;s;S;t;r")
    case "c": return .resume(try legacyResumeRequest(&packet, .resume, takesSignal: false))
    case "C": return .resume(try legacyResumeRequest(&packet, .resume, takesSignal: true))
    case "s": return .resume(try legacyResumeRequest(&packet, .step, takesSignal: false))
    case "S": return .resume(try legacyResumeRequest(&packet, .step, takesSignal: true))
    case "?": reportStop()
    case "D":
      encoder.append("OK")
      return .replyAndEnd(.detach)
    case "k": return killGuest(repliesTo: false)
    case "vKill": return killGuest(repliesTo: true)
    case "vRun": try runGuest(&packet)
    case "R": return try restartGuest(&packet)
    case "vAttach": try attachToGuest(&packet)
    case "!": extendMode()

    // Breakpoints
    case "Z": try changeBreakpoint(&packet, inserts: true)
    case "z": try changeBreakpoint(&packet, inserts: false)

    // Threads
    case "H": try selectThread(&packet)
    case "T": try reportLiveness(&packet)
    case "qC": reportSelectedThread()
    case "qfThreadInfo": listThreads()
    case "qsThreadInfo": encoder.append("l")
    case "qThreadExtraInfo": try describeThread(&packet)

    // The session
    case "qSupported": exchangeFeatures(&packet)
    case "QStartNoAckMode": stopAcknowledging()
    case "qXfer": try transfer(&packet)
    case "vFile": try operateOnFile(&packet)
    case "qRcmd": return try runMonitorCommand(&packet)
    case "qAttached": encoder.append(hasStartedGuest ? "0" : "1")
    case "qSymbol": encoder.append("OK")
    case "qGDBServerVersion": reportVersion()
    case "qqemu.Supported": reportQEMUFeatures()
    default: break
    }
    return .reply
  }

  /// Whether a packet is about the guest itself, and has no answer once that is gone.
  private static func asksForGuest(_ name: PacketReader.Name) -> Bool {
    switch name {
    case "m", "x", "M", "X", "qCRC", "qSearch", "g", "G", "p", "P", "vCont", "c", "C", "s", "S", "Z", "z",
      "qC", "qThreadExtraInfo", "vAttach":
      true
    default: false
    }
  }
}
