import ARM64
import Architecture
import Bits
import CPUEngine
import GuestMemory
import Machine

/// The tiny guests of arm64, with the MMU off and the interrupt controller where the `virt` board has it.
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

  let registerFile: ARM64RegisterFile
  private let gic: VirtTree.GIC
  private static let vectors = GuestPhysical(0x4010_0000)
  private static let stackTop: UInt64 = 0x4018_0000
  private static let userState = PSTATE(rawValue: 0x3C0)  // EL0t, all masked

  /// Takes the registers and the interrupt controller of the machine that is to run the guests.
  init(_ registerFile: ARM64RegisterFile, _ gic: VirtTree.GIC) throws(EngineError) {
    self.registerFile = registerFile
    self.gic = gic
    counter = try registerFile.place(of: .general(19))
    value = try registerFile.place(of: .general(20))
    pointer = try registerFile.place(of: .general(21))
  }

  func load(
    _ role: GuestProgram.Role, into machine: any VirtualMachine, on cpu: any VirtualCPU, privilege: GuestPrivilege
  ) throws(EngineError) -> GuestProgram {
    let program = program(role)
    program.code.withUnsafeBytes { _ = machine.memory.write(at: GuestPhysical(entry.rawValue), from: $0) }
    vectorTable.withUnsafeBytes { _ = machine.memory.write(at: Self.vectors, from: $0) }
    var values: [(RegisterIndex, UInt64)] = []
    for (register, value) in registers(for: role, privilege) {
      values.append((try registerFile.place(of: register), value))
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

extension ARM64RegisterFile {
  /// Where a register is in the table.
  ///
  /// - Throws: what is missing.
  func place(of register: ARM64Register) throws(EngineError) -> RegisterIndex {
    guard let index = index(of: register) else { throw EngineError("the register table lacks \(register)") }
    return index
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
    case .interruptible: interruptible
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

  /// After power-on every interrupt has the highest priority; the guest turns the distributor and its CPU interface on
  /// and takes IRQs.
  private var interruptible: GuestProgram {
    let setUp = (gic == .v3 ? Self.setUpGICv3 : Self.setUpGICv2) + [0xD503_42FF]  // msr daifclr, #2
    return Self.program(setUp + Self.countingLoop, loopStart: setUp.count)
  }

  /// The interrupt is number 37, bit 5 of the second word (Arm IHI 0069, sections 12.9 and 12.2); KVM's redistributors are
  /// awake, and interrupts go to CPU 0.
  private static let setUpGICv3: [UInt32] = [
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
  ]

  /// The same interrupt, sent to CPU 0 (Arm IHI 0048, sections 4.3 and 4.4).
  private static let setUpGICv2: [UInt32] = [
    0xD2A1_0009,  // mov x9, #0x8000000 (the distributor)
    0x5280_002A,  // mov w10, #1
    0xB900_012A,  // str w10, [x9] (GICD_CTLR)
    0x3920_952A,  // strb w10, [x9, #0x825] (GICD_ITARGETSR9)
    0x5280_040B,  // mov w11, #0x20
    0xB901_052B,  // str w11, [x9, #0x104] (GICD_ISENABLER1)
    0xD2A1_0029,  // mov x9, #0x8010000 (the CPU interface)
    0x5280_1FEB,  // mov w11, #0xff
    0xB900_052B,  // str w11, [x9, #4] (GICC_PMR)
    0xB900_012A,  // str w10, [x9] (GICC_CTLR)
  ]

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
  private var interruptHandler: [UInt32] {
    let end: [UInt32] =
      switch gic {
      case .v3:
        [
          0xD538_CC09,  // mrs x9, icc_iar1_el1
          0xD518_CC29,  // msr icc_eoir1_el1, x9
        ]
      case .v2:
        [
          0xD2A1_0029,  // mov x9, #0x8010000
          0xB940_0D2A,  // ldr w10, [x9, #0xc] (GICC_IAR)
          0xB900_112A,  // str w10, [x9, #0x10] (GICC_EOIR)
        ]
      }
    return end + Self.markAndReturn
  }

  /// Every fourth of the 16 vectors is for synchronous exceptions; a vector has room for 32 instructions.
  private var vectorTable: [UInt8] {
    (0..<16).flatMap { vector in
      let handler = vector % 4 == 0 ? Self.synchronousHandler : interruptHandler
      return Self.bytes(handler + Array(repeating: 0, count: 32 - handler.count))
    }
  }
}
