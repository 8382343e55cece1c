/// What one row of the table asks of hvgdb.
private enum Requirement {
  /// At least so many times QEMU's rate.
  case timesQEMU(Double)
  /// At least this share of raw KVM.
  case share(Double, String)
  /// Less than QEMU's.
  case belowQEMU
  /// At most this value, in the row's unit.
  case atMost(Double, unit: String)

  var text: String {
    switch self {
    case .timesQEMU(let factor): "≥ \(Int(factor)) × QEMU"
    case .share(_, let text): "≥ \(text)"
    case .belowQEMU: "< QEMU"
    case .atMost(let limit, let unit): "≤ \(Int(limit)) \(unit)"
    }
  }

  /// Whether it is met; nil where a value that it needs was not measured.
  func isMet(_ own: Double?, _ other: Double?) -> Bool? {
    guard let own else { return nil }
    switch self {
    case .timesQEMU(let factor): return other.map { own >= factor * $0 }
    case .share(let share, _): return own >= share
    case .belowQEMU: return other.map { own < $0 }
    case .atMost(let limit, _): return own <= limit
    }
  }
}

/// The comparison with QEMU: every row with what is required of hvgdb.
struct Comparison {
  private var table = Table([
    ("median (min–max)", false), ("hvgdb", true), ("QEMU", true), ("ratio", true), ("required", false),
    ("met?", false),
  ])
  private let results: Results

  init(_ results: Results) {
    self.results = results
    addRow("single steps/s", .steps, digits: 0, .timesQEMU(8))
    addShareOfRawKVM()
    addRow("`g` packets/s", .registers, digits: 0, .timesQEMU(3))
    addRow("memory read by `m`, MB/s", .hexadecimalRead, digits: 1, .timesQEMU(10))
    addBinaryRead()
    addRow("breakpoint hit and continue/s", .breakpoints, digits: 0, .timesQEMU(5))
    addRow("start to first stop reply, ms", .start, digits: 1, .belowQEMU)
    addStartBeyondReading()
    addRow("resident beyond guest memory, MiB", .resident, digits: 1, .atMost(30, unit: "MiB"))
  }

  var text: String { table.text }

  private mutating func addRow(_ title: String, _ figure: Figure, digits: Int, _ requirement: Requirement) {
    add(
      title, cells: ServerKind.allCases.map { Cell.samples(results.servers[$0]?[figure], digits: digits) },
      results.median(figure, .hvgdb), results.median(figure, .qemu), requirement)
  }

  private mutating func addShareOfRawKVM() {
    guard let raw = results.raw.steps.median else { return }
    let shares = ServerKind.allCases.map { server in results.median(.steps, server).map { $0 / raw } }
    add(
      "… as a share of raw KVM's \(Cell.samples(results.raw.steps, digits: 0))",
      cells: shares.map { Cell.number($0, digits: 2) }, shares[0], shares[1], .share(1 / 3, "1/3"))
  }

  /// QEMU's stub has no `x` up to version 10: hvgdb's is compared to QEMU's `m`.
  private mutating func addBinaryRead() {
    let own = results.servers[.hvgdb]?[.binaryRead]
    let other = results.servers[.qemu]?[.binaryRead]
    let isByHexadecimal = other == nil && results.servers[.qemu] != nil
    add(
      "memory read by `x`, MB/s",
      cells: [Cell.samples(own, digits: 1), isByHexadecimal ? "no `x`, as by `m`" : Cell.samples(other, digits: 1)],
      own?.median, other?.median ?? results.median(.hexadecimalRead, .qemu), .timesQEMU(25))
  }

  private mutating func addStartBeyondReading() {
    guard let reading = results.fileRead.median else { return }
    let beyond = ServerKind.allCases.map { server in results.median(.start, server).map { $0 - reading } }
    add(
      "… beyond the \(Cell.number(reading, digits: 1)) ms of reading the file",
      cells: beyond.map { Cell.number($0, digits: 1) }, beyond[0], beyond[1], .atMost(60, unit: "ms"))
  }

  private mutating func add(
    _ title: String, cells: [String], _ own: Double?, _ other: Double?, _ requirement: Requirement
  ) {
    let ratio =
      if let own, let other { Cell.number(own / other, digits: own < 10 * other ? 2 : 1) + " ×" } else { Cell.nothing }
    let verdict =
      switch requirement.isMet(own, other) {
      case true?: "yes"
      case false?: "NO"
      case nil: Cell.nothing
      }
    table.add([title] + cells + [ratio, requirement.text, verdict])
  }
}
