import ARM64
import Bits
import CPUEngine
import GuestMemory
import Host
import Testing

@testable import SoftEngine

/// A small machine that is filled with what a seed gives: code, tables, registers, and what a debugger wants.
final class FuzzGuest {
  private static let ram = GuestPhysical(0x4000_0000)
  private static let byteCount: UInt64 = 64 << 10
  /// How much time a guest has, in nanoseconds: 20,000 instructions.
  private static let time: UInt64 = 40_000
  /// How many exits it may have in that time.
  private static let mostExits = 3000

  // Tables of translation, at levels 1 to 3, and where their pages are seen.
  private static let tables = ram.wrapping(by: 0x4000)
  private static let pagesOfTables: UInt64 = 3
  private static let seen: UInt64 = 0x8000_0000

  private let machine: SoftMachine
  private let clock: any GuestClock
  /// Whether the guest's time is over.
  private let isOver = Flag()
  private let everyCPU: [Bool]

  /// Makes the machine; what is in it does not matter yet.
  init(cpuCount: Int) throws {
    // The calling thread will run the CPUs.
    HostThread.blockSignals()
    let gic = GICPlacement(
      distributor: GuestPhysical(0x800_0000), redistributors: GuestPhysical(0x80A_0000),
      cpuInterface: GuestPhysical(0x801_0000))
    var options = SoftMachine.Options(cpuCount: cpuCount, gic: gic)
    options.tracesRun = true
    machine = try SoftMachine(memory: GuestRAM([(start: Self.ram, count: Self.byteCount)]), options: options)
    clock = machine.makeClock()
    everyCPU = Array(repeating: true, count: cpuCount)
  }

