import Testing

@testable import SoftEngine

/// A load or store of structures with X1 for the base: V30, V31, V0 and V1, as far as there are so many.
struct StructureCase: CustomTestStringConvertible {
  enum Order { case consecutive, interleaved, lane, replicated }

  var assembly: String
  var word: UInt32
  var order: Order
  var registers: Int
  /// An element's size as a power of two.
  var scale: Int
  var count: Int
  var lane: Int
  /// How far the base moves.
  var moves: Int

  init(
    _ assembly: String, _ word: UInt32, _ order: Order, registers: Int, scale: Int, count: Int, lane: Int = 0,
    moves: Int = 0
  ) {
    self.assembly = assembly
    self.word = word
    self.order = order
    self.registers = registers
    self.scale = scale
    self.count = count
    self.lane = lane
    self.moves = moves
  }

  var testDescription: String { assembly }
  var isStore: Bool { assembly.hasPrefix("st") }

  /// Which element of memory stands in a lane of a register.
  func place(register: Int, lane: Int) -> Int {
    switch order {
    case .consecutive: register * count + lane
    case .interleaved: lane * registers + register
    case .lane, .replicated: register
    }
  }
}

@Suite struct VectorStructureTests {
  /// Executes an access at an address, and compares all vector registers and memory.
  private func check(_ access: StructureCase, at address: UInt64) throws {
    let machine = try TestMachine.withPattern()
    for number in 0..<32 {
      machine[v: number] = SIMD2(0x9192_9394_9596_9798, 0xa1a2_a3a4_a5a6_a7a8) &* UInt64(number + 1)
    }
    machine[x: 1] = address
    machine[x: 2] = 0x18
    var registers = (0..<32).map { Self.bytes(machine[v: $0]) }
    var memory = try machine.bytes(at: address - 16, 96)
    let size = 1 << access.scale
    for register in 0..<access.registers {
      let number = (30 + register) % 32
      if !access.isStore && access.order != .lane { registers[number] = [UInt8](repeating: 0, count: 16) }
      for lane in access.lane..<access.lane + access.count {
        for byte in 0..<size {
          let place = 16 + access.place(register: register, lane: lane) * size + byte
          if access.isStore {
            memory[place] = registers[number][lane * size + byte]
          } else {
            registers[number][lane * size + byte] = memory[place]
          }
        }
      }
    }
    machine.execute(access.word)
    #expect(machine.pc == TestMachine.code + 4)
    #expect(machine[x: 1] == address + UInt64(access.moves))
    for number in 0..<32 { #expect(Self.bytes(machine[v: number]) == registers[number], "V\(number)") }
    #expect(try machine.bytes(at: address - 16, 96) == memory)
  }

  private static func bytes(_ vector: SIMD2<UInt64>) -> [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: vector[$0 / 8] >> UInt64($0 % 8 * 8)) }
  }

  @Test(arguments: structureAccesses) func insideAPage(_ access: StructureCase) throws {
    try check(access, at: TestMachine.data + 0x423)
  }

  @Test(arguments: structureAccesses) func acrossPages(_ access: StructureCase) throws {
    try check(access, at: TestMachine.data + 0xfff)
  }

  @Test(arguments: structureAccesses) func theFastWay(_ access: StructureCase) throws {
    let machine = try TestMachine.withPattern()
    // STR X3, [X1], so that the page is in the table; then the same twice, which the slow way would tell apart.
    machine[x: 1] = TestMachine.data + 0x400
    machine.execute(0xf900_0023)
    for number in 0..<32 { machine[v: number] = SIMD2(UInt64(number), ~UInt64(number)) }
    let before = machine.core.context.pointee.state.v
    machine.execute(access.word)
    let fast = (0..<32).map { machine[v: $0] }
    let fastMemory = try machine.bytes(at: TestMachine.data + 0x400, 64)

    let other = try TestMachine.withPattern()
    other[x: 1] = TestMachine.data + 0x400
    other.store(0 as UInt64, at: TestMachine.data + 0x400)
    for number in 0..<32 { other[v: number] = before[number] }
    other.execute(access.word)
    #expect(fast == (0..<32).map { other[v: $0] })
    #expect(try other.bytes(at: TestMachine.data + 0x400, 64) == fastMemory)
  }
}
