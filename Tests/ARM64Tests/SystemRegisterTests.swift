import Bits
import Foundation
import Testing

@testable import ARM64

@Suite("System registers") struct SystemRegisterTests {
  @Test("names and encodings as the manual has them")
  func encodings() throws {
    let expected: [(String, String, UInt16)] = [
      ("MIDR_EL1", "S3_0_C0_C0_0", 0xc000), ("MPIDR_EL1", "S3_0_C0_C0_5", 0xc005),
      ("SCTLR_EL1", "S3_0_C1_C0_0", 0xc080), ("TTBR1_EL1", "S3_0_C2_C0_1", 0xc101),
      ("TCR_EL1", "S3_0_C2_C0_2", 0xc102), ("MAIR_EL1", "S3_0_C10_C2_0", 0xc510),
      ("SP_EL1", "S3_4_C4_C1_0", 0xe208), ("CNTVCT_EL0", "S3_3_C14_C0_2", 0xdf02),
      ("MDSCR_EL1", "S2_0_C0_C2_2", 0x8012), ("DBGBCR5_EL1", "S2_0_C0_C5_5", 0x802d),
      ("PMEVCNTR30_EL0", "S3_3_C14_C11_6", 0xdf5e), ("ICC_AP1R0_EL1", "S3_0_C12_C9_0", 0xc648),
    ]
    for (name, generic, encoding) in expected {
      let register = try #require(SystemRegister(named: name))
      #expect(register.rawValue == encoding)
      #expect(register.description == name)
      #expect(register.genericName.uppercased() == generic)
      #expect(SystemRegister(named: generic) == register)
      #expect(SystemRegister(named: name.lowercased()) == register)
    }
  }

  @Test("every encoding has a name that leads back to it")
  func roundTrip() {
    let some = stride(from: UInt16.min, through: .max, by: 7).map { SystemRegister(rawValue: $0) }
    for register in some + SystemRegisterTable.all.map(\.register)
    where SystemRegister(named: register.name) != register || SystemRegister(named: register.genericName) != register {
      Issue.record("\(register.genericName) is lost behind \(register.name)")
      return
    }
    #expect(!SystemRegister(rawValue: 0xffff).hasArchitecturalName)
  }

  @Test("no name and no encoding stands twice in the table")
  func unique() {
    let all = SystemRegisterTable.all
    #expect(all.count > 400)
    #expect(Set(all.map(\.name)).count == all.count)
    #expect(Set(all.map(\.register)).count == all.count)
  }

  @Test(
    "what is no name is nil",
    arguments: [
      "", "x0", "sctlr", "s3_0_c1_c0", "s3_0_c1_c0_0_0", "s4_0_c1_c0_0", "s3_8_c1_c0_0", "s3_0_c16_c0_0", "s3_0_1_c0_0",
      "s3_0_c1_c0_+0", "s03_0_c1_c0_0", "s3_0_c1_c0_8", "t3_0_c1_c0_0", "____", "s3_0_c999_c0_0",
    ])
  func noName(name: String) {
    #expect(SystemRegister(named: name) == nil)
  }

  @Test(
    "every name means to clang's assembler what it means here",
    .enabled(if: tool("clang") != nil && tool("llvm-objcopy") != nil, "no clang here"))
  func assembler() throws {
    let clang = try #require(tool("clang"))
    let objcopy = try #require(tool("llvm-objcopy"))
    // The registers that can only be written.
    let writeOnly = [
      "oslar_el1", "pmswinc_el0", "pmzr_el0", "icc_eoir0_el1", "icc_eoir1_el1", "icc_dir_el1", "icc_sgi0r_el1",
      "icc_sgi1r_el1", "icc_asgi1r_el1",
    ]
    let lines = SystemRegisterTable.all.map {
      writeOnly.contains($0.name) ? "msr \($0.name), x0" : "mrs x0, \($0.name)"
    }
    try withTemporaryFolder { folder in
      let source = folder.appending(path: "registers.s").path
      let object = folder.appending(path: "registers.o").path
      let binary = folder.appending(path: "registers.bin").path
      try lines.joined(separator: "\n").appending("\n").write(toFile: source, atomically: true, encoding: .utf8)
      let features = "armv9.5-a+sme2+memtag+rng+profile+gcs+the+d128+fp8"
      let assembly = try run(clang, ["--target=aarch64-none-elf", "-march=\(features)", "-c", source, "-o", object])
      try #require(assembly.status == 0, "\(assembly.output)")
      try #require(run(objcopy, ["-O", "binary", "-j", ".text", object, binary]).status == 0)
      let code = try [UInt8](Data(contentsOf: URL(fileURLWithPath: binary)))
      try #require(code.count == 4 * lines.count)
      for (number, entry) in SystemRegisterTable.all.enumerated() {
        let word: UInt32 = try #require(code.littleEndian(at: 4 * number))
        // Bit 20 of the instruction is clear for none of these, since op0 is 2 or 3.
        #expect(UInt16(truncatingIfNeeded: word[bits: 5...20]) == entry.register.rawValue, "\(entry.name)")
      }
    }
  }
}
