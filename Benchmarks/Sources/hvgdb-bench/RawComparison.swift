/// The comparison with raw KVM: hvgdb's rates as shares of what the host could do at most.
struct RawComparison {
  private var table = Table([("median (min–max)", false), ("hvgdb", true), ("raw KVM", true), ("hvgdb / raw", true)])
  private let results: Results

  init(_ results: Results) {
    self.results = results
    addRow("single steps/s", .steps, results.raw.steps, digits: 0)
    addRow("`g` packets/s", .registers, results.raw.registers, digits: 0)
    addRow("memory read by `m`, MB/s", .hexadecimalRead, results.raw.copy, digits: 1)
    addRow("memory read by `x`, MB/s", .binaryRead, results.raw.copy, digits: 1)
    addRow("breakpoint hit and continue/s", .breakpoints, results.raw.breakpoints, digits: 0)
  }

  var text: String { table.text }

  private mutating func addRow(_ title: String, _ figure: Figure, _ raw: Samples, digits: Int) {
    let own = results.servers[.hvgdb]?[figure]
    let share: Double? = if let own = own?.median, let raw = raw.median { own / raw } else { nil }
    table.add([
      title, Cell.samples(own, digits: digits), Cell.samples(raw, digits: digits),
      Cell.number(share, digits: share.map { $0 < 0.1 } == true ? 3 : 2),
    ])
  }
}
