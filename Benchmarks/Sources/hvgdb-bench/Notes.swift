import Glibc

extension Results {
  /// What the table stands on, a line each: the host, and each server's version, packets and memory.
  func notes(servers: [Launch]) -> String {
    let count = sysconf(CInt(_SC_NPROCESSORS_ONLN))
    var lines = ["Host: \(Self.processor), \(count) \(count == 1 ? "CPU" : "CPUs") online."]
    if let kernel = servers.first?.kernel { lines.append("Guest: \(kernel), \(Launch.guestMemoryMiB) MiB.") }
    for launch in servers {
      var line = launch.kind.rawValue + ": "
      line += Self.version(of: launch.executable) ?? "an unknown version"
      if let size = packetSizes[launch.kind] { line += "; packets of \(size) characters" }
      if let memory = memory[launch.kind] { line += "; resident \(memory.text)" }
      lines.append(line + ".")
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// The CPU's name, which Linux tells of x86 CPUs only.
  private static var processor: String {
    let information = (try? readFile("/proc/cpuinfo")) ?? []
    let line = String(decoding: information, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ": ").last.map(String.init) ?? "an \(Architecture.host.debianName) CPU"
  }

  /// The first line that a program prints for `--version`.
  private static func version(of executable: String) -> String? {
    guard let process = try? ChildProcess(executable, ["--version"]) else { return nil }
    let deadline = ContinuousClock.now + .seconds(5)
    while process.isRunning, ContinuousClock.now < deadline { usleep(1000) }
    return process.outputText.split(separator: "\n").first.map(String.init)
  }
}

extension ResidentMemory {
  fileprivate var text: String {
    func mebibytes(_ bytes: Int) -> Int { (bytes + (1 << 19)) >> 20 }
    return """
      \(mebibytes(total)) MiB, of it \(mebibytes(guest)) the guest's (anonymous \(mebibytes(anonymous)), \
      file \(mebibytes(file)), shared \(mebibytes(shared)))
      """
  }
}
