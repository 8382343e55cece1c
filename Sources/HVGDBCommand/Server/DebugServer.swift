import Debugger
import GDBRemote
import Host
import Logging
import Machine

/// The control thread's loop: serves one client after another and lets the guest run in between.
struct DebugServer {
  private let debugger: Debugger
  private let doorkeeper: Doorkeeper?
  private let console: GuestConsole
  private let logger: Logger
  /// Whether the guest runs while no client is there.
  private var runsAlone: Bool

  /// Makes the server of a machine that stands at its first instruction; without a doorkeeper no client ever comes.
  init(_ debugger: Debugger, doorkeeper: Doorkeeper?, runsAlone: Bool, console: GuestConsole, logger: Logger) {
    self.debugger = debugger
    self.doorkeeper = doorkeeper
    self.runsAlone = runsAlone
    self.console = console
    self.logger = logger
  }

  /// Says a line on standard error, behind what the guest printed before.
  private var tell: (String) -> Void {
    { [console, logger] line in
      console.flush()
      logger.notice("\(line)")
    }
  }

  /// Serves until the guest has ended or a client ended it.
  ///
  /// - Returns: the process's exit status.
  mutating func run() throws(MachineError) -> Int32 {
    while true {
      if let connection = doorkeeper?.takeClient() {
        let status = try serve(connection)
        doorkeeper?.clientLeft()
        if let status { return status }
      } else if runsAlone {
        if let status = try runAlone() { return status }
      } else if doorkeeper == nil {
        // The only client there could be is gone and did not let the guest go on.
        return 0
      } else {
        try debugger.machine.checkLoading()
        HostThread.waitForSignal()
      }
    }
  }

  /// Serves one client to the end of its connection.
  ///
  /// - Returns: the process's exit status where the guest is gone.
  mutating func serve(_ connection: consuming Connection) throws(MachineError) -> Int32? {
    let client = Client(connection, debugger: debugger, console: console)
    let tell = tell
    debugger.announce = { line in
      tell(line)
      client.announce(line)
    }
    debugger.beginSession()
    defer {
      // Whatever way the client went, nothing of it stays behind.
      debugger.endSession()
      debugger.announce = tell
    }
    runsAlone = false
    switch try client.serve() {
    case .detached: runsAlone = true
    case .vanished: break
    case .guestEnded(let status): return status
    }
    return nil
  }

  /// Runs the guest until a client comes, or to its end.
  private mutating func runAlone() throws(MachineError) -> Int32? {
    debugger.announce = tell
    let doorkeeper = doorkeeper
    let event = try debugger.resume(ResumeRequest([.init(.resume)])) { doorkeeper?.hasVisitor == true }
    console.flush()
    switch event.reason {
    case .exited(let status): return Int32(status)
    default:
      if debugger.isGuestAlive || debugger.endIsOrderly { return nil }
      // A guest that died keeps its state for whoever looks; where nobody can there is nothing to wait for.
      runsAlone = false
      return doorkeeper == nil ? 1 : nil
    }
  }
}