  /// Runs the guest of a seed for its time, and returns the digest of what it did.
  func run(seed: UInt64) throws -> UInt64 {
    var random = FuzzRandom(seed: seed)
    try machine.reset()
    fillMemory(&random)
    let hasTables = random.once(in: 2)
    if hasTables { writeTables(&random) }
    for core in machine.cores { setState(of: core, hasTables: hasTables, &random) }
    for cpu in machine.cpus { try cpu.setDebug(debugControl(&random)) }
    machine.dropCode()

    isOver.set(false)
    clock.setAlarm(clock.now &+ Self.time) { [machine, isOver] in
      isOver.set(true)
      machine.kick()
    }
    var exits = 0
    while exits < Self.mostExits {
      exits += 1
      switch try machine.run(everyCPU).exit {
      case .mmio(let access):
        for index in access.data.indices { access.data[index] = UInt8(truncatingIfNeeded: random.next()) }
      case .debug, .system: continue
      case .interrupted:
        if isOver.isSet { return try #require(machine.trace).digest }
        // Threads have one signal: what is called back was another test's machine, which this thread ran.
        exits -= 1
      case .port, .halted, .failure: throw EngineError("the software CPU has no such exit")
      }
    }
    return try #require(machine.trace).digest
  }

  // MARK: Memory

  /// A word that is an instruction most of the time.
  static func word(_ random: inout FuzzRandom) -> UInt32 {
    let noise = UInt32(truncatingIfNeeded: random.next())
    if random.once(in: 8) { return noise }
    let patterns = DecodeTable.shared.patterns
    let pattern = patterns[Int(random.below(UInt64(patterns.count)))]
    return noise & ~pattern.mask | pattern.value
  }

  static func isInstruction(_ word: UInt32) -> Bool {
    DecodeTable.shared.patterns.contains { $0.matches(word) && $0.translate(InstructionWord(rawValue: word)) != nil }
  }

  private func fillMemory(_ random: inout FuzzRandom) {
    for offset in stride(from: 0, to: Self.byteCount, by: 4) {
      machine.memory.store(Self.word(&random), at: Self.ram.wrapping(by: offset))
    }
  }

  /// Tables for addresses of 39 bits: RAM at its own place by a block, pages of RAM with all sorts of permissions at
  /// `seen`, and here and there an entry of any sort.
  private func writeTables(_ random: inout FuzzRandom) {
    func store(_ descriptor: UInt64, table: UInt64, entry: UInt64) {
      machine.memory.store(descriptor, at: Self.tables.wrapping(by: table * 4096 + entry * 8))
    }
    for table in 0..<Self.pagesOfTables {
      for entry in 0..<512 as Range<UInt64> {
        store(random.once(in: 3) ? random.next() : 0, table: table, entry: entry)
      }
    }
    let block: UInt64 = 0x4000_0000 | 1 << 10 | 0b01
    store(block | (random.once(in: 4) ? 1 << 6 : 0), table: 0, entry: 1)
    store(Self.tables.rawValue + 4096 | 0b11, table: 0, entry: 2)
    store(Self.tables.rawValue + 2 * 4096 | 0b11, table: 1, entry: 0)
    for entry in 0..<64 as Range<UInt64> {
      let page = Self.ram.rawValue + random.below(Self.byteCount >> 12) << 12
      let attributes = random.next() & (0x7 << 52 | 0xFFC)
      store(page | attributes | 1 << 10 | 0b11, table: 2, entry: entry)
    }
  }

  // MARK: State

  /// An address that means something, or any number at all.
  private func value(_ random: inout FuzzRandom) -> UInt64 {
    switch random.below(8) {
    case 0: random.next()
    case 1: random.below(1 << 16)
    case 2: Self.seen + random.below(64 << 12)
    case 3: 0x800_0000 + random.below(0x20_0000)
    case 4: ~random.below(1 << 40)
    default: Self.ram.rawValue + random.below(Self.byteCount)
    }
  }

  private func setState(of core: SoftCore, hasTables: Bool, _ random: inout FuzzRandom) {
    for definition in SystemRegisterFile.definitions where random.once(in: 6) {
      _ = core.poke(definition.register, random.once(in: 2) ? value(&random) : random.next())
    }
    _ = core.poke(.vbarEL1, Self.ram.rawValue + random.below(Self.byteCount) & ~0x7ff)
    _ = core.poke(.cpacrEL1, random.once(in: 8) ? random.next() : 3 << 20)
    if hasTables {
      // T0SZ and T1SZ of 39 bits, TG1 of 4 KiB; tagged addresses, and hardware's flags here and there.
      let options = random.next() & (0b1111 << 37)
      _ = core.poke(.tcrEL1, 25 | 25 << 16 | 0b10 << 30 | options)
      _ = core.poke(.ttbr0EL1, Self.tables.rawValue)
      _ = core.poke(.ttbr1EL1, Self.tables.rawValue)
      _ = core.poke(.mairEL1, random.next() & ~0xFF | 0xFF)
    }
    let others = random.once(in: 4) ? random.next() : 0
    _ = core.poke(.sctlrEL1, others & ~1 | (hasTables ? 1 : 0))
    for number in 0..<31 { core.context.pointee.state.x[number] = value(&random) }
    for number in 0..<32 { core.context.pointee.state.v[number] = SIMD2(random.next(), random.next()) }
    core.context.pointee.state.fpcr = random.next() & 0x07C8_0000
    core.context.pointee.state.pc =
      random.once(in: 8) ? value(&random) : Self.ram.rawValue + random.below(Self.byteCount) & ~3
    core.context.pointee.state.isOn = random.once(in: 2) || core.index == 0
    // EL0t, EL1t or EL1h, with flags, masks, PAN, SS or IL here and there.
    let levels: [UInt64] = [0b0000, 0b0100, 0b0101]
    let rest = random.next() & (0xf << 28 | 0b1111 << 6 | 1 << 22)
    let unusual = random.once(in: 16) ? random.next() & 0b11 << 20 : 0
    core.pstate = levels[Int(random.below(3))] | rest | unusual
    core.context.pointee.state.x[31] = value(&random)
  }

  /// Nothing most of the time.
  private func debugControl(_ random: inout FuzzRandom) -> DebugControl {
    var control = DebugControl()
    guard random.once(in: 4) else { return control }
    control.singleStep = random.once(in: 2)
    control.blocksInterrupts = random.once(in: 2)
    control.trapsSoftwareBreakpoints = random.once(in: 2)
    control.breakpoints = (0..<random.below(4)).map { _ in GuestVirtual(value(&random)) }
    control.watchpoints = (0..<random.below(4)).map { _ in
      let length = random.once(in: 4) ? Int(random.below(1 << 40)) : Int(random.below(64))
      return HardwareWatchpoint(
        address: GuestVirtual(value(&random)), length: length,
        access: [.read, .write, .readWrite][Int(random.below(3))])
    }
    return control
  }
}
