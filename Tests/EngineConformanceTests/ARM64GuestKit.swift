import ARM64
import Architecture
import Bits
import CPUEngine
import GuestMemory
import Machine

@testable import HVGDBCommand

/// The tiny guests of arm64, with the MMU off and a GICv3 as the `virt` board has it.
///
/// They take a machine in its state after power-on.
struct ARM64GuestKit: GuestKit {
  static let ram = [(start: VirtMemoryMap.ram, count: UInt64(4) << 20)]

  let handlerMark: UInt64 = 0x100
  let interruptLine = line
  /// A shared peripheral interrupt that no device of the board has.
  private static let line: UInt32 = 5

  let counter: RegisterIndex
  let value: RegisterIndex
  let pointer: RegisterIndex
  let entry = GuestVirtual(0x4008_0000)
  let data = GuestVirtual(0x4020_0000)
  let doorbell = GuestPhysical(0x1000_0000)

  private let registerFile: ARM64RegisterFile
  private static let vectors = GuestPhysical(0x4010_0000)
  private static let stackTop: UInt64 = 0x4018_0000
  private static let userState = PSTATE(rawValue: 0x3C0)  // EL0t, all masked

  /// Takes the registers of the machine that is to run the guests.
  init(_ registerFile: ARM64RegisterFile) throws(EngineError) {
    self.registerFile = registerFile
    counter = try Self.index(of: .general(19), in: registerFile)
    value = try Self.index(of: .general(20), in: registerFile)
    pointer = try Self.index(of: .general(21), in: registerFile)
  }

  private static func index(
    of register: ARM64Register, in registerFile: ARM64RegisterFile
  ) throws(EngineError) -> RegisterIndex {
    guard let index = registerFile.index(of: register) else {
      throw EngineError("the register table lacks \(register)")
    }
    return index
  }

  func load(
    _ role: GuestProgram.Role, into machine: any VirtualMachine, on cpu: any VirtualCPU, privilege: GuestPrivilege
  ) throws(EngineError) -> GuestProgram {
    let program = program(role)
    program.code.withUnsafeBytes { _ = machine.memory.write(at: GuestPhysical(entry.rawValue), from: $0) }
    Self.vectorTable.withUnsafeBytes { _ = machine.memory.write(at: Self.vectors, from: $0) }
    var values: [(RegisterIndex, UInt64)] = []
    for (register, value) in registers(for: role, privilege) {
      values.append((try Self.index(of: register, in: registerFile), value))
    }
    try cpu.setValues(values)
    return program
  }

  private func registers(
    for role: GuestProgram.Role, _ privilege: GuestPrivilege
  ) -> [(ARM64Register, UInt64)] {
    let isDevice = role != .accessingMemory
    return [
      // The state comes first: it says which stack pointer SP is.
      (.pstate, (privilege == .user ? Self.userState : .kernelEntry).rawValue),
      (.pc, entry.rawValue),
      (.sp, Self.stackTop),
      (.system(.vbarEL1), Self.vectors.rawValue),
      (.general(19), 0),
      (.general(20), 0),
      (.general(21), isDevice ? doorbell.rawValue : data.rawValue),
      (.general(22), doorbell.rawValue),
    ]
  }
}

// MARK: - Code

extension ARM64GuestKit {
  func program(_ role: GuestProgram.Role) -> GuestProgram {
    switch role {
    case .counting: Self.program(Self.countingLoop)
    case .accessingMemory: Self.accessingMemory
    case .softwareBreakpoint: Self.softwareBreakpoint
    case .undefinedInstruction: Self.program([0x0000_0000])  // udf #0
    case .interruptible: Self.interruptible
    case .accessingDevice: Self.accessingDevice
    }
  }

  /// A breakpoint on every other instruction of the loop uses up all 16 that the architecture may have.
  private static let nopCount = 32

  /// Instructions one after the other.
  private static func program(_ instructions: [UInt32], loopStart: Int = 0) -> GuestProgram {
    GuestProgram(
      code: bytes(instructions), instructions: (loopStart..<instructions.count).map { 4 * UInt64($0) })
  }

  private static func bytes(_ instructions: [UInt32]) -> [UInt8] {
    var bytes: [UInt8] = []
    for instruction in instructions { bytes.appendLittleEndian(instruction) }
    return bytes
  }

