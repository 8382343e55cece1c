extension Diagnosis {
  /// A table for people: what, how it is, and beneath what does not work, what that means.
  var table: String {
    let width = findings.map { $0.key.title.count }.max() ?? 0
    var lines = ["KVM on this \(architecture) host:", ""]
    for finding in findings {
      let padding = String(repeating: " ", count: width - finding.key.title.count)
      lines.append("  \(finding.key.title)\(padding)  \(finding.outcome)")
      let indent = String(repeating: " ", count: width + 4)
      lines += finding.remarks.map { "\(indent)→ \($0)" }
    }
    lines += ["", "KVM's guests \(canDebug ? "can" : "cannot") be debugged on this host."]
    if self[.softwareCPU]?.outcome.isFine == true {
      lines.append("The software CPU runs arm64 guests where KVM does not.")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Finding {
  /// What is to be said beside the outcome.
  fileprivate var remarks: [String] {
    var remarks: [String] = []
    if !outcome.isFine, let meaning { remarks.append(meaning) }
    if let contradiction { remarks.append("the trial says otherwise: \(contradiction)") }
    return remarks
  }
}

extension Finding.Outcome: CustomStringConvertible {
  var description: String {
    switch self {
    case .works: "yes"
    case .fails(let reason): "no: \(reason)"
    case .amount(let amount, let unit): unit.isEmpty ? Self.grouped(amount) : "\(Self.grouped(amount)) \(unit)"
    case .found(let name): name
    case .notTried(let reason): "not tried: \(reason)"
    }
  }

  /// Whether it is as it should be.
  var isFine: Bool {
    switch self {
    case .works, .amount, .found: true
    case .fails, .notTried: false
    }
  }

  /// A number with a comma after each third digit.
  private static func grouped(_ value: UInt64) -> String {
    let digits = Array(String(value))
    return digits.indices.reduce(into: "") { text, index in
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digits[index])
    }
  }
}
