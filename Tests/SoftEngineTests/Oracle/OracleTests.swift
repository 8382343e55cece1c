import Foundation
import Testing

/// The software CPU against an independent implementation, state for state (Docs/Testing.md).
///
/// The cases are those in Fixtures, or in the directory that `HVGDB_ORACLE_CASES` names; the ones that fail are then
/// written to files of the same names in the directory that `HVGDB_ORACLE_FAILURES` names.
struct OracleTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures")

  /// The files of cases.
  private static let files: [URL] = {
    let directory = environment["HVGDB_ORACLE_CASES"].map { URL(filePath: $0) } ?? fixtures
    let files = try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
    return (files ?? []).filter { $0.pathExtension == "cases" }.sorted { $0.path < $1.path }
  }()

  @Test func thereAreCases() { #expect(!Self.files.isEmpty) }

  @Test(arguments: Self.files) func agrees(file: URL) throws {
    let bytes = [UInt8](try Data(contentsOf: file))
    let machine = try CaseMachine()
    var failures = CaseFileWriter()
    for section in try CaseFile(bytes).sections {
      let disagreements = section.cases.compactMap { Disagreement(of: $0, on: machine) }
      guard !disagreements.isEmpty else { continue }
      failures.append(section.name, disagreements.map { bytes[$0.example.bytes] })
      Issue.record(
        """
        \(section.name): \(disagreements.count) of \(section.cases.count) cases disagree, such as
        \(disagreements.prefix(5).map(\.description).joined(separator: "\n"))
        """)
    }
    if let path = Self.environment["HVGDB_ORACLE_FAILURES"], !failures.isEmpty {
      try Data(failures.bytes).write(to: URL(filePath: path).appending(path: file.lastPathComponent))
    }
  }
}

/// A case of which the software CPU makes something else than the oracle.
private struct Disagreement: CustomStringConvertible {
  let example: OracleCase
  let description: String

  /// Executes a case; nil where all is as the oracle has it.
  init?(of example: OracleCase, on machine: CaseMachine) {
    self.example = example
    let words = example.words.map { String($0, radix: 16) }.joined(separator: " ")
    let inputs = example.inputs.map(\.description).joined(separator: " ")
    do {
      let result = try machine.execute(example)
      guard !result.agrees(with: example.result) else { return nil }
      description = "  \(words) with \(inputs)\n    oracle: \(example.result)\n    here:   \(result)"
    } catch {
      description = "  \(words) with \(inputs)\n    oracle: \(example.result)\n    here:   \(error)"
    }
  }
}

extension OracleResult: CustomStringConvertible {
  var description: String { "\(outcome) \(values.map(\.description).joined(separator: " "))" }

  /// Whether all is the same, but for an address that the oracle does not know or tells without its tag.
  func agrees(with oracle: OracleResult) -> Bool {
    let tag: UInt128 = 0xff << 56
    return outcome == oracle.outcome && values.count == oracle.values.count
      && zip(values, oracle.values).allSatisfy { mine, its in
        if mine.part == .faultAddress && its.part == .faultAddress {
          return its.value == 0 || mine.value & ~tag == its.value & ~tag
        }
        return mine == its
      }
  }
}

/// Makes a file of cases that are in other files.
private struct CaseFileWriter {
  private(set) var bytes = Array("A64CASES".utf8)
  private(set) var isEmpty = true

  mutating func append(_ name: String, _ cases: [ArraySlice<UInt8>]) {
    isEmpty = false
    bytes.append(UInt8(clamping: name.utf8.count))
    bytes.append(contentsOf: name.utf8.prefix(255))
    withUnsafeBytes(of: UInt32(clamping: cases.count).littleEndian) { bytes.append(contentsOf: $0) }
    for example in cases { bytes.append(contentsOf: example) }
  }
}
