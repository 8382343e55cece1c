/// What the driver of a session has to do next.
public enum SessionEffect: Sendable, Equatable {
  /// Every whole packet is answered; more bytes are needed.
  case awaitInput
  /// So much output waits that it shall be sent before another packet is answered.
  case sendOutput
  /// The target shall run; the session is *running* until `stopped(_:)` is called.
  case resume(ResumeRequest)
  /// The client sent Ctrl-C while the target runs; the driver stops it and calls `stopped(_:)`.
  case interrupt
  /// The client lets go of the target, which runs on if it has not ended; the connection ends when the output is sent.
  case detach
  /// The client ends the guest; the connection ends when the output is sent.
  case kill
}

/// One client's session in GDB's remote protocol: bytes in, bytes and effects out.
///
/// It knows no socket and no thread. Its driver passes on what the client sends (`receive`), asks what to do (`next`)
/// until that is `awaitInput`, and sends the output:
///
///     while let bytes = client.read() {
///       session.receive(bytes)
///       repeat { effect = session.next(); perform(effect); client.write(session's output) } while effect != .awaitInput
///     }
///
/// The target is asked only while it is stopped. What the session holds is bounded whatever the client sends; a driver
/// bounds the output too by sending it before it receives more.
public struct Session: ~Copyable {
  /// Where a session stands; Ctrl-C means something while the target runs, packets are answered while it does not.
  enum State {
    /// The target is stopped and the client's packets are answered.
    case idle
    /// The target runs, and the client waits for a stop reply.
    case running
    /// The target runs but was asked to stop.
    case interrupting
    /// The client has detached or killed: nothing is answered any more.
    case ended
  }

  /// The largest packet the client may send, in bytes between `$` and `#`, and what `qSupported` tells it.
  ///
  /// The client sizes its reads by it, too: 128 KiB in hexadecimal, 256 KiB in binary. Larger packets are slower: what
  /// one holds then no longer fits the CPU's nearer caches on its way.
  public static let packetSize = 0x4_0000
  /// The most bytes of a document or a file that one reply carries: escaped, they may become twice as long.
  static let dataLimit = packetSize / 2 - 32
  /// No packet is answered while this much output waits, in bytes.
  static let outputLimit = 0x1_0000

  let target: any DebugTarget
  /// The program's name and version, for `qGDBServerVersion`.
  let serverName: String
  let serverVersion: String

  var state = State.idle
  var decoder = PacketDecoder(maximumPacket: Session.packetSize)
  var encoder = PacketEncoder()
  /// Whether packets are acknowledged by `+` and `-`: until `QStartNoAckMode`.
  var acknowledges = true
  /// What the client understands, by its `qSupported`.
  var client = ClientFeatures()

  /// The thread of register and memory packets (`Hg`).
  var selectedThread: ThreadID
  /// The thread that `c` and `s` are for (`Hc`); nil for all.
  var resumedThread: ThreadID?
  /// Whether this client has let the guest run: before that, no breakpoint that stopped it was this client's.
  var hasResumed = false

  /// Whether the client stays when the guest ends and starts it again (`!`, extended mode).
  public internal(set) var isExtended = false
  /// The status of the guest that is gone; nil while there is one.
  public internal(set) var exitStatus: UInt8?
  /// Whether this client has started the guest, and has not found it.
  var hasStartedGuest = false

  let registers: RegisterLayout
  /// Working space for memory and registers on their way between target and packet.
  var scratch = ByteBuffer()
  /// Console output that waits for the target to run or for room in the output.
  var waitingConsole = ByteBuffer()
  /// The document that `qXfer` reads in pieces.
  var document = TransferDocument()
  /// The files that the client has open.
  var openFiles = OpenFiles()

  /// Starts a session with a client that has just connected; the target is stopped.
  ///
  /// - Parameters:
  ///   - target: what is debugged.
  ///   - serverName: the program's name, for a client that asks.
  ///   - serverVersion: the program's version.
  public init(target: any DebugTarget, serverName: String, serverVersion: String) {
    self.target = target
    self.serverName = serverName
    self.serverVersion = serverVersion
    registers = RegisterLayout(target.registers)
    selectedThread = target.currentThread
  }

  // MARK: Events

  /// Takes bytes that the client sent, split anywhere.
  public mutating func receive(_ bytes: UnsafeRawBufferPointer) { decoder.receive(bytes) }

