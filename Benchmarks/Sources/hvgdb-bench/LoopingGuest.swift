/// A guest that has been put into the `StepLoop`, at its first instruction.
struct LoopingGuest {
  private let client: RSPClient
  private let programCounter: TargetDescription.Register
  /// The loop's linear address.
  private let start: UInt64
  private let loop: StepLoop
  private let step = Array("vCont;s".utf8)

  /// Writes the loop into the guest's memory and enters it.
  ///
  /// A guest whose memory is identity mapped, or not mapped, has the loop in place of the code at the program counter.
  /// QEMU's x86 guest is at the reset vector: the loop goes into low memory, with a code segment that starts at 0.
  init(
    _ client: RSPClient, _ description: TargetDescription, _ kind: ServerKind, _ architecture: Architecture
  ) throws(BenchmarkError) {
    self.client = client
    loop = architecture.stepLoop
    programCounter = try description.register(architecture.programCounter)
    // QEMU lets `p` and `P` see the vCPU's registers only after a `g`, which gdb always sends first.
    let current = try client.value(of: programCounter)
    let codeSegment = kind == .qemu ? architecture.codeSegment : nil
    start = codeSegment == nil ? current : 0x8000
    try client.writeMemory(at: start, from: loop.code)
    guard let codeSegment else { return }
    try client.set(try description.register(codeSegment), to: 0)
    try client.set(programCounter, to: start)
  }

  /// Steps a second.
  func stepRate(for budget: Duration) throws(BenchmarkError) -> Double {
    let (count, perSecond) = try rate(for: budget) { () throws(BenchmarkError) in try client.resume(step) }
    let expected = start + loop.offset(afterSteps: count)
    guard try client.value(of: programCounter) == expected else { throw BenchmarkError("the guest lost a step") }
    return perSecond
  }

  /// How often a second the breakpoint at the loop's start is hit and continued from, by the packets that gdb sends:
  /// breakpoints out, a step off the address, breakpoints in, continue.
  func breakpointRate(for budget: Duration) throws(BenchmarkError) -> Double {
    let breakpoint = "1,\(String(start, radix: 16)),\(loop.instructionLength)"
    let insert = Array("Z\(breakpoint)".utf8)
    let remove = Array("z\(breakpoint)".utf8)
    let resume = Array("vCont;c".utf8)
    try client.expectOK(insert)
    try client.resume(resume)
    let (_, perSecond) = try rate(for: budget, batch: 4) { () throws(BenchmarkError) in
      try client.expectOK(remove)
      try client.resume(step)
      try client.expectOK(insert)
      try client.resume(resume)
    }
    guard try client.value(of: programCounter) == start else { throw BenchmarkError("the breakpoint was not hit") }
    return perSecond
  }
}

extension RSPClient {
  /// A register's value, by `g`.
  fileprivate func value(of register: TargetDescription.Register) throws(BenchmarkError) -> UInt64 {
    let digits = try exchange(Array("g".utf8)).dropFirst(2 * register.offset).prefix(2 * register.byteCount)
    var value: UInt64 = 0
    let count = withUnsafeMutableBytes(of: &value) {
      PacketCoding.decodeHex(UnsafeRawBufferPointer(rebasing: digits), into: $0)
    }
    guard count == register.byteCount else { throw BenchmarkError("g has no register \(register.number)") }
    return UInt64(littleEndian: value)
  }

  /// Sets a register, by `P`.
  fileprivate func set(_ register: TargetDescription.Register, to value: UInt64) throws(BenchmarkError) {
    var request = Array("P\(String(register.number, radix: 16))=".utf8)
    withUnsafeBytes(of: value.littleEndian) {
      PacketCoding.appendHex($0.prefix(register.byteCount), to: &request)
    }
    try expectOK(request)
  }
}
