import Bits
import KernelSymbols
import Testing

/// Kernels without CONFIG_KALLSYMS_ALL: variables have no symbols.
struct FunctionSymbolsTests {
  /// How code comes to a variable's address.
  enum Way: CaseIterable {
    case load, sum, anchor

    func code(_ variable: UInt64, at start: UInt64) -> [UInt32] {
      switch self {
      case .load: [A64.adrp(3, variable, at: start), A64.nop, A64.load(0, 3, variable & 4095)]
      case .sum: [A64.adrp(3, variable, at: start), A64.add(20, 3, variable & 4095), A64.load(0, 20, 0)]
      case .anchor:
        // From a place behind it, of which the compiler has the address at hand.
        [
          A64.adrp(3, variable + 40, at: start), A64.add(20, 3, (variable + 40) & 4095),
          A64.loadAndMove(0, 20, by: -40),
        ]
      }
    }
  }

  @Test(arguments: Way.allCases) func log(_ way: Way) throws {
    let ring = MadePrintkRing(.linuxSince518, countBits: 3, sizeBits: 9)
    ring.append("found")
    let memory = ring.memory
    let variable = memory.forget("prb")
    #expect(throws: LinuxError.noSymbol("prb")) { try LinuxLog.read(from: memory.linux, types: nil) }
    // The function uses others before: a number, and a pointer to what is no ring.
    let number = memory.allocate(8)
    memory.store(UInt64(17), at: number)
    let pointer = memory.allocate(8)
    memory.store(memory.allocate(256), at: pointer)
    memory.placeFunction("devkmsg_open", count: 9) { start in
      Way.load.code(number, at: start) + Way.sum.code(pointer, at: start + 12) + way.code(variable, at: start + 24)
    }
    #expect(try LinuxLog.read(from: memory.linux, types: nil).text == "[    0.000000] found\n")
  }

  @Test(arguments: Way.allCases) func modules(_ way: Way) throws {
    let made = MadeModules(.memory)
    let reader = try LinuxModules(types: made.types())
    let variable = made.memory.forget("modules")
    #expect(throws: LinuxError.noSymbol("modules")) { try reader.read(from: made.memory.linux) }
    // Another list, of which the only entry is no module.
    let other = made.memory.allocate(16)
    made.memory.store(made.memory.allocate(512) + 24, at: other)
    made.memory.placeFunction("print_modules", count: 6) { start in
      Way.sum.code(other, at: start) + way.code(variable, at: start + 12)
    }
    #expect(try reader.read(from: made.memory.linux).isEmpty)
    made.add(MadeModules.Module(name: "failover"), base: 0xffff_8000_7a00_0000)
    #expect(try reader.read(from: made.memory.linux).map(\.name) == ["failover"])
  }

  /// The types are found wherever they are, here with the header across the end of what is searched at a time.
  @Test(arguments: [0, 777, (1 << 16) - 11, (3 << 16) + 5]) func types(offset: Int) throws {
    let memory = MadeMemory()
    #expect(throws: LinuxError.noLayout(.noTypes)) { try memory.linux.types() }
    _ = memory.allocate(offset)
    memory.append(BTFTests.other + [0, 0, 0])
    _ = memory.allocate(99_999)
    #expect(try memory.linux.types().field("list", of: "module").offset == 8)
    memory.define("__start_BTF", UInt64(0))
    memory.define("__stop_BTF", UInt64(0))
    #expect(throws: LinuxError.noLayout(.noTypes)) { try memory.linux.types() }
  }
}
