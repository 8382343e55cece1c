/// What one row of a table asks of hvgdb.
enum Requirement {
  /// At least so many times QEMU's rate.
  case timesQEMU(Double)
  /// At most so many times what QEMU takes.
  case atMostTimesQEMU(Double)
  /// At least this share of raw KVM.
  case share(Double, String)
  /// Less than QEMU's.
  case belowQEMU
  /// At least this value, in the row's unit.
  case atLeast(Double)
  /// At most this value, in the row's unit.
  case atMost(Double, unit: String)

  var text: String {
    switch self {
    case .timesQEMU(let factor): "≥ \(Int(factor)) × QEMU"
    case .atMostTimesQEMU(let factor): "≤ \(Int(factor)) × QEMU"
    case .share(_, let text): "≥ \(text)"
    case .belowQEMU: "< QEMU"
    case .atLeast(let least): "≥ \(Int(least))"
    case .atMost(let limit, let unit): "≤ \(Int(limit)) \(unit)"
    }
  }

  /// Whether it is met; nil where a value that it needs was not measured.
  func isMet(_ own: Double?, _ other: Double?) -> Bool? {
    guard let own else { return nil }
    switch self {
    case .timesQEMU(let factor): return other.map { own >= factor * $0 }
    case .atMostTimesQEMU(let factor): return other.map { own <= factor * $0 }
    case .share(let share, _): return own >= share
    case .belowQEMU: return other.map { own < $0 }
    case .atLeast(let least): return own >= least
    case .atMost(let limit, _): return own <= limit
    }
  }
}

/// A table of hvgdb beside QEMU whose rows say what is required of hvgdb, and whether it is met.
struct RequirementTable {
  private var table = Table([
    ("median (min–max)", false), ("hvgdb", true), ("QEMU", true), ("ratio", true), ("required", false),
    ("met?", false),
  ])

  var text: String { table.text }

  /// Adds a row for a figure of both servers.
  mutating func add(
    _ title: String, _ figure: Figure, of results: Results, digits: Int, _ requirement: Requirement
  ) {
    add(
      title, cells: ServerKind.allCases.map { Cell.samples(results.servers[$0]?[figure], digits: digits) },
      results.median(figure, .hvgdb), results.median(figure, .qemu), requirement)
  }

  /// Adds a row whose cells are written already, with hvgdb's value and QEMU's.
  mutating func add(
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
