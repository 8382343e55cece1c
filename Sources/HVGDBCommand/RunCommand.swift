import Architecture
import ArgumentParser
import Debugger
import Glibc
import Host
import KernelImage
import Logging
import Machine
import SoftEngine

/// Which CPU engine runs the guest: the argument of `--accel`.
enum EngineChoice: String, Sendable, CaseIterable, ExpressibleByArgument {
  case auto
  case kvm
  case soft
}

/// `hvgdb --kernel FILE …`: boots a kernel and serves a debugger.
struct RunCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "run", abstract: "Boot a kernel and serve a debugger (the default).")
  }

  @Option(
    help: ArgumentHelp(
      "The kernel image: a bzImage, an arm64 Image or EFI zboot image, an ELF vmlinux, or raw code.", valueName: "file")
  )
  var kernel: String

  @Option(
    help: ArgumentHelp(
      "Where a debugger connects: :PORT, HOST:PORT, unix:PATH or stdio (default: :1234 unless --no-wait is given).",
      valueName: "address"))
  var listen: ListenAddress?

  @Option(help: ArgumentHelp("The initial RAM disk.", valueName: "file"))
  var initrd: String?

  @Option(help: ArgumentHelp("The kernel's command line.", valueName: "string"))
  var append: String = ""

  @Option(help: ArgumentHelp("The guest's memory, such as 512M or 2G.", valueName: "size"))
  var memory = MemorySize(mebibytes: 512)

  @Option(help: ArgumentHelp("How many CPUs the guest has.", valueName: "count"))
  var cpus = 1

  @Option(help: "The CPU engine: auto, kvm or soft.")
  var accel = EngineChoice.auto

  @Option(
    help: ArgumentHelp(
      "How many instructions of the software CPU are a second to the guest (default: \(SoftMachine.Options.defaultRate)).",
      valueName: "count"))
  var instructionsPerSecond: UInt64?

  @Flag(help: "Print a digest of the run at its end (software CPU): the same run has the same one on every host.")
  var traceHash = false

  @Option(
    help: ArgumentHelp(
      "The guest's console: stdio, gdb, pty, none or file:PATH (default: stdio, or none with --listen stdio).",
      valueName: "where"))
  var console: ConsoleChoice?

  @Option(
    help: ArgumentHelp(
      "Give the debugger the symbols of this file, which is of the same build, in place of the kernel's own.",
      valueName: "vmlinux"))
  var symbols: String?

  @Option(help: ArgumentHelp("Use this device tree (arm64).", valueName: "file"))
  var dtb: String?

  @Option(help: ArgumentHelp("Write the guest's device tree to a file (arm64).", valueName: "file"))
  var dumpDtb: String?

  @Flag(help: "Give the kernel a seed to move itself by (arm64).")
  var kaslr = false

  @Flag(help: "Stop at accesses to addresses where nothing is (arm64).")
  var strictMmio = false

  @Flag(help: "Take the file for raw arm64 code, loaded 512 KiB into RAM.")
  var raw = false

  @Flag(help: "Enter a bzImage as a boot loader does and let it unpack itself.")
  var throughDecompressor = false

  @Option(help: ArgumentHelp("Load the file as raw code at this physical address.", valueName: "address"))
  var loadAddress: Number?

  @Option(
    help: ArgumentHelp("Enter raw code at this physical address (default: where it is loaded).", valueName: "address"))
  var entry: Number?

  @Flag(help: "Let the guest run at once; a debugger may attach later.")
  var noWait = false

  @Option(help: ArgumentHelp("End with status 124 after so many seconds.", valueName: "seconds"))
  var timeout: Double?

  func validate() throws {
    guard cpus >= 1 else { throw ValidationError("--cpus takes a number from 1 up") }
    if instructionsPerSecond == 0 { throw ValidationError("--instructions-per-second takes a number from 1 up") }
    if let timeout, !(timeout > 0 && timeout < 1e9) {
      throw ValidationError("--timeout takes a number of seconds above 0")
    }
    if entry != nil, loadAddress == nil, !raw { throw ValidationError("--entry goes with --load-address or --raw") }
    if raw, loadAddress != nil { throw ValidationError("--raw and --load-address exclude each other") }
    if listen == .standardStreams, console == .standardStreams {
      throw ValidationError("standard input and output cannot be both the debugger's and the console's")
    }
  }

  func run() throws {
    try reportingFailures {
      let process = HostProcess()
      if let timeout { process.endAfter(seconds: timeout) }
      throw ExitCode(try serve(process))
    }
  }

  private func serve(_ process: HostProcess) throws -> Int32 {
    let logger = Logger(label: "hvgdb") { _ in DiagnosticsHandler() }
    let doorkeeper = try openDoor(process, logger)
    let machine = try MachineBuilder(command: self, logger: logger).machine()
    let choice = console ?? (listen == .standardStreams ? .none : .standardStreams)
    let guestConsole = try GuestConsole(choice, of: machine, controlThread: .current) { process.end(status: 0) }
    process.atEnd { guestConsole.close() }
    // The door is open already, but nobody is waited for where the guest cannot be made.
    if let doorkeeper { logger.notice("waiting for a debugger on \(doorkeeper.address)") }

    let debugger = Debugger(machine)
    if let symbols { useSymbols(of: symbols, debugger, logger) }
    var server = DebugServer(
      debugger, doorkeeper: doorkeeper, runsAlone: noWait, console: guestConsole, logger: logger)
    defer {
      guestConsole.drain()
      if let trace = (machine.virtualMachine as? SoftMachine)?.trace {
        let digest = String(trace.digest, radix: 16)
        logger.notice("trace hash \(digest) after \(trace.instructions) instructions")
      }
      process.runEndings()
    }
    if listen == .standardStreams, let status = try server.serve(Connection.standardStreams()) { return status }
    return try server.run()
  }

  /// Symbols that do not fit are worse than none: what is wrong with them is said, and they are left out.
  private func useSymbols(of path: String, _ debugger: Debugger, _ logger: Logger) {
    do {
      let remark = try debugger.useSymbols(of: KernelFile(path: path, role: "symbol"))
      if let remark { logger.warning("--symbols \(path): \(remark)") }
    } catch {
      logger.error("--symbols \(path): \(error); it is not used")
    }
  }

  private func openDoor(_ process: HostProcess, _ logger: Logger) throws -> Doorkeeper? {
    let address = listen ?? (noWait ? nil : .tcp(host: ListenAddress.loopback, port: 1234))
    guard let address, address != .standardStreams else { return nil }
    if address.isOpenToOthers {
      logger.warning("\(address) can be reached from other machines: whoever connects owns the guest")
    }
    let doorkeeper = Doorkeeper(try Listener(address), controlThread: .current)
    process.atEnd { doorkeeper.close() }
    return doorkeeper
  }
}
