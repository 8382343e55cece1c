import Architecture
import Foundation
import Testing

@testable import X86

@Suite("Register table and gdb") struct X86RegisterXMLTests {
  @Test("gdb loads the description and shows its registers", .enabled(if: amd64GDB != nil, "no gdb for amd64 here"))
  func gdbLoadsDescription() throws {
    let gdb = try #require(amd64GDB)
    for hasAVX in [false, true] {
      let file = FileManager.default.temporaryDirectory.appending(path: "hvgdb-tdesc-\(UUID().uuidString).xml")
      defer { try? FileManager.default.removeItem(at: file) }
      let table = X86RegisterFile(hasAVX: hasAVX).table
      try description(of: table).write(to: file, atomically: true, encoding: .utf8)
      let (status, output) = try run(
        gdb,
        [
          "-nx", "-batch", "-ex", "set architecture i386:x86-64", "-ex", "set tdesc filename \(file.path)",
          "-ex", "maint print remote-registers", "-ex", "ptype $cr0", "-ex", "ptype $eflags", "-ex", "ptype $cs_attr",
          "-ex", "ptype $lstar", "-ex", "ptype $xmm0",
        ])
      #expect(status == 0, "\(output)")
      #expect(!output.lowercased().contains("warning"), "\(output)")
      #expect(output.contains("PG") && output.contains("IOPL") && output.contains("DPL"), "\(output)")
      #expect(output.contains("(*)()") && output.contains("v4_float"), "\(output)")
      // gdb numbers registers of the protocol as this table does; pseudo registers have no number there.
      let numbers = remoteNumbers(in: output)
      for (number, register) in table.registers.enumerated() {
        #expect(numbers[register.name] == number, "\(register.name)")
      }
    }
  }

  /// The names and protocol numbers of `maint print remote-registers`.
  private func remoteNumbers(in output: String) -> [String: Int] {
    var numbers: [String: Int] = [:]
    for line in output.split(separator: "\n") {
      // Name, gdb's number, relative number, offset, size, type, protocol number, offset in g.
      let words = line.split(separator: " ").map { String($0) }
      guard words.count >= 8, Int(words[1]) != nil, let number = Int(words[words.count - 2]) else { continue }
      numbers[words[0]] = number
    }
    return numbers
  }

  /// The target description, written here in the plainest way: what is tested is the table.
  private func description(of table: RegisterTable) -> String {
    var xml = "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
    xml += "<architecture>\(table.gdbArchitecture)</architecture>"
    for feature in table.features {
      xml += "<feature name=\"\(feature.name)\">"
      for type in feature.types {
        switch type {
        case .vector(let id, let element, let count):
          xml += "<vector id=\"\(id)\" type=\"\(element)\" count=\"\(count)\"/>"
        case .union(let id, let fields):
          let inner = fields.map { "<field name=\"\($0.name)\" type=\"\($0.type)\"/>" }.joined()
          xml += "<union id=\"\(id)\">\(inner)</union>"
        case .flags(let id, let byteCount, let fields):
          let inner = fields.map {
            "<field name=\"\($0.name)\" start=\"\($0.bits.lowerBound)\" end=\"\($0.bits.upperBound)\"/>"
          }.joined()
          xml += "<flags id=\"\(id)\" size=\"\(byteCount)\">\(inner)</flags>"
        }
      }
      for register in feature.registers {
        xml += "<reg name=\"\(register.name)\" bitsize=\"\(register.bitWidth)\" type=\"\(register.type)\""
        if let group = register.group { xml += " group=\"\(group)\"" }
        xml += register.isSavedAroundCalls ? "/>" : " save-restore=\"no\"/>"
      }
      xml += "</feature>"
    }
    return xml + "</target>"
  }
}

/// A gdb that knows amd64.
private let amd64GDB = ["gdb-multiarch", "gdb"].lazy.compactMap { tool($0) }.first
