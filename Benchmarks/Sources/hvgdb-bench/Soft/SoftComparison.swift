/// The comparison of hvgdb's software CPU with QEMU's.
struct SoftComparison {
  private var table = RequirementTable()

  init(_ results: Results) {
    table.add("launch to /init, s", .boot, of: results, digits: 2, .atMostTimesQEMU(5))
    table.add("`records`, million instructions/s", .records, of: results, digits: 0, .atLeast(150))
    table.add("`mixture`, million instructions/s", .mixture, of: results, digits: 0, .atLeast(150))
    table.add("single steps/s", .steps, of: results, digits: 0, .timesQEMU(10))
    table.add(
      "cost of 1,000 breakpoints and 100 watchpoints, %", .watching, of: results, digits: 1, .atMost(5, unit: "%"))
    table.add("resident beyond guest memory, MiB", .resident, of: results, digits: 1, .atMost(64, unit: "MiB"))
  }

  var text: String { table.text }
}
