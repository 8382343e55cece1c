/// A kind of table that `info os` shows.
public struct OSDataType: Sendable, Equatable {
  /// The word behind `info os`.
  public let name: String
  /// One line on what the table lists.
  public let description: String
  /// The table's heading in a graphical interface.
  public let title: String

  /// Makes the facts of a kind of table.
  public init(name: String, description: String, title: String) {
    self.name = name
    self.description = description
    self.title = title
  }
}

/// A table of `info os`: each row has a cell for each column.
public struct OSDataTable: Sendable, Equatable {
  /// The columns' names, from left to right.
  public let columns: [String]
  /// The cells of each row, in the columns' order.
  public let rows: [[String]]

  /// Makes a table of its columns' names and its rows' cells.
  public init(columns: [String], rows: [[String]]) {
    self.columns = columns
    self.rows = rows
  }
}

/// A target with tables on its own state, which `info os` shows (GDB manual, "Operating System Information").
public protocol OSDataTarget: AnyObject {
  /// The tables that there are.
  var osDataTypes: [OSDataType] { get }

  /// The table as it is now.
  ///
  /// - Parameter name: what the client types behind `info os`.
  /// - Returns: the table; nil where there is none of that name.
  /// - Throws: why a table that there is cannot be had.
  func osDataTable(_ name: String) throws(TargetError) -> OSDataTable?
}

extension OSDataTable {
  /// The table of the tables, which the client asks for by an empty name.
  init(of types: [OSDataType]) {
    self.init(
      columns: ["Type", "Description", "Title"], rows: types.map { [$0.name, $0.description, $0.title] })
  }

  /// The document of `qXfer:osdata` (GDB manual, "Operating System Information").
  ///
  /// - Parameter type: the table's name.
  /// - Returns: the document.
  func document(type: String) -> [UInt8] {
    var xml = XMLText(documentType: "target SYSTEM \"osdata.dtd\"")
    xml.element("osdata", [("type", type)]) { xml in
      for row in rows {
        xml.element("item") { xml in
          for (column, cell) in zip(columns, row) { xml.element("column", [("name", column)], text: cell) }
        }
      }
    }
    return xml.bytes
  }
}