  /// `b` back over so many instructions; 0 is to itself.
  private static func branchBack(over count: Int) -> UInt32 {
    0x1400_0000 | UInt32(truncatingIfNeeded: -count) & 0x03FF_FFFF
  }

  private static let incrementCounter: UInt32 = 0x9100_0673  // add x19, x19, #1
  private static let ring: UInt32 = 0xF900_02D3  // str x19, [x22]

  private static let countingLoop: [UInt32] = {
    let body = [incrementCounter] + Array(repeating: 0xD503_201F, count: nopCount)  // nop
    return body + [branchBack(over: body.count)]
  }()

  private static let accessingMemory = program([
    0xF900_02B3,  // str x19, [x21]
    incrementCounter,
    0xF940_06B4,  // ldr x20, [x21, #8]
    branchBack(over: 3),
  ])

  private static let softwareBreakpoint = program([
    incrementCounter,
    0xD420_0000,  // brk #0
    incrementCounter,
    ring,
    branchBack(over: 0),
  ])

  private static let accessingDevice = program([
    0x3900_02B3,  // strb w19, [x21]
    0x7900_12B3,  // strh w19, [x21, #8]
    0xB900_12B3,  // str w19, [x21, #16]
    0xF900_0EB3,  // str x19, [x21, #24]
    0x3940_82B4,  // ldrb w20, [x21, #32]
    0x7940_52B4,  // ldrh w20, [x21, #40]
    0xB940_32B4,  // ldr w20, [x21, #48]
    0xF940_1EB4,  // ldr x20, [x21, #56]
    branchBack(over: 0),
  ])

  /// The interrupt is a GICv3's number 37, bit 5 of the second word (Arm IHI 0069, sections 12.9 and 12.2); KVM's
  /// redistributors are awake, and after power-on every interrupt has the highest priority and goes to CPU 0.
  private static let interruptible: GuestProgram = {
    let setUp: [UInt32] = [
      0xD2A1_0009,  // mov x9, #0x8000000 (the distributor)
      0x5280_024A,  // mov w10, #0x12 (affinity routing, group 1)
      0xB900_012A,  // str w10, [x9] (GICD_CTLR)
      0x5280_040A,  // mov w10, #0x20
      0xB900_852A,  // str w10, [x9, #0x84] (GICD_IGROUPR1)
      0xB901_052A,  // str w10, [x9, #0x104] (GICD_ISENABLER1)
      0x5280_1FEA,  // mov w10, #0xff
      0xD518_460A,  // msr icc_pmr_el1, x10
      0x5280_002A,  // mov w10, #1
      0xD518_CCEA,  // msr icc_igrpen1_el1, x10
      0xD503_3FDF,  // isb
      0xD503_42FF,  // msr daifclr, #2
    ]
    return program(setUp + countingLoop, loopStart: setUp.count)
  }()

  // MARK: Handlers

  private static let markAndReturn: [UInt32] = [
    0x9104_0273,  // add x19, x19, #0x100
    ring,
    0xD69F_03E0,  // eret
  ]

  /// A breakpoint instruction is passed; any other one that faults is returned to.
  private static let synchronousHandler: [UInt32] =
    [
      0xD538_5209,  // mrs x9, esr_el1
      0xD35A_FD29,  // lsr x9, x9, #26
      0xF100_F13F,  // cmp x9, #0x3c
      0x5400_0081,  // b.ne past the next three
      0xD538_4029,  // mrs x9, elr_el1
      0x9100_1129,  // add x9, x9, #4
      0xD518_4029,  // msr elr_el1, x9
    ] + markAndReturn

  /// An interrupt is over for the GIC before the guest rings: it comes again while its line is high.
  private static let interruptHandler: [UInt32] =
    [
      0xD538_CC09,  // mrs x9, icc_iar1_el1
      0xD518_CC29,  // msr icc_eoir1_el1, x9
    ] + markAndReturn

  /// Every fourth of the 16 vectors is for synchronous exceptions; a vector has room for 32 instructions.
  private static let vectorTable: [UInt8] = (0..<16).flatMap { vector in
    let handler = vector % 4 == 0 ? synchronousHandler : interruptHandler
    return bytes(handler + Array(repeating: 0, count: 32 - handler.count))
  }
}
