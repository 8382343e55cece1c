extension Session {
  /// The most console output that waits, in bytes; when more comes, the oldest goes.
  static let consoleLimit = 0x1_0000
  /// How much text one `O` packet carries, in bytes.
  private static let textPiece = 0x1000

  /// Shows the client what the guest wrote to its console, as soon as the protocol allows it.
  ///
  /// That is while the target runs and the client takes its output; what comes at other times waits.
  public mutating func console(_ text: UnsafeRawBufferPointer) {
    guard state != .ended else { return }
    let newest = UnsafeRawBufferPointer(rebasing: text.suffix(Self.consoleLimit))
    waitingConsole.removeFirst(waitingConsole.count + newest.count - Self.consoleLimit)
    waitingConsole.append(contentsOf: newest)
    if isRunning { sendConsole() }
  }

  /// Sends the console output that waits; past the output's limit only where it cannot wait any longer.
  mutating func sendConsole(ignoringLimit: Bool = false) {
    guard !waitingConsole.isEmpty, ignoringLimit || encoder.count < Self.outputLimit else { return }
    sendText(UnsafeRawBufferPointer(waitingConsole.bytes))
    waitingConsole.removeAll()
  }

  /// Sends `O` packets.
  private mutating func sendText(_ text: UnsafeRawBufferPointer) {
    var rest = text[...]
    while !rest.isEmpty {
      encoder.beginPacket()
      encoder.append("O")
      encoder.append(hex: UnsafeRawBufferPointer(rebasing: rest.prefix(Self.textPiece)))
      encoder.endPacket()
      rest = rest.dropFirst(Self.textPiece)
    }
  }

  /// `qRcmd,hex`: a monitor command, whose text goes out in `O` packets before the reply.
  mutating func runMonitorCommand(_ packet: inout PacketReader) throws(TargetError) -> PacketOutcome {
    guard let monitor = target.monitor else { return .reply }
    try packet.require(",")
    let command = String(decoding: try packet.remainingHex(), as: UTF8.self)
    let result: MonitorReply
    do throws(TargetError) {
      result = try monitor.monitor(command, of: selectedThread)
    } catch  where !client.acceptsErrorMessages {
      // A bare number would be shown as a protocol error; what went wrong is said as the command's own text.
      result = MonitorReply(error.message + "\n")
    }
    encoder.cancelPacket()
    var text = result.text
    text.withUTF8 { sendText(UnsafeRawBufferPointer($0)) }
    encoder.beginPacket()
    encoder.append("OK")
    return result.endsSession ? .replyAndEnd(.kill) : .reply
  }
}
