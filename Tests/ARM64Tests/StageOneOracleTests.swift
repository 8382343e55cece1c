import Architecture
import Bits
import Testing

@testable import ARM64

@Suite("Stage 1 walk and the AT instruction") struct StageOneOracleTests {
  /// How many tables of 64 KiB there are.
  private static let tableCount = 16

  @Test(
    "an emulated CPU's AT agrees on random tables of every shape",
    .enabled(if: ATGuest.tools != nil, "no qemu-system-aarch64, clang or ld.lld here"))
  func agreement() throws {
    var generator = SystemRandomNumberGenerator()
    // Whatever is used at level -1, the first 16 descriptors, leads on: QEMU 7.2 has no code for a fault there.
    let tables = (0..<Self.tableCount * 8192).map {
      $0 % 8192 < 16 ? Self.tableDescriptor(using: &generator) : Self.descriptor(using: &generator)
    }
    let cases = (0..<4000).map { _ in Self.randomCase(using: &generator) }
    let (features, answers) = try ATGuest.run(cases, tables: tables)
    var seen: [String: Int] = [:]
    for (number, (sample, answer)) in zip(cases, answers).enumerated() {
      let context = ARM64TranslationContext(
        sctlr: sample.sctlr, tcr: sample.tcr, ttbr0: sample.ttbr0, ttbr1: sample.ttbr1, mair: sample.mair,
        features: features)
      let accesses: [(PAR, ExceptionLevel, AccessPermissions)] = [
        (answer.s1e1r, .el1, .read), (answer.s1e1w, .el1, .write), (answer.s1e0r, .el0, .read),
        (answer.s1e0w, .el0, .write),
      ]
      for (par, level, access) in accesses {
        let walk = context.pageWalk(GuestVirtual(sample.address), at: level) { address, _ in
          let offset = address.rawValue &- ATGuest.tables
          return offset < UInt64(tables.count * 8) ? tables[Int(offset / 8)] : nil
        }
        // QEMU 7.2 takes blocks at levels that have none.
        if walk.steps.last?.meaning.hasPrefix("reserved") == true { continue }
        let ours = Self.outcome(walk.result, level, access)
        let theirs = Self.outcome(par)
        seen[ours.split(separator: " at ").first.map { String($0) } ?? "", default: 0] += 1
        if ours != theirs {
          Issue.record(
            """
            case \(number), \(level) \(access): \(ours), but AT has \(theirs)
            \(sample)
            \(walk.steps.map { "\($0.table) \(String($0.entry, radix: 16)) \($0.meaning)" }.joined(separator: "\n"))
            """)
          return
        }
      }
    }
    // Translation, access flag, permission and address size faults of many levels, and eight types of memory.
    #expect(seen.count >= 20, "\(seen)")
  }

  /// What an access comes to, in words that both sides have.
  private static func outcome(
    _ result: Result<StageOneMapping, TranslationFault>, _ level: ExceptionLevel, _ access: AccessPermissions
  ) -> String {
    switch result {
    case .failure(let fault):
      // The fault's name stands behind the last colon.
      return fault.description.split(separator: ": ").last.map { String($0) } ?? ""
    case .success(let mapping):
      if let depth = mapping.level {
        if !mapping.isAccessed { return "access flag fault, level \(depth)" }
        if !(level == .el0 ? mapping.el0 : mapping.el1).contains(access) { return "permission fault, level \(depth)" }
      }
      return "\(mapping.attributes) at \(mapping.physical.alignedDown(to: 4096))"
    }
  }

  private static func outcome(_ par: PAR) -> String {
    par.isFault ? par.faultStatus.description : "\(par.attributes) at \(par.physicalPage)"
  }

  // MARK: Random samples

  private static func table(using generator: inout SystemRandomNumberGenerator) -> UInt64 {
    ATGuest.tables + UInt64.random(in: 0..<UInt64(tableCount), using: &generator) << 16
  }

  /// A descriptor that leads to one of the tables, or a block or page of any address, or an invalid one.
  private static func descriptor(using generator: inout SystemRandomNumberGenerator) -> UInt64 {
    switch Int.random(in: 0..<20, using: &generator) {
    case 0: return generator.next() & ~1
    case 1: return generator.next() & ~2 | 1
    case 2...4: return generator.next() & ~2 | 0x401
    default: return tableDescriptor(using: &generator)
    }
  }

  private static func tableDescriptor(using generator: inout SystemRandomNumberGenerator) -> UInt64 {
    // Permissions of tables seldom, access flag mostly; bits 9:8 would be part of a table's address with LPA2.
    let upper = generator.next() & generator.next() & generator.next() & 0x7ff0_0000_0000_0000
    let lower = generator.next() & 0xcfc | (Bool.random(using: &generator) ? 0x400 : 0)
    return table(using: &generator) | upper | lower | 3
  }

  private static func randomCase(using generator: inout SystemRandomNumberGenerator) -> ATGuest.Case {
    func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &generator) == 0 }
    var tcr: UInt64 = 0
    tcr[bits: 0...5] = UInt64.random(in: 11...49, using: &generator)
    tcr[bits: 16...21] = UInt64.random(in: 11...49, using: &generator)
    tcr[bits: 14...15] = UInt64.random(in: 0...2, using: &generator)
    tcr[bits: 30...31] = UInt64.random(in: 1...3, using: &generator)
    // EPD, TBI, HPD, TBID, E0PD and DS.
    for bit in [7, 23, 55, 56] where chance(16) { tcr[bit: bit] = true }
    for bit in [37, 38, 41, 42, 51, 52, 59] where chance(2) { tcr[bit: bit] = true }
    // QEMU 7.2 reads the high bits of 52-bit addresses only where IPS is 52 bits; the manual's AArch64.LeafBase reads
    // them wherever descriptors have them.
    let isWide = tcr[bits: 14...15] == 1 || tcr[bits: 30...31] == 3 || tcr[bit: 59]
    tcr[bits: 32...34] = isWide || chance(3) ? 6 : UInt64.random(in: 0...5, using: &generator)

    // An address of a half as TnSZ has it, now and then one that it has not.
    let isUpper = Bool.random(using: &generator)
    let width = 64 - tcr[bits: isUpper ? 16...21 : 0...5]
    var address = generator.next() & UInt64.lowMask(Int(min(width, 52)))
    if isUpper { address |= ~UInt64.lowMask(Int(min(width, 52))) }
    if chance(4) { address ^= generator.next() & 0xff << 56 }
    if chance(32) { address ^= 1 << UInt64.random(in: 40...63, using: &generator) }
    return ATGuest.Case(
      sctlr: chance(32) ? 0 : 1, tcr: tcr, ttbr0: table(using: &generator), ttbr1: table(using: &generator),
      mair: 0xbb0c_0800_04ee_44ff, address: address)
  }
}
