import CPUEngine
import Testing

@testable import SoftEngine

/// Exclusive accesses and those in order, with X1 for the base, X2 for the status; X3 and X5 are stored.
@Suite struct ExclusiveTests {
  private static let loadExclusive: UInt32 = 0xc85f_7c20  // LDXR X0, [X1]
  private static let storeExclusive: UInt32 = 0xc802_7c23  // STXR W2, X3, [X1]

  private static func machine() throws -> TestMachine {
    let machine = try TestMachine()
    machine[x: 1] = TestMachine.data
    machine[x: 2] = .max
    machine[x: 3] = 0x3132_3334_3536_3738
    machine[x: 5] = 0x5152_5354_5556_5758
    machine.store(0x8182_8384_8586_8788, 0x9192_9394_9596_9798 as UInt64)
    return machine
  }

  @Test(
    arguments: [
      // LDXRB and STXRB, LDAXRH and STLXRH, LDXR and STXR of words, LDXR and STLXR of doublewords.
      (0x085f_7c20, 0x0802_7c23, 1), (0x485f_fc20, 0x4802_fc23, 2), (0x885f_7c20, 0x8802_7c23, 4),
      (0xc85f_7c20, 0xc802_fc23, 8),
    ] as [(UInt32, UInt32, UInt64)]) func storesOnceForEachLoad(_ load: UInt32, _ store: UInt32, _ size: UInt64) throws
  {
    let machine = try Self.machine()
    let mask: UInt64 = size == 8 ? .max : 1 << (8 * size) - 1
    let old: UInt64 = try machine.load()
    machine.execute(load, store)
    #expect(machine[x: 0] == old & mask)
    #expect(machine[x: 2] == 0)
    let new = old & ~mask | machine[x: 3] & mask
    #expect(try machine.load() == new)
    machine[x: 3] = 0
    machine.execute(store)
    #expect(machine[x: 2] == 1)
    #expect(try machine.load() == new)
  }

  @Test(
    arguments: [
      // LDXP and STXP of doublewords; LDAXP and STLXP of words.
      (0xc87f_1020, 0xc822_1423, true), (0x887f_9020, 0x8822_9423, false),
    ] as [(UInt32, UInt32, Bool)]) func pairs(_ load: UInt32, _ store: UInt32, _ is64Bit: Bool) throws
  {
    let machine = try Self.machine()
    machine.execute(load, store)
    #expect(machine[x: 0] == (is64Bit ? 0x8182_8384_8586_8788 : 0x8586_8788))
    #expect(machine[x: 4] == (is64Bit ? 0x9192_9394_9596_9798 : 0x8182_8384))
    #expect(machine[x: 2] == 0)
    #expect(try machine.load() == (is64Bit ? machine[x: 3] : 0x5556_5758_3536_3738))
    #expect(try machine.load(at: TestMachine.data + 8) == (is64Bit ? machine[x: 5] : 0x9192_9394_9596_9798))
    machine.execute(store)
    #expect(machine[x: 2] == 1)
  }

  @Test func fails() throws {
    // Without a load; after one from another address; after one of another size.
    let machine = try Self.machine()
    let old: UInt64 = try machine.load()
    machine.execute(Self.storeExclusive)
    #expect(machine[x: 2] == 1)
    machine.execute(Self.loadExclusive)
    machine[x: 1] += 8
    machine.execute(Self.storeExclusive)
    #expect(machine[x: 2] == 1)
    machine[x: 1] -= 8
    machine.execute(0x885f_7c20, Self.storeExclusive)
    #expect(machine[x: 2] == 1)
    // A failed store opens the monitor as well.
    machine.execute(Self.loadExclusive)
    machine[x: 1] += 8
    machine.execute(Self.storeExclusive)
    machine[x: 1] -= 8
    machine.execute(Self.storeExclusive)
    #expect(machine[x: 2] == 1)
    #expect(try machine.load() == old)
    #expect(try machine.load(at: TestMachine.data + 8) == 0x9192_9394_9596_9798 as UInt64)
  }

  @Test func accessesInOrderAreAsOthers() throws {
    let machine = try Self.machine()
    // LDAR X0; LDARB W0; LDLAR W0; LDAPRH W0; LDAPR X0
    for (word, value) in [
      (0xc8df_fc20, 0x8182_8384_8586_8788), (0x08df_fc20, 0x88), (0x88df_7c20, 0x8586_8788), (0x78bf_c020, 0x8788),
      (0xf8bf_c020, 0x8182_8384_8586_8788),
    ] as [(UInt32, UInt64)] {
      machine.execute(word)
      #expect(machine[x: 0] == value)
    }
    // STLRB W3; STLLR W3; STLR X3
    for (word, value) in [
      (0x089f_fc23, 0x8182_8384_8586_8738), (0x889f_7c23, 0x8182_8384_3536_3738), (0xc89f_fc23, 0x3132_3334_3536_3738),
    ] as [(UInt32, UInt64)] {
      machine.execute(word)
      #expect(try machine.load() == value)
    }
  }

  @Test(arguments: [1, 2]) func theEndOfATurnOpensTheMonitorWhereThereAreOtherCPUs(_ cpuCount: Int) throws {
    let machine = try TestMachine(cpuCount: cpuCount)
    machine[x: 1] = TestMachine.data
    machine[x: 4] = 0x900_0000
    // LDXR; MOVZ X3, #20000; SUBS X3, X3, #1; B.NE; STXR; STR W2, [X4], which the board answers.
    machine.put([Self.loadExclusive, 0xd289_c403, 0xf100_0463, 0x54ff_ffe1, Self.storeExclusive, 0xb900_0082])
    let exit = try machine.machine.runToExit([Bool](repeating: true, count: cpuCount)).exit
    guard case .mmio(let access) = exit else {
      Issue.record("\(exit)")
      return
    }
    #expect(access.data[0] == (cpuCount == 1 ? 0 : 1))
  }
}
