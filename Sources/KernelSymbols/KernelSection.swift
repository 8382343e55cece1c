public import Bits

/// A part of a kernel between two places that its symbols tell.
public struct KernelSection: Sendable, Equatable {
  /// Its name in the manner of ELF, such as `.init.text`.
  public let name: String
  /// The addresses that it is linked to.
  public let range: Range<GuestVirtual>
  /// Whether it holds code.
  public let isCode: Bool

  /// The name that sections start with at a symbol of the linker script; of two at one address the later one counts.
  private static let starts: [(symbol: String, name: String)] = [
    ("_text", ".head.text"), ("_stext", ".text"), ("_etext", ".rodata"), ("__start_rodata", ".rodata"),
    ("__init_begin", ".init.text"), ("_sinittext", ".init.text"), ("_einittext", ".init.data"),
    ("__initdata_begin", ".init.data"), ("_data", ".data"), ("_sdata", ".data"), ("__bss_start", ".bss"),
    ("__brk_base", ".brk"),
  ]

  /// More changes between code and data than any linker script makes: they are damage, and make no sections.
  private static let mostChanges = 64

  /// Divides a kernel by its symbols.
  ///
  /// Where code follows data or the other way round with no symbol of the linker script between them, the kinds of the
  /// symbols tell: nm takes them from the flags of the real sections.
  ///
  /// - Parameters:
  ///   - range: all of the kernel.
  ///   - entries: its symbols in ascending order.
  ///   - addressOf: the address of the first symbol of a name.
  /// - Returns: the sections in ascending order, which leave no gap.
  static func sections(
    of range: Range<GuestVirtual>, _ entries: [SymbolEntry], addressOf: (String) -> UInt64?
  ) -> [KernelSection] {
    var marks: [Mark] = [Mark(address: range.lowerBound.rawValue, name: ".head.text")]
    for start in starts {
      guard let address = addressOf(start.symbol), range.contains(GuestVirtual(address)) else { continue }
      marks.append(Mark(address: address, name: start.name))
    }
    // Sorting is stable, so that the later name wins below.
    marks.sort { $0.address < $1.address }
    let changes = changes(entries.filter { range.contains(GuestVirtual($0.address)) }, marks)
    if changes.count <= mostChanges {
      marks += changes
      marks.sort { $0.address < $1.address }
    }
    return join(marks, upTo: range.upperBound)
  }

  /// Where a section starts.
  private struct Mark {
    let address: UInt64
    let name: String

    var isCode: Bool { name.hasSuffix("text") }

    /// What the same part of a kernel calls code in its data, or data in its code.
    func opposite(at address: UInt64) -> Mark {
      switch name {
      case _ where isCode: Mark(address: address, name: name.dropLast(4) + "data")
      case ".init.data", ".data": Mark(address: address, name: name.dropLast(4) + "text")
      default: Mark(address: address, name: name + ".text")
      }
    }
  }

  /// Where the symbols change between code and data without a mark.
  private static func changes(_ entries: [SymbolEntry], _ marks: [Mark]) -> [Mark] {
    var changes: [Mark] = []
    var current = marks[0]
    var next = 1
    var position = 0
    while position < entries.count, changes.count <= mostChanges {
      let address = entries[position].address
      let end = entries[position...].firstIndex { $0.address != address } ?? entries.count
      defer { position = end }
      while next < marks.count, marks[next].address <= address {
        current = marks[next]
        next += 1
      }
      let symbols = entries[position..<end].lazy.filter { $0.place == nil && !$0.kind.isAbsolute }
      if !symbols.isEmpty, symbols.contains(where: \.kind.isCode) != current.isCode {
        current = current.opposite(at: address)
        changes.append(current)
      }
    }
    return changes
  }

  /// The sections between the marks; neighbours of one name are one.
  private static func join(_ marks: [Mark], upTo end: GuestVirtual) -> [KernelSection] {
    var starts: [Mark] = []
    for mark in marks {
      if starts.last?.address == mark.address { starts.removeLast() }
      if starts.last?.name != mark.name { starts.append(mark) }
    }
    let ends = starts.dropFirst().map { GuestVirtual($0.address) } + [end]
    return zip(starts, ends).map {
      KernelSection(name: $0.name, range: GuestVirtual($0.address)..<$1, isCode: $0.isCode)
    }
  }
}
