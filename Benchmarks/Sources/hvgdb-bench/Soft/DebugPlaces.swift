/// Where breakpoints and watchpoints are set that the guest never hits.
struct DebugPlaces {
  /// Functions of the kernel that the guest does not call.
  private let code: [UInt64]
  /// Variables of the kernel that it does not touch, of eight bytes.
  private let data: [UInt64]

  /// Has a guest tell them, whose kernel is at the same addresses each time.
  init(askedOf launch: Launch, listeningOn endpoint: Endpoint) throws(BenchmarkError) {
    let launch = launch.running(["places"])
    let process = try ChildProcess(launch.executable, launch.argumentsToRun(listeningOn: endpoint))
    var console = ConsoleReader()
    var code: [UInt64] = []
    var data: [UInt64] = []
    // An early `data` ends nothing: a list that is too short does.
    while data.count < 100 {
      let words = try console.line(with: "places: ", of: process).text.split(separator: " ")
      guard words.count == 3, let address = UInt64(words[2], radix: 16) else {
        throw BenchmarkError("no place: \(words.joined(separator: " "))")
      }
      if words[1] == "code" { code.append(address) } else { data.append(address) }
    }
    guard code.count == 1000 else { throw BenchmarkError("the guest has \(code.count) places for breakpoints") }
    self.code = code
    self.data = data
  }

  /// Sets a breakpoint at each function and a watchpoint of writes on each variable.
  func set(by client: RSPClient) throws(BenchmarkError) {
    for address in code { try client.expectOK("Z0,\(String(address, radix: 16)),4") }
    for address in data { try client.expectOK("Z2,\(String(address, radix: 16)),8") }
  }
}
