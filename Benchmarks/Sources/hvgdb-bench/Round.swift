/// One round: each server started afresh, every figure measured once.
struct Round {
  /// How long each rate is measured.
  let budget: Duration
  let architecture: Architecture
  /// The bytes of the kernel's file.
  let kernelFile: [UInt8]

  /// Measures a server; `contents` is filled by the first guest that has the kernel in its memory.
  func measure(
    _ launch: Launch, listeningOn endpoint: Endpoint, contents: inout GuestContents?, results: inout Results
  ) throws(BenchmarkError) {
    let server = try Server(launch, listeningOn: endpoint)
    do {
      try measure(server, contents: &contents, results: &results)
    } catch {
      throw BenchmarkError("\(error)\n\(server.process.outputText)")
    }
  }

  /// Measures raw KVM stepping.
  func measureRawSteps(results: inout Results) throws(BenchmarkError) {
    let machine = try RawKVM()
    try machine.trapSteps()
    let (count, perSecond) = try rate(for: budget, batch: 256) { () throws(BenchmarkError) in try machine.resume() }
    guard machine.isWhere(steps: count) else { throw BenchmarkError("raw KVM lost a step") }
    results.raw.steps.add(perSecond)
  }

  /// Measures raw KVM at what the other packets ask for.
  func measureRawRest(_ contents: GuestContents, results: inout Results) throws(BenchmarkError) {
    let machine = try RawKVM()
    results.raw.registers.add(
      try rate(for: budget) { () throws(BenchmarkError) in try machine.readRegisters() }.perSecond)

    try machine.trapBreakpoint()
    try machine.resume()
    let hits = try rate(for: budget) { () throws(BenchmarkError) in
      try machine.trapSteps()
      try machine.resume()
      try machine.trapBreakpoint()
      try machine.resume()
    }
    guard machine.isWhere(steps: 0) else { throw BenchmarkError("raw KVM lost a breakpoint") }
    results.raw.breakpoints.add(hits.perSecond)

    results.raw.copy.add(try contents.copyRate(for: budget))
  }

  /// Measures how long merely reading the kernel's file takes.
  func measureFileRead(_ path: String, results: inout Results) throws(BenchmarkError) {
    let start = ContinuousClock.now
    _ = try readFile(path)
    results.fileRead.add((ContinuousClock.now - start).seconds * 1e3)
  }

  private func measure(
    _ server: borrowing Server, contents: inout GuestContents?, results: inout Results
  ) throws(BenchmarkError) {
    let (kind, client) = (server.kind, server.client)
    results.add(server.startTime.seconds * 1e3, .start, kind)
    results.packetSizes[kind] = client.packetSize
    try client.stopAcknowledging()
    // Without it, `m` in a paged guest would measure page walks in one server and not in the other.
    let isPhysical = try client.text("Qqemu.PhyMemMode:1") == "OK"
    guard isPhysical else { throw BenchmarkError("no physical memory mode") }

    let memory = try residentMemory(of: server)
    results.memory[kind] = memory
    results.add(Double(memory.beyondGuest) / 1048576, .resident, kind)

    let description = try TargetDescription(from: client)
    try measureMemory(client, kind, contents: &contents, results: &results)
    try measureRegisters(client, kind, results: &results)
    let guest = try LoopingGuest(client, description, kind, architecture)
    results.add(try guest.stepRate(for: budget), .steps, kind)
    results.add(try guest.breakpointRate(for: budget), .breakpoints, kind)
  }

  /// What is resident once the kernel is in memory: a server may still load it when it sends its first stop reply, and
  /// the read waits for that.
  private func residentMemory(of server: borrowing Server) throws(BenchmarkError) -> ResidentMemory {
    var word = ByteBuffer(capacity: 8)
    try server.client.readMemory(at: architecture.kernelAddress, count: 8, into: &word, by: .hexadecimal)
    return try ResidentMemory(of: server.process.identifier, guestSize: Launch.guestMemoryMiB << 20)
  }

  private func measureRegisters(
    _ client: RSPClient, _ kind: ServerKind, results: inout Results
  ) throws(BenchmarkError) {
    let request = Array("g".utf8)
    let (_, perSecond) = try rate(for: budget) { () throws(BenchmarkError) in
      guard try client.exchange(request).count > 2 * 8 * 17 else { throw BenchmarkError("the reply to g is too short") }
    }
    results.add(perSecond, .registers, kind)
  }

  private func measureMemory(
    _ client: RSPClient, _ kind: ServerKind, contents: inout GuestContents?, results: inout Results
  ) throws(BenchmarkError) {
    let (address, byteCount) = (architecture.kernelAddress, GuestContents.byteCount)
    var buffer = ByteBuffer(capacity: byteCount)
    if kind == .hvgdb {
      try client.readMemory(at: address, count: byteCount, into: &buffer, by: .hexadecimal)
      let read = GuestContents(read: Array(buffer.bytes), kernel: kernelFile)
      guard contents == nil || contents?.bytes == read.bytes else {
        throw BenchmarkError("two guests differ in memory")
      }
      contents = read
    }
    let expected = contents ?? GuestContents(repeating: kernelFile)
    contents = expected
    if kind != .hvgdb {
      try client.writeMemory(at: address, from: expected.bytes)
    }
    for (method, figure) in [(RSPClient.MemoryRead.hexadecimal, Figure.hexadecimalRead), (.binary, .binaryRead)]
    where method == .hexadecimal || client.readsBinary {
      let (_, perSecond) = try rate(for: budget, batch: 1) { () throws(BenchmarkError) in
        try client.readMemory(at: address, count: byteCount, into: &buffer, by: method)
      }
      guard buffer.bytes.elementsEqual(expected.bytes) else {
        throw BenchmarkError("\(figure.rawValue) gave other bytes")
      }
      results.add(perSecond * Double(byteCount) / 1e6, figure, kind)
    }
  }
}
