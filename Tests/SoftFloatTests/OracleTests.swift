import Foundation
import SoftFloat
import Testing

@Suite("Against QEMU's arithmetic")
struct OracleTests {
  /// The committed cases, or those in the file that `HVGDB_FLOAT_CASES` names.
  static func cases() throws -> [OracleCase] {
    let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/cases.txt")
    let named = ProcessInfo.processInfo.environment["HVGDB_FLOAT_CASES"].map { URL(filePath: $0) }
    let lines = try String(contentsOf: named ?? fixtures, encoding: .utf8).split(separator: "\n")
    return try lines.map { try #require(OracleCase(line: $0)) }
  }

  /// With FPSR clear results are computed or shown to be exact, with IXC set the host computes most of them.
  @Test("Results and flags are the same", arguments: [0, FPException.inexact.rawValue])
  func agrees(fpsr: UInt64) throws {
    let cases = try Self.cases()
    #expect(cases.count > 5000)
    let failures = cases.filter { oracleCase in
      var expected = oracleCase.expected
      expected.fpsr |= fpsr
      return oracleCase.answer(fpsr: fpsr) != expected
    }
    let shown = failures.prefix(20).map { "\($0): \($0.answer(fpsr: fpsr).map(String.init(describing:)) ?? "unknown")" }
    #expect(failures.count == 0, "\(failures.count) of \(cases.count) differ:\n\(shown.joined(separator: "\n"))")
  }
}
