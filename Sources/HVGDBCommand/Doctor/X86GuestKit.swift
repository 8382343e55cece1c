import Architecture
import Bits
import CPUEngine
import GuestMemory
import X86

/// The tiny guests of x86-64, in long mode on the identity map that Linux is entered with.
struct X86GuestKit: GuestKit {
  static let ram = PCMemoryLayout.ram(memorySize: memorySize)
  private static let memorySize: UInt64 = 4 << 20

  let handlerMark: UInt64 = 0x100
  let interruptLine = line
  /// IRQ 5 of the master PIC, which no device of KVM's has.
  private static let line: UInt32 = 5

  let counter: RegisterIndex
  let value: RegisterIndex
  let pointer: RegisterIndex
  let entry = GuestVirtual(0x10_0000)
  let data = GuestVirtual(0x20_0000)
  let doorbell = GuestPhysical(0xD000_0000)

  private let registerFile: X86RegisterFile
  private static let interruptTable = GuestPhysical(0x3_0000)
  private static let handler = GuestPhysical(0x3_1000)
  private static let stackTop: UInt64 = 0x18_0000

  /// Takes the registers of the machine that is to run the guests.
  init(_ registerFile: X86RegisterFile) throws(EngineError) {
    func index(_ register: X86Register.General) throws(EngineError) -> RegisterIndex {
      guard let index = registerFile.index(of: .general(register)) else {
        throw EngineError("the register table lacks \(register)")
      }
      return index
    }
    self.registerFile = registerFile
    counter = try index(.rbx)
    value = try index(.rcx)
    pointer = try index(.rdi)
  }

  func load(
    _ role: GuestProgram.Role, into machine: any VirtualMachine, on cpu: any VirtualCPU, privilege: GuestPrivilege
  ) throws(EngineError) -> GuestProgram {
    let program = program(role)
    var state: BootState
    do throws(BootError) {
      state = try LinuxBootProtocol.state(
        for: BootRequest(memorySize: Self.memorySize), entry: GuestPhysical(entry.rawValue))
    } catch { throw EngineError(error.description) }
    state.blobs += [
      BootState.Blob(GuestPhysical(entry.rawValue), program.code),
      BootState.Blob(Self.handler, Self.handlerCode),
      BootState.Blob(Self.interruptTable, Self.gates),
    ]
    for blob in state.blobs { blob.bytes.withUnsafeBytes { _ = machine.memory.write(at: blob.address, from: $0) } }
    state.registers += registers(for: role)
    if privilege == .user {
      allowUser(in: machine.memory)
      state.registers += Self.userSegments
    }
    try cpu.setValues(
      state.registers.compactMap { setting in registerFile.index(of: setting.register).map { ($0, setting.value) } })
    return program
  }

  private func registers(for role: GuestProgram.Role) -> [BootState.Setting] {
    let isDevice = role != .accessingMemory
    return [
      BootState.Setting(.general(.rbx), 0),
      BootState.Setting(.general(.rcx), 0),
      BootState.Setting(.general(.rdi), isDevice ? doorbell.rawValue : data.rawValue),
      BootState.Setting(.general(.rsi), doorbell.rawValue),
      BootState.Setting(.general(.rsp), Self.stackTop),
      BootState.Setting(.tableBase(.idtr), Self.interruptTable.rawValue),
      BootState.Setting(.tableLimit(.idtr), UInt64(Self.gates.count - 1)),
    ]
  }
}

// MARK: - Code

extension X86GuestKit {
  func program(_ role: GuestProgram.Role) -> GuestProgram {
    switch role {
    case .counting: Self.counting
    case .accessingMemory: Self.accessingMemory
    case .softwareBreakpoint: Self.softwareBreakpoint
    case .undefinedInstruction: GuestProgram(code: [0x0F, 0x0B], instructions: [0])  // ud2
    case .interruptible: Self.interruptible
    case .accessingDevice: Self.accessingDevice
    }
  }

  private static let nopCount = 16

  /// Instructions one after the other.
  private static func sequence(_ instructions: [[UInt8]], loopStart: Int = 0) -> GuestProgram {
    var offsets: [UInt64] = []
    var code: [UInt8] = []
    for instruction in instructions {
      offsets.append(UInt64(code.count))
      code += instruction
    }
    return GuestProgram(code: code, instructions: Array(offsets[loopStart...]))
  }

  /// `jmp` back over so many bytes and itself.
  private static func jumpBack(over count: Int) -> [UInt8] { [0xEB, UInt8(truncatingIfNeeded: -count - 2)] }

  private static let incrementCounter: [UInt8] = [0x48, 0xFF, 0xC3]  // inc rbx

  private static let countingLoop: [[UInt8]] = {
    let body = [incrementCounter] + Array(repeating: [0x90], count: nopCount)  // nop
    return body + [jumpBack(over: body.joined().count)]
  }()

