extension Diagnosis {
  /// The findings for machines, as one JSON object.
  ///
  /// `architecture` is a string and `canDebug` a boolean. `findings` is an object with a member for each thing looked at, named by
  /// `Finding.Key`. In it, `works` is a boolean for what works or does not, and absent for what was not tried; `amount` is a
  /// number and `unit`, where there is one, a string; `value` says which one it is; `reason` says why it does not work or was not tried, `meaning` what
  /// follows for a user, and `contradiction` what hvgdb assumes where the trial shows something else.
  var json: String {
    let members = findings.map { "    \(Self.quoted($0.key.rawValue)): {\($0.json)}" }
    return """
      {
        "architecture": \(Self.quoted(architecture)),
        "canDebug": \(canDebug),
        "findings": {
      \(members.joined(separator: ",\n"))
        }
      }

      """
  }

  /// A string as JSON writes it (RFC 8259, section 7).
  fileprivate static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension Finding {
  fileprivate var json: String {
    var members: [(name: String, value: String)] = []
    func add(_ name: String, _ text: String?) {
      if let text { members.append((name, Diagnosis.quoted(text))) }
    }
    switch outcome {
    case .works: members.append(("works", "true"))
    case .fails(let reason):
      members.append(("works", "false"))
      add("reason", reason)
    case .amount(let amount, let unit):
      members.append(("amount", String(amount)))
      add("unit", unit.isEmpty ? nil : unit)
    case .found(let name): add("value", name)
    case .notTried(let reason): add("reason", reason)
    }
    if !outcome.isFine { add("meaning", meaning) }
    add("contradiction", contradiction)
    return members.map { "\(Diagnosis.quoted($0.name)): \($0.value)" }.joined(separator: ", ")
  }
}
