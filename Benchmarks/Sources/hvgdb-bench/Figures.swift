/// What is measured of a server.
enum Figure: String, CaseIterable, Codable, CodingKeyRepresentable {
  /// `vCont;s` and its stop reply, a second.
  case steps
  /// `g` packets a second.
  case registers
  /// MB (10⁶ bytes) of memory a second by `m`.
  case hexadecimalRead
  /// MB (10⁶ bytes) of memory a second by `x`.
  case binaryRead
  /// `z1`, `vCont;s`, `Z1`, `vCont;c` and the hit, a second.
  case breakpoints
  /// Milliseconds from start to the first stop reply.
  case start
  /// MiB resident beyond the guest's memory: at the first stop, or of a software CPU while the guest is busy.
  case resident
  /// Seconds from start to the first line of the guest's /init.
  case boot
  /// Million instructions a second in the loop `records`.
  case records
  /// Million instructions a second in the loop `mixture`.
  case mixture
  /// By how many per cent both loops take longer while breakpoints and watchpoints are set that they do not hit.
  case watching
}

/// One figure, measured once in each round.
struct Samples: Codable {
  private(set) var values: [Double] = []

  mutating func add(_ value: Double) { values.append(value) }

  var median: Double? {
    let sorted = values.sorted()
    guard let upper = sorted.dropFirst(sorted.count / 2).first else { return nil }
    return sorted.count % 2 == 1 ? upper : (sorted[sorted.count / 2 - 1] + upper) / 2
  }

  var range: ClosedRange<Double>? {
    guard let least = values.min(), let most = values.max() else { return nil }
    return least...most
  }
}

/// What the hardware and KVM do with no debugger around them.
struct RawFigures: Codable {
  /// Steps a second.
  var steps = Samples()
  /// How often a second all that `g` carries is read from KVM.
  var registers = Samples()
  /// MB (10⁶ bytes) a second of `memcpy`, over what `m` and `x` read.
  var copy = Samples()
  /// How often a second a breakpoint is hit and stepped off.
  var breakpoints = Samples()
}

/// All that was measured.
struct Results: Codable {
  var servers: [ServerKind: [Figure: Samples]] = [:]
  var raw = RawFigures()
  /// Milliseconds that merely reading the kernel's file takes.
  var fileRead = Samples()
  /// The last round's memory of each server, and how large its reads were.
  var memory: [ServerKind: ResidentMemory] = [:]
  var packetSizes: [ServerKind: Int] = [:]

  /// The median of a server's figure, or nil where it was not measured.
  func median(_ figure: Figure, _ server: ServerKind) -> Double? { servers[server]?[figure]?.median }

  mutating func add(_ value: Double, _ figure: Figure, _ server: ServerKind) {
    servers[server, default: [:]][figure, default: Samples()].add(value)
  }
}

/// How often a second `body` runs: it is repeated, some times between two looks at the clock, until `budget` is used up.
func rate(
  for budget: Duration, batch: Int = 16, _ body: () throws(BenchmarkError) -> Void
) throws(BenchmarkError)
  -> (count: Int, perSecond: Double)
{
  let start = ContinuousClock.now
  var count = 0
  while true {
    for _ in 0..<batch { try body() }
    count += batch
    let elapsed = ContinuousClock.now - start
    if elapsed >= budget { return (count, Double(count) / elapsed.seconds) }
  }
}

extension Duration {
  var seconds: Double { self / .seconds(1) }
}