  private static let counting = sequence(countingLoop)

  private static let accessingMemory: GuestProgram = {
    let body: [[UInt8]] = [
      [0x48, 0x89, 0x1F],  // mov [rdi], rbx
      incrementCounter,
      [0x48, 0x8B, 0x4F, 0x08],  // mov rcx, [rdi + 8]
    ]
    return sequence(body + [jumpBack(over: body.joined().count)])
  }()

  private static let softwareBreakpoint = sequence([
    incrementCounter,
    [0xCC],  // int3
    incrementCounter,
    [0x48, 0x89, 0x1E],  // mov [rsi], rbx
    [0xEB, 0xFE],  // jmp to itself
  ])

  private static let accessingDevice = sequence([
    [0x88, 0x1F],  // mov [rdi], bl
    [0x66, 0x89, 0x5F, 0x08],  // mov [rdi + 8], bx
    [0x89, 0x5F, 0x10],  // mov [rdi + 16], ebx
    [0x48, 0x89, 0x5F, 0x18],  // mov [rdi + 24], rbx
    [0x0F, 0xB6, 0x4F, 0x20],  // movzx ecx, byte [rdi + 32]
    [0x0F, 0xB7, 0x4F, 0x28],  // movzx ecx, word [rdi + 40]
    [0x8B, 0x4F, 0x30],  // mov ecx, [rdi + 48]
    [0x48, 0x8B, 0x4F, 0x38],  // mov rcx, [rdi + 56]
    [0xEB, 0xFE],  // jmp to itself
  ])

  /// The master PIC's initialization (8259A data sheet, "Programming"): vectors from 0x20, all masked but the line.
  private static let interruptible: GuestProgram = {
    // mov al, value; out port, al
    func out(_ value: UInt8, to port: UInt8) -> [[UInt8]] { [[0xB0, value], [0xE6, port]] }
    let setUp: [[UInt8]] =
      out(0x11, to: 0x20)  // ICW1: cascaded, ICW4 follows
      + out(firstVector, to: 0x21)  // ICW2
      + out(0x04, to: 0x21)  // ICW3: the slave is at line 2
      + out(0x01, to: 0x21)  // ICW4: 8086 mode
      + out(~(1 << UInt8(line)), to: 0x21)  // OCW1
      + [[0xFB]]  // sti
    return sequence(setUp + countingLoop, loopStart: setUp.count)
  }()

  private static let firstVector: UInt8 = 0x20

  private static let handlerCode: [UInt8] = [
    0x48, 0x81, 0xC3, 0x00, 0x01, 0x00, 0x00,  // add rbx, 0x100
    0x48, 0x89, 0x1E,  // mov [rsi], rbx
    0x48, 0xCF,  // iretq
  ]

  /// An interrupt gate to the handler for each of the exceptions and of the PIC's first eight vectors (SDM volume 3,
  /// figure 6-8).
  private static let gates: [UInt8] = {
    var low: UInt64 = 0
    low[bits: 0...15] = handler.rawValue
    low[bits: 16...31] = 0x10  // __BOOT_CS
    low[bits: 40...43] = 14
    low[bit: 47] = true
    low[bits: 48...63] = handler.rawValue >> 16
    var bytes: [UInt8] = []
    for _ in 0..<Int(firstVector) + 8 {
      bytes.appendLittleEndian(low)
      bytes.appendLittleEndian(handler.rawValue >> 32)
    }
    return bytes
  }()
}

// MARK: - Ring 3

extension X86GuestKit {
  /// The hidden parts make the ring; the selectors name no descriptor, for a program that loads no segment.
  private static let userSegments: [BootState.Setting] = {
    let flat: X86SegmentAttributes = [.codeOrData, .present, .granularity]
    let code = X86SegmentAttributes(type: 0xB, privilegeLevel: 3, flat.union(.long))
    let data = X86SegmentAttributes(type: 0x3, privilegeLevel: 3, flat.union(.big))
    var settings = [BootState.Setting(.selector(.cs), 0x33), BootState.Setting(.attributes(.cs), code.rawValue)]
    for segment in [X86Register.Segment.ss, .ds, .es] {
      settings += [BootState.Setting(.selector(segment), 0x2B), BootState.Setting(.attributes(segment), data.rawValue)]
    }
    return settings
  }()

  /// Opens every page of the identity map to ring 3 (U/S, bit 2 of each entry of its six tables).
  private func allowUser(in memory: GuestRAM) {
    for offset in stride(from: UInt64(0), to: 6 * 4096, by: 8) {
      let place = PCMemoryLayout.pageTables.wrapping(by: offset)
      guard var entry = memory.load(at: place, as: UInt64.self), entry[bit: 0] else { continue }
      entry[bit: 2] = true
      memory.store(entry, at: place)
    }
  }
}
