import Debugger
import GDBRemote
import Host
import Machine

/// One client: its connection and its session.
final class Client {
  /// How the service of a client ended.
  enum Ending {
    /// It detached: the guest runs on.
    case detached
    /// Its connection broke: the guest stays stopped.
    case vanished
    /// The guest is gone, and the client does not start it again: the process ends with this status.
    case guestEnded(status: Int32)
  }

  private var session: Session
  private let connection: Connection
  private let debugger: Debugger
  private let console: GuestConsole
  private var isGone = false
  /// What is to be said to the client as soon as the guest runs: a session takes it only then.
  private var announcements: [UInt8] = []

  init(_ connection: consuming Connection, debugger: Debugger, console: GuestConsole) {
    self.connection = connection
    self.debugger = debugger
    self.console = console
    session = Session(target: debugger, serverName: "hvgdb", serverVersion: HVGDB.version)
  }

  /// Has a line shown by the client's debugger.
  func announce(_ line: String) { announcements.append(contentsOf: "hvgdb: \(line)\n".utf8) }

  /// Serves the client to the end of its connection.
  ///
  /// - Throws: what broke the machine; the client has been told.
  func serve() throws(MachineError) -> Ending {
    while true {
      let effect = session.next()
      guard connection.send(from: &session) else { return departure(.vanished) }
      switch effect {
      case .awaitInput:
        if case .ended = connection.receive(into: &session) { return departure(.vanished) }
      case .sendOutput, .interrupt: break
      case .resume(let request):
        if let ending = try resume(request) { return ending }
      case .detach: return departure(.detached)
      case .kill: return .guestEnded(status: 0)
      }
    }
  }

  /// How the service ends by a client's leaving: what becomes of a guest, if there is one.
  private func departure(_ ending: Ending) -> Ending {
    session.exitStatus.map { .guestEnded(status: Int32($0)) } ?? ending
  }

  private func resume(_ request: ResumeRequest) throws(MachineError) -> Ending? {
    // The packet that brought us here has signalled this thread, which would end the run at once. What came after it is
    // looked for instead.
    HostThread.discardSignal()
    let event: StopEvent
    if takeInput() {
      event = debugger.interrupted()
    } else {
      do throws(MachineError) { event = try debugger.resume(request, attention: takeInput) } catch {
        announce(error.description)
        tell()
        _ = connection.send(from: &session)
        throw error
      }
    }
    // Whoever is told of the stop finds all that the guest printed before it.
    console.flush()
    tell()
    session.stopped(event)
    if isGone { return departure(.vanished) }
    // Only a client in extended mode has something to do once the guest is gone.
    guard session.hasGuest || session.isExtended else {
      _ = connection.send(from: &session)
      return departure(.vanished)
    }
    return nil
  }

  /// Takes what the client sent while the guest runs; true where the guest shall stop for it.
  private func takeInput() -> Bool {
    tell()
    // One signal may stand for several arrivals, the end of the connection among them.
    var reading = connection.receiveAvailable(into: &session)
    while reading == .bytes { reading = connection.receiveAvailable(into: &session) }
    if reading == .ended {
      isGone = true
      return true
    }
    // Asked whether or not something came: an interrupt may have arrived with the packet that resumed the guest.
    if session.next() == .interrupt { return true }
    if session.outputCount > 0, !connection.send(from: &session) {
      isGone = true
      return true
    }
    return false
  }

  /// Passes announcements and the guest's console on.
  private func tell() {
    if !announcements.isEmpty {
      announcements.withUnsafeBytes { session.console($0) }
      announcements.removeAll(keepingCapacity: true)
    }
    console.takePending { session.console($0) }
  }
}
