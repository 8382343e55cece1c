/// Where breakpoints and watchpoints are set that the guest never hits.
struct DebugPlaces {
  /// Functions of the kernel that the guest does not call.
  private let code: [UInt64]
  /// Variables of the kernel that it does not touch, of eight bytes.
  private let data: [UInt64]

  /// Has a guest tell them, whose kernel is at the same addresses each time.
  init(askedOf launch: Launch) throws(BenchmarkError) {
    let launch = launch.running(["places"])
    let process = try ChildProcess(launch.executable, launch.argumentsToRun)
    var console = ConsoleReader()
    var code: [UInt64] = []
    var data: [UInt64] = []
    while data.count < 100 {
      let line = try console.line(with: "places: ", of: process).text
      let words = line.split(separator: " ")
      let address = words.count == 3 ? UInt64(words[2], radix: 16) : nil
      switch (words.dropFirst().first, address) {
      case ("code", let address?): code.append(address)
      case ("data", let address?): data.append(address)
      default: throw BenchmarkError("no place: \(line)")
      }
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
