import Testing

@testable import ARM64

@Suite("System registers") struct SystemRegisterTests {
  @Test("generic names")
  func names() throws {
    let unknown = SystemRegister(op0: 3, op1: 3, crn: 15, crm: 2, op2: 7)
    #expect(unknown.name == "s3_3_c15_c2_7")
    #expect(unknown.description == "S3_3_C15_C2_7")
    #expect(SystemRegister(named: "S3_3_C15_C2_7") == unknown)
    #expect(SystemRegister(named: "s3_0_c1_c0_0") == .sctlrEL1)
    #expect(SystemRegister(named: "Sctlr_El1") == .sctlrEL1)
    #expect(SystemRegister.sctlrEL1.description == "SCTLR_EL1")
  }
}
