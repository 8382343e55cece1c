/// The guest as a program that its user runs, kills and runs again (GDB manual, "Connecting", extended-remote).
extension Session {
  /// Whether there is a guest; without one the client can but start it.
  public var hasGuest: Bool { exitStatus == nil }

  /// The guest is gone, and with it the client's breakpoints, which it sets again in the next one.
  mutating func loseGuest(_ status: UInt8) {
    exitStatus = status
    resumedThread = nil
    target.breakpoints?.removeAllBreakpoints()
  }

  /// `!`: the client stays when the guest ends.
  mutating func extendMode() {
    guard target.restarting != nil else { return }
    isExtended = true
    encoder.append("OK")
  }

  /// `k` and `vKill;pid`: ends the guest and, but for a client that may start it again, the session.
  mutating func killGuest(repliesTo: Bool) -> PacketOutcome {
    if repliesTo { encoder.append("OK") }
    guard isExtended else { return repliesTo ? .replyAndEnd(.kill) : .end(.kill) }
    loseGuest(0)
    return repliesTo ? .reply : .noReply
  }

  /// `vRun;filename[;argument]…`: starts the guest with these arguments, or with those it had.
  ///
  /// The filename is not looked at: there is one kernel, and a client names no file of the host's.
  mutating func runGuest(_ packet: inout PacketReader) throws(TargetError) {
    guard isExtended else { return }
    try packet.require(";")
    _ = try packet.hexText(endingAt: ";")
    var arguments: [String] = []
    while packet.skip(";") { arguments.append(try packet.hexText(endingAt: ";")) }
    try restart(arguments: arguments.isEmpty ? nil : arguments)
    appendStopReply(target.lastStop)
  }

  /// `R XX`: starts the guest again; there is no reply to it, not even an error.
  mutating func restartGuest(_ packet: inout PacketReader) throws(TargetError) -> PacketOutcome {
    guard isExtended else { return .reply }
    _ = try packet.number()
    try packet.requireEnd()
    // What it could not do shows in the next packet's answer: there is no guest.
    try? restart(arguments: nil)
    return .noReply
  }

  private mutating func restart(arguments: [String]?) throws(TargetError) {
    guard let restarting = target.restarting else { return }
    do throws(TargetError) { try restarting.restart(arguments: arguments) } catch {
      loseGuest(1)
      throw error
    }
    exitStatus = nil
    hasStartedGuest = true
    resumedThread = nil
    selectedThread = target.currentThread
  }

  /// `vAttach;pid`: why the guest, the only process, is stopped.
  mutating func attachToGuest(_ packet: inout PacketReader) throws(TargetError) {
    guard isExtended else { return }
    try packet.require(";")
    _ = try packet.number()
    try packet.requireEnd()
    reportStop()
  }
}
