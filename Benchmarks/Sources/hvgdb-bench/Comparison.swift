/// The comparison with QEMU: every row with what is required of hvgdb.
struct Comparison {
  private var table = RequirementTable()
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
    table.add(title, figure, of: results, digits: digits, requirement)
  }

  private mutating func addShareOfRawKVM() {
    guard let raw = results.raw.steps.median else { return }
    let shares = ServerKind.allCases.map { server in results.median(.steps, server).map { $0 / raw } }
    table.add(
      "… as a share of raw KVM's \(Cell.samples(results.raw.steps, digits: 0))",
      cells: shares.map { Cell.number($0, digits: 2) }, shares[0], shares[1], .share(1 / 3, "1/3"))
  }

  /// QEMU's stub has no `x` up to version 10: hvgdb's is compared to QEMU's `m`.
  private mutating func addBinaryRead() {
    let own = results.servers[.hvgdb]?[.binaryRead]
    let other = results.servers[.qemu]?[.binaryRead]
    let isByHexadecimal = other == nil && results.servers[.qemu] != nil
    table.add(
      "memory read by `x`, MB/s",
      cells: [Cell.samples(own, digits: 1), isByHexadecimal ? "no `x`, as by `m`" : Cell.samples(other, digits: 1)],
      own?.median, other?.median ?? results.median(.hexadecimalRead, .qemu), .timesQEMU(25))
  }

  private mutating func addStartBeyondReading() {
    guard let reading = results.fileRead.median else { return }
    let beyond = ServerKind.allCases.map { server in results.median(.start, server).map { $0 - reading } }
    table.add(
      "… beyond the \(Cell.number(reading, digits: 1)) ms of reading the file",
      cells: beyond.map { Cell.number($0, digits: 1) }, beyond[0], beyond[1], .atMost(60, unit: "ms"))
  }
}