  /// Answers packets until there is something for the driver to do.
  public mutating func next() -> SessionEffect {
    if decoder.takeRepetitionRequest(), acknowledges { encoder.repeatLastPacket() }
    while true {
      switch state {
      case .idle:
        if encoder.count >= Self.outputLimit { return .sendOutput }
        guard let event = decoder.first else { return .awaitInput }
        let effect = answer(event)
        decoder.removeFirst()
        if let effect { return effect }
      case .running:
        sendConsole()
        guard decoder.takeInterrupt() else { return .awaitInput }
        state = .interrupting
        return .interrupt
      case .interrupting:
        sendConsole()
        _ = decoder.takeInterrupt()
        return .awaitInput
      case .ended:
        return .awaitInput
      }
    }
  }

  /// The target has stopped after `resume` or `interrupt`: the client is told.
  public mutating func stopped(_ event: StopEvent) {
    guard state == .running || state == .interrupting else { return }
    sendConsole(ignoringLimit: true)
    state = .idle
    selectedThread = event.thread
    if case .exited(let status) = event.reason { loseGuest(status) }
    encoder.beginPacket()
    appendStopReply(event)
    encoder.endPacket()
  }

  /// Whether the target runs as far as the client knows.
  public var isRunning: Bool { state == .running || state == .interrupting }

  /// Whether the client has detached or killed.
  public var hasEnded: Bool { state == .ended }

  /// How many bytes of the client's wait to be answered.
  var heldInputCount: Int { decoder.heldCount }

  // MARK: Output

  /// How many bytes wait to be sent.
  public var outputCount: Int { encoder.count }

  /// Calls `body` with the bytes that wait to be sent.
  ///
  /// - Parameter body: what looks at the bytes, which are good for as long as it runs.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws.
  public func withOutput<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(encoder.bytes)
  }

  /// Forgets the first `count` bytes of the output: they are sent.
  public mutating func discardOutput(_ count: Int) { encoder.discard(count) }

  // MARK: Packets

  /// Answers one event of the idle state, and returns what the driver has to do if it is more than sending the answer.
  private mutating func answer(_ event: PacketDecoder.Event) -> SessionEffect? {
    switch event {
    case .interrupt:
      // The target stopped by itself before the client's Ctrl-C arrived: the stop reply is on its way.
      return nil
    case .excessPacket:
      if acknowledges { encoder.appendAcknowledgment(true) }
      reply { _ throws(TargetError) in throw .invalid("the packet is longer than the PacketSize announced") }
      return nil
    case .packet(_, isIntact: false):
      if acknowledges {
        encoder.appendAcknowledgment(false)
      } else {
        reply { _ throws(TargetError) in throw .failed("the packet's checksum is wrong") }
      }
      return nil
    case .packet(_, isIntact: true):
      if acknowledges { encoder.appendAcknowledgment(true) }
      return reply { session throws(TargetError) in
        var packet = PacketReader(session.decoder.firstContents)
        return try session.perform(&packet)
      }
    }
  }

  /// Sends the reply that `body` writes, or the error it throws.
  @discardableResult
  private mutating func reply(
    _ body: (inout Session) throws(TargetError) -> PacketOutcome
  ) -> SessionEffect? {
    encoder.beginPacket()
    do throws(TargetError) {
      switch try body(&self) {
      case .reply:
        encoder.endPacket()
        return nil
      case .replyAndEnd(let effect):
        encoder.endPacket()
        state = .ended
        return effect
      case .noReply:
        encoder.cancelPacket()
        return nil
      case .end(let effect):
        encoder.cancelPacket()
        state = .ended
        return effect
      case .resume(let request):
        encoder.cancelPacket()
        state = .running
        hasResumed = true
        return .resume(request)
      }
    } catch {
      encoder.clearPacket()
      appendError(error)
      encoder.endPacket()
      return nil
    }
  }

  private mutating func appendError(_ error: TargetError) {
    encoder.append("E")
    if client.acceptsErrorMessages {
      encoder.append(".")
      encoder.append(plainText: error.message)
    } else {
      encoder.append(hexByte: error.code)
    }
  }
}

/// What becomes of a packet once it is read.
enum PacketOutcome {
  /// What was appended is the reply, even if that is nothing: then the packet is not supported.
  case reply
  /// The packet is one of those that get no reply.
  case noReply
  /// The reply is the last one.
  case replyAndEnd(SessionEffect)
  /// The session ends without a reply.
  case end(SessionEffect)
  /// The target runs; the reply is the stop that comes of it.
  case resume(ResumeRequest)
}

/// What the client announced in its `qSupported`.
struct ClientFeatures {
  /// Errors may be text.
  var acceptsErrorMessages = false
  /// Stop replies may name a software breakpoint as their reason.
  var acceptsSoftwareBreakpointReason = false
  /// Stop replies may name a hardware breakpoint as their reason.
  var acceptsHardwareBreakpointReason = false
}
