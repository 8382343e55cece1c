// hvgdb-bench: hvgdb beside QEMU's stub, or beside raw KVM, in one run, on one kernel, by one client.
//
// Each round starts every server afresh, hvgdb and QEMU in turn, and measures every figure once; the table shows the
// median of the rounds with the least and the greatest. Both servers get the same guest: the same kernel file and
// command line, 512 MiB, one vCPU, KVM. The client (`RSPClient`) is the same code for both: strictly one request, then
// its reply, over TCP on loopback with TCP_NODELAY; packets as large as the server allows; no acknowledgments where the
// server offers that, and else one for each reply, at once, as gdb sends it.
//
// Small exchanges depend on wake-ups: between two idle CPUs of a virtual host one takes tens of microseconds, more than
// the servers' own work. By default the client sleeps until a reply comes, as gdb does; `--poll` takes its wake-ups away.
// hvgdb asks the kernel for quick ones while it is busy (`WakeLatency`), which the kernel grants to root.
//
// Nothing is ever asserted about speed: a missed requirement says NO in the table, and the exit status stays 0; it is 1
// where a server, or a check of what it answered, failed.
//
// single steps            `vCont;s` and its stop reply, over and over for the budget (0.5 s), in a loop of three
//                         instructions that is written into the guest (`StepLoop`); afterwards the program counter
//                         must be where that many steps lead.
// … raw KVM               the same loop stepped by a minimal KVM program in this process (`RawKVM`): KVM_RUN with
//                         KVM_GUESTDBG_SINGLESTEP, then the request that gives the program counter: KVM_GET_REGS on
//                         x86-64, KVM_GET_ONE_REG on arm64.
// g                       `g` and its reply, over and over for the budget.
// memory by m and by x    24 MiB from the kernel's load address, physical addresses, until the budget is used up. The
//                         bytes are the same in both guests: QEMU still has the kernel outside of memory at this point,
//                         so what hvgdb has loaded is written there. What was read is compared byte for byte, and
//                         must hold the kernel's banner. QEMU's stub has no `x`: hvgdb's `x` is held against its `m`.
// breakpoint              a hardware breakpoint on the loop's start; for each hit the packets that gdb sends: `z1`,
//                         `vCont;s`, `Z1`, `vCont;c`, then the stop reply of the next hit.
// start                   from just before the process is made, through connecting (tried every 200 µs) and
//                         `qSupported`, to the reply to `?`. Reading the file is the time of one plain read of the
//                         kernel's file, from the page cache, as all the starts have it.
// resident                VmRSS less the resident part of the mapping that is the guest's memory, after the first stop
//                         and one memory read, which waits for a kernel that is still being unpacked.
//
// With `--raw` the program measures raw KVM at the other rates too: what the hardware and KVM do for the same result,
// with no debugger, no protocol and no socket.
//
// g                       the requests that give what `g` carries: KVM_GET_REGS, KVM_GET_SREGS and KVM_GET_FPU on
//                         x86-64; on arm64 a KVM_GET_ONE_REG for each of X0 to X30, SP, PC and PSTATE.
// memory                  `memcpy` of the same 24 MiB.
// breakpoint              KVM_SET_GUEST_DEBUG for a step, KVM_RUN, KVM_SET_GUEST_DEBUG for the hardware breakpoint,
//                         KVM_RUN, and the program counter after each run.
//
// With `--soft` it compares the software CPUs: hvgdb's, and QEMU's TCG as a cortex-a57 on the board that hvgdb's is like.
// The guest is Debian's arm64 kernel with a first file system of the project's own (Tests/Linux).
//
// launch to /init         from just before the process is made to the first line of the guest's /init on its console.
// records, mixture        two programs that loop in user space (`UserLoop`); the instructions of an iteration are counted
//                         by qemu-aarch64, the time is between two lines on the console, by this machine's clock. Both
//                         must print the same checksums in every guest.
// single steps            as above.
// cost of breakpoints     how much longer both loops take with 1,000 breakpoints on kernel functions and 100 watchpoints
//                         on kernel variables, set during the boot, that the guest never hits (`DebugPlaces`).
// resident                as above, while the last loop runs.

import Foundation

/// One line for the user that is not a result.
func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

