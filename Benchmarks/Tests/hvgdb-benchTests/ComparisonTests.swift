import Testing

@testable import hvgdb_bench

@Suite struct ComparisonTests {
  private func samples(_ values: Double...) -> Samples {
    var samples = Samples()
    for value in values { samples.add(value) }
    return samples
  }

  /// A table's row by the start of its title, with single spaces.
  private func row(_ title: String, of table: String) -> String? {
    let line = table.split(separator: "\n").first { $0.hasPrefix("| \(title) ") }
    return line?.split(separator: " ").joined(separator: " ")
  }

  @Test func rawKVMStandsBesideEachOfItsRates() {
    var results = Results()
    for value in [3000.0, 1000, 2000] { results.add(value, .steps, .hvgdb) }
    results.add(14, .hexadecimalRead, .hvgdb)
    results.raw.steps = samples(4000, 5000)
    results.raw.copy = samples(1000)
    let table = RawComparison(results).text
    #expect(
      row("single steps/s", of: table) == "| single steps/s | 2,000 (1,000–3,000) | 4,500 (4,000–5,000) | 0.44 |")
    #expect(
      row("memory read by `m`,", of: table)
        == "| memory read by `m`, MB/s | 14.0 (14.0–14.0) | 1,000.0 (1,000.0–1,000.0) | 0.014 |")
  }

  @Test func whatWasNotMeasuredHasNoShare() {
    var results = Results()
    results.add(7, .registers, .hvgdb)
    results.raw.breakpoints = samples(8)
    let table = RawComparison(results).text
    #expect(row("`g` packets/s", of: table) == "| `g` packets/s | 7 (7–7) | – | – |")
    #expect(row("breakpoint", of: table) == "| breakpoint hit and continue/s | – | 8 (8–8) | – |")
  }

  @Test func qemuIsHeldAgainstTheSameRawSteps() {
    var results = Results()
    results.add(500, .steps, .hvgdb)
    results.add(100, .steps, .qemu)
    results.raw.steps = samples(1000)
    #expect(
      row("… as a share", of: Comparison(results).text)
        == "| … as a share of raw KVM's 1,000 (1,000–1,000) | 0.50 | 0.10 | 5.00 × | ≥ 1/3 | yes |")
  }
}
