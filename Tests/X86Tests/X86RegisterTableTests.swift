import Architecture
import Testing

@testable import X86

@Suite("Register table") struct X86RegisterTableTests {
  @Test("numbers are those of gdb's amd64 features, with and without AVX", arguments: [false, true])
  func numbers(hasAVX: Bool) throws {
    let file = X86RegisterFile(hasAVX: hasAVX)
    let expected: [(String, X86Register, Int)] = [
      ("rax", .general(.rax), 0), ("rbx", .general(.rbx), 1), ("rsi", .general(.rsi), 4), ("rbp", .general(.rbp), 6),
      ("rsp", .general(.rsp), 7), ("r15", .general(.r15), 15), ("rip", .rip, 16), ("eflags", .rflags, 17),
      ("cs", .selector(.cs), 18), ("ss", .selector(.ss), 19), ("gs", .selector(.gs), 23), ("st0", .x87(0), 24),
      ("fctrl", .x87Control(.fctrl), 32), ("fop", .x87Control(.fop), 39), ("xmm0", .xmm(0), 40),
      ("xmm15", .xmm(15), 55), ("mxcsr", .mxcsr, 56), ("fs_base", .base(.fs), 57), ("gs_base", .base(.gs), 58),
      ("cr0", .control(0), 59), ("cr2", .control(2), 60), ("efer", .efer, 64),
    ]
    for (name, register, number) in expected {
      #expect(file.table.index(named: name) == RegisterIndex(number), "\(name)")
      #expect(file.index(of: register) == RegisterIndex(number), "\(name)")
      #expect(file.registers[number] == register)
    }
    #expect(file.table.generalCount == 59)
    #expect(file.table.programCounter == RegisterIndex(16))
    #expect(file.table.stackPointer == RegisterIndex(7))
    #expect(file.table.expedited.map(\.rawValue) == [6, 7, 16])
  }

  @Test("every register has one number, one name and a width", arguments: [false, true])
  func roundTrip(hasAVX: Bool) throws {
    let file = X86RegisterFile(hasAVX: hasAVX)
    #expect(file.registers.count == file.table.registers.count)
    #expect(Set(file.registers).count == file.registers.count)
    #expect(Set(file.table.registers.map(\.name)).count == file.registers.count)
    for (number, register) in file.registers.enumerated() {
      #expect(file.index(of: register) == RegisterIndex(number))
      let description = try #require(file.table[RegisterIndex(number)])
      #expect(file.table.index(named: description.name) == RegisterIndex(number))
      #expect([16, 32, 64, 80, 128].contains(description.bitWidth), "\(description.name)")
    }
    #expect((file.index(of: .ymmHigh(0)) != nil) == hasAVX)
    #expect(file.index(of: .control(1)) == nil)
  }
}
