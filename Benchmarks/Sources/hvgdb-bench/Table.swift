/// A table for people, aligned, that is Markdown as well.
struct Table {
  private var rows: [[String]]
  private let isNumeric: [Bool]

  /// Starts a table; numeric columns are aligned to the right.
  init(_ columns: [(title: String, isNumeric: Bool)]) {
    rows = [columns.map(\.title)]
    isNumeric = columns.map(\.isNumeric)
  }

  /// Adds a row of as many cells as there are columns.
  mutating func add(_ cells: [String]) { rows.append(cells) }

  var text: String {
    let widths = isNumeric.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let rule = isNumeric.indices.map { column in
      isNumeric[column]
        ? String(repeating: "-", count: widths[column] - 1) + ":"
        : String(repeating: "-", count: widths[column])
    }
    return ([rows[0], rule] + rows.dropFirst()).map { cells in
      let padded = cells.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - cells[column].count)
        return isNumeric[column] ? padding + cells[column] : cells[column] + padding
      }
      return "| " + padded.joined(separator: " | ") + " |\n"
    }.joined()
  }
}
