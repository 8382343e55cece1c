import Architecture
import Foundation
import Testing

@testable import ARM64
@testable import GDBRemote

@Suite("Register table") struct ARM64RegisterFileTests {
  private let all = SystemRegisterTable.all.map(\.register)

  @Test("numbers are those of gdb's aarch64 features")
  func numbers() throws {
    let file = ARM64RegisterFile(systemRegisters: [.tpidrEL0, .sctlrEL1])
    let expected: [(String, ARM64Register, Int)] = [
      ("x0", .general(0), 0), ("x30", .general(30), 30), ("sp", .sp, 31), ("pc", .pc, 32), ("cpsr", .pstate, 33),
      ("v0", .vector(0), 34), ("v31", .vector(31), 65), ("fpsr", .fpsr, 66), ("fpcr", .fpcr, 67),
    ]
    for (name, register, number) in expected {
      #expect(file.table.index(named: name) == RegisterIndex(number), "\(name)")
      #expect(file.index(of: register) == RegisterIndex(number), "\(name)")
      #expect(file.registers[number] == register)
    }
    #expect(file.table.generalCount == 68)
    #expect(file.table.programCounter == RegisterIndex(32))
    #expect(file.table.stackPointer == RegisterIndex(31))
    #expect(file.table.expedited.map(\.rawValue) == [29, 30, 31, 32])
    #expect(file.registers[68] == .system(.tpidrEL0))
    #expect(file.table[RegisterIndex(68)]?.name == "tpidr")
    #expect(file.table.features.map(\.name).last == "org.hvgdb.aarch64.system")
  }

  @Test("SVE's registers take the place of V0 to V31", arguments: [16, 32, 64, 256])
  func sve(vectorLength: Int) throws {
    let table = ARM64RegisterFile(systemRegisters: [], vectorLength: vectorLength).table
    let expected = [
      ("z0", 34, vectorLength), ("z31", 65, vectorLength), ("fpsr", 66, 4), ("fpcr", 67, 4),
      ("p0", 68, vectorLength / 8), ("p15", 83, vectorLength / 8), ("ffr", 84, vectorLength / 8), ("vg", 85, 8),
    ]
    for (name, number, byteCount) in expected {
      #expect(table.index(named: name) == RegisterIndex(number), "\(name)")
      #expect(table[RegisterIndex(number)]?.byteCount == byteCount, "\(name)")
    }
    #expect(table.index(named: "v0") == nil)
    #expect(table.expedited.contains(RegisterIndex(85)))
  }

  @Test("a vector length that SVE does not have is no SVE", arguments: [0, -16, 8, 24, 272])
  func noVectorLength(vectorLength: Int) {
    let table = ARM64RegisterFile(systemRegisters: [], vectorLength: vectorLength).table
    #expect(table.index(named: "v31") == RegisterIndex(65))
    #expect(table.index(named: "z0") == nil)
  }

  @Test("system registers are those given, each once, the unknown ones last")
  func systemRegisters() throws {
    let unknown = SystemRegister(op0: 3, op1: 3, crn: 15, crm: 2, op2: 7)
    let file = ARM64RegisterFile(systemRegisters: [unknown, .vbarEL1, .sctlrEL1, .midrEL1, .sctlrEL1])
    let system = try #require(file.table.features.last)
    #expect(system.registers.map(\.name) == ["midr_el1", "sctlr_el1", "vbar_el1", "s3_3_c15_c2_7"])
    #expect(system.registers.map(\.type) == ["arm64_midr", "arm64_sctlr", "code_ptr", "int64"])
    #expect(system.registers.allSatisfy { $0.bitWidth == 64 && !$0.isSavedAroundCalls && $0.group == "system" })
    #expect(system.types.count == 2)
    #expect(file.index(of: .system(unknown)) == file.table.index(named: "s3_3_c15_c2_7"))
    #expect(file.index(of: .system(.tcrEL1)) == nil)
  }

  @Test("every register has one number and one name")
  func roundTrip() throws {
    let file = ARM64RegisterFile(systemRegisters: all, vectorLength: 64, hasPointerAuthentication: true)
    #expect(file.registers.count == file.table.registers.count)
    #expect(Set(file.table.registers.map(\.name)).count == file.registers.count)
    for (number, register) in file.registers.enumerated() {
      let description = try #require(file.table[RegisterIndex(number)])
      #expect(file.table.index(named: description.name) == RegisterIndex(number))
      // The thread pointers have gdb's name and their own.
      if !["tpidr", "tpidr2"].contains(description.name) { #expect(file.index(of: register) == RegisterIndex(number)) }
    }
  }

  @Test("flags have fields in order, without overlap, inside the register")
  func fields() throws {
    let file = ARM64RegisterFile(systemRegisters: all, hasPointerAuthentication: true)
    var count = 0
    for type in file.table.features.flatMap(\.types) {
      guard case .flags(let id, let byteCount, let fields) = type else { continue }
      count += 1
      var next = 0
      for field in fields {
        #expect(field.bits.lowerBound >= next, "\(id) \(field.name)")
        next = field.bits.upperBound + 1
      }
      #expect(next <= byteCount * 8, "\(id)")
      #expect(Set(fields.map(\.name)).count == fields.count, "\(id)")
    }
    #expect(count > 30)
  }

  @Test(
    "gdb loads the description and numbers its registers alike", .enabled(if: tool("gdb-multiarch") != nil, "no gdb"),
    arguments: [nil, 16, 256])
  func gdbLoadsDescription(vectorLength: Int?) throws {
    let gdb = try #require(tool("gdb-multiarch"))
    let table = ARM64RegisterFile(
      systemRegisters: all, vectorLength: vectorLength, hasPointerAuthentication: true
    ).table
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "target.xml")
      try Data(TargetDescriptionWriter.document(for: table)).write(to: file)
      let (status, output) = try run(
        gdb,
        [
          "-nx", "-batch", "-ex", "set architecture aarch64", "-ex", "set tdesc filename \(file.path)",
          "-ex", "maint print remote-registers", "-ex", "ptype $sctlr_el1", "-ex", "ptype $cpsr",
          "-ex", "ptype $vbar_el1", "-ex", "ptype $v0", "-ex", "ptype $id_aa64mmfr0_el1",
        ])
      #expect(status == 0, "\(output)")
      #expect(!output.lowercased().contains("warning"), "\(output)")
      for word in ["WXN", "PAN", "(*)()", "TGran4_2"] {
        #expect(output.contains(word), "\(word)")
      }
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
}
