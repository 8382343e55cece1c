/// A file of cases that Tests/Oracle made; its cases.py defines the format.
struct CaseFile {
  /// The cases of a class of instructions.
  struct Section {
    let name: String
    let cases: [OracleCase]
  }

  /// What is wrong with a file, and where.
  struct Fault: Error, Equatable {
    let reason: String
    let offset: Int
  }

  let sections: [Section]

  init(_ bytes: [UInt8]) throws(Fault) {
    var reader = Reader(bytes: bytes)
    for byte in "A64CASES".utf8 where try reader.take(UInt8.self) != byte { throw reader.fault("not a file of cases") }
    var sections: [Section] = []
    while !reader.isAtEnd { sections.append(try reader.takeSection()) }
    self.sections = sections
  }
}

/// Takes the parts of a file in their order.
private struct Reader {
  let bytes: [UInt8]
  var position = 0

  var isAtEnd: Bool { position == bytes.count }

  func fault(_ reason: String) -> CaseFile.Fault { CaseFile.Fault(reason: reason, offset: position) }

  mutating func take<Value: FixedWidthInteger>(_: Value.Type) throws(CaseFile.Fault) -> Value {
    let count = Value.bitWidth / 8
    guard bytes.count - position >= count else { throw fault("ends early") }
    let value = bytes[position..<position + count].reversed().reduce(Value(0)) { $0 << 8 | Value($1) }
    position += count
    return value
  }

  mutating func takeSection() throws(CaseFile.Fault) -> CaseFile.Section {
    var name: [UInt8] = []
    for _ in 0..<(try take(UInt8.self)) { name.append(try take(UInt8.self)) }
    var cases: [OracleCase] = []
    for _ in 0..<(try take(UInt32.self)) { cases.append(try takeCase()) }
    return CaseFile.Section(name: String(decoding: name, as: UTF8.self), cases: cases)
  }

  private mutating func takeCase() throws(CaseFile.Fault) -> OracleCase {
    let start = position
    let wordCount = try take(UInt8.self)
    let inputCount = try take(UInt8.self)
    var words: [UInt32] = []
    for _ in 0..<wordCount { words.append(try take(UInt32.self)) }
    let inputs = try takeValues(inputCount)
    guard let outcome = OracleOutcome(rawValue: try take(UInt8.self)) else { throw fault("no such outcome") }
    let values = try takeValues(try take(UInt8.self))
    return OracleCase(
      words: words, inputs: inputs, result: OracleResult(outcome: outcome, values: values), bytes: start..<position)
  }

  private mutating func takeValues(_ count: UInt8) throws(CaseFile.Fault) -> [StateValue] {
    var values: [StateValue] = []
    for _ in 0..<count { values.append(try takeValue()) }
    return values
  }

  private mutating func takeValue() throws(CaseFile.Fault) -> StateValue {
    let id = Int(try take(UInt8.self))
    switch id {
    case 0...30: return StateValue(.general(id), UInt128(try take(UInt64.self)))
    case 31: return StateValue(.stackPointer, UInt128(try take(UInt64.self)))
    case 32: return StateValue(.programCounter, UInt128(try take(UInt64.self)))
    case 33: return StateValue(.flags, UInt128(try take(UInt32.self)))
    case 34: return StateValue(.fpcr, UInt128(try take(UInt32.self)))
    case 35: return StateValue(.fpsr, UInt128(try take(UInt32.self)))
    case 36: return StateValue(.threadPointer, UInt128(try take(UInt64.self)))
    case 37: return StateValue(.faultAddress, UInt128(try take(UInt64.self)))
    case 64..<96: return StateValue(.vector(id - 64), try take(UInt128.self))
    case 128:
      let offset = Int(try take(UInt16.self))
      guard offset % 8 == 0, offset < CaseState.pageSize else { throw fault("an offset beyond the scratch page") }
      return StateValue(.memory(offset), UInt128(try take(UInt64.self)))
    default: throw fault("no such part of the state")
    }
  }
}