/// The servers that can be measured here, and in a line each why one cannot.
func findServers(_ options: Options, kernel: String) -> [Launch] {
  guard options.measuresSoftwareCPU || access("/dev/kvm", R_OK | W_OK) == 0 else {
    note("nothing can be measured: /dev/kvm: \(String(cString: strerror(errno)))")
    return []
  }
  let kinds = options.comparesToRawKVM ? [.hvgdb] : ServerKind.allCases
  return kinds.compactMap { kind in
    let name = kind == .hvgdb ? options.hvgdb : options.qemu
    guard let executable = findExecutable(name) else {
      note("\(kind.rawValue) is not measured: there is no program \(name)")
      return nil
    }
    return Launch(
      kind: kind, executable: executable, accelerator: options.measuresSoftwareCPU ? .software : .kvm, kernel: kernel,
      initrd: options.measuresSoftwareCPU ? "\(options.linuxFolder)/initramfs.cpio" : nil,
      commandLine: options.commandLine, pollingTime: options.pollingTime)
  }
}

/// Measures round by round and prints the table; a server that fails is left out from then on.
///
/// - Returns: whether all went well.
func run(_ options: Options, socketFolder: String) throws -> Bool {
  guard let kernel = options.kernel ?? newestKernel(below: options.kernelFolder) else {
    throw BenchmarkError("there is no vmlinuz below \(options.kernelFolder): name a kernel by --kernel")
  }
  let round = Round(budget: options.budget, architecture: .host, kernelFile: try readFile(kernel))
  var servers = findServers(options, kernel: kernel)
  let found = servers
  var contents: GuestContents?
  var results = Results()
  for number in 1...options.rounds where !servers.isEmpty {
    note("round \(number) of \(options.rounds)")
    try round.measureFileRead(kernel, results: &results)
    for launch in servers {
      let name = launch.kind.rawValue
      do {
        let endpoint: Endpoint =
          options.usesUnixSockets
          ? .unix(path: "\(socketFolder)/\(name)-\(number)") : .loopback(port: try Connection.freePort())
        try round.measure(launch, listeningOn: endpoint, contents: &contents, results: &results)
      } catch {
        note("\(name) failed: \(error)")
        servers.removeAll { $0.kind == launch.kind }
      }
    }
    try round.measureRawSteps(results: &results)
    if options.comparesToRawKVM, let contents { try round.measureRawRest(contents, results: &results) }
  }
  guard !found.isEmpty else { return true }
  if contents?.hasBanner == false { note("the memory that was read does not hold the kernel's banner") }
  try report(
    options.comparesToRawKVM ? RawComparison(results).text : Comparison(results).text, results, of: found, options)
  return servers.count == found.count
}

/// Measures software CPUs round by round and prints the table; a server that fails is left out from then on.
///
/// - Returns: whether all went well.
func runSoftware(_ options: Options, socketFolder: String) throws -> Bool {
  var servers = findServers(options, kernel: options.kernel ?? "")
  let found = servers
  let loops = try [("records", Figure.records, 360), ("mixture", .mixture, 45_000)].map { name, figure, length in
    try UserLoop(
      name, figure, iterations: options.loopInstructions / length, in: "\(options.linuxFolder)/programs",
      work: socketFolder)
  }
  let round = SoftRound(budget: options.budget, loops: loops, socketFolder: socketFolder)
  var places: DebugPlaces?
  var checksums: [String: String] = [:]
  var results = Results()
  for number in 1...options.rounds where !servers.isEmpty {
    note("round \(number) of \(options.rounds)")
    for launch in servers {
      do {
        if launch.kind == .hvgdb, places == nil {
          places = try DebugPlaces(askedOf: launch)
        }
        let watched = launch.kind == .hvgdb ? places : nil
        try round.measure(launch, places: watched, checksums: &checksums, results: &results)
      } catch {
        note("\(launch.kind.rawValue) failed: \(error)")
        servers.removeAll { $0.kind == launch.kind }
      }
    }
  }
  try report(SoftComparison(results).text, results, of: found, options)
  return servers.count == found.count
}

/// Prints a table and what it stands on, and writes the samples where that is asked for.
func report(_ table: String, _ results: Results, of servers: [Launch], _ options: Options) throws {
  print(table, terminator: "")
  print(results.notes(servers: servers), terminator: "")
  guard let json = options.json else { return }
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
  try encoder.encode(results).write(to: URL(fileURLWithPath: json))
}

let socketFolder = FileManager.default.temporaryDirectory.appendingPathComponent("hvgdb-bench-\(getpid())").path
endChildrenOnSignals { try? FileManager.default.removeItem(atPath: socketFolder) }
var isWell = true
do {
  let options = try Options(CommandLine.arguments.dropFirst())
  if options.wantsHelp {
    print(Options.usage)
  } else {
    try FileManager.default.createDirectory(atPath: socketFolder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: socketFolder) }
    isWell =
      options.measuresSoftwareCPU
      ? try runSoftware(options, socketFolder: socketFolder) : try run(options, socketFolder: socketFolder)
  }
} catch {
  note("hvgdb-bench: \(error)")
  isWell = false
}
exit(isWell ? EXIT_SUCCESS : EXIT_FAILURE)
