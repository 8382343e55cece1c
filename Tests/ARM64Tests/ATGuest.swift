import ARM64
import Bits
import Foundation
import Testing

/// A guest that has an emulated CPU translate addresses by its own AT instructions.
///
/// It runs at EL2 with the MMU off, so that EL1's registers and tables may hold anything.
struct ATGuest {
  /// The registers and the address of one translation.
  struct Case {
    var sctlr: UInt64
    var tcr: UInt64
    var ttbr0: UInt64
    var ttbr1: UInt64
    var mair: UInt64
    var address: UInt64
  }

  /// PAR_EL1 after each of the four instructions.
  struct Answer {
    let s1e1r: PAR
    let s1e1w: PAR
    let s1e0r: PAR
    let s1e0w: PAR
  }

  /// Where the tables stand in the guest's memory.
  static let tables: UInt64 = 0x4800_0000

  private static let cases: UInt64 = 0x4400_0000

  /// The programs that it takes, or nil where one is missing.
  static let tools: (qemu: String, clang: String)? = {
    guard let qemu = tool("qemu-system-aarch64"), let clang = tool("clang"), tool("ld.lld") != nil else { return nil }
    return (qemu, clang)
  }()

  /// It sends ID_AA64MMFR0_EL1 to ID_AA64MMFR2_EL1 and then four results for each case, in bytes through the UART.
  private static let source = """
    .globl _start
    _start:
      adr x0, vectors
      msr vbar_el2, x0
      mov x0, #0x80000000
      msr hcr_el2, x0
      isb
      mov x20, #\(cases)
      mov x21, #0x09000000
      mrs x0, id_aa64mmfr0_el1
      bl send
      mrs x0, id_aa64mmfr1_el1
      bl send
      mrs x0, id_aa64mmfr2_el1
      bl send
      ldr x19, [x20], #8
    next:
      cbz x19, off
      sub x19, x19, #1
      ldp x1, x2, [x20], #16
      ldp x3, x4, [x20], #16
      ldp x5, x6, [x20], #16
      msr sctlr_el1, x1
      msr tcr_el1, x2
      msr ttbr0_el1, x3
      msr ttbr1_el1, x4
      msr mair_el1, x5
      dsb sy
      tlbi alle1
      dsb sy
      isb
      .irp kind, s1e1r, s1e1w, s1e0r, s1e0w
      at \\kind, x6
      isb
      mrs x0, par_el1
      bl send
      .endr
      b next
    send:
      mov x1, #8
    1:
      strb w0, [x21]
      lsr x0, x0, #8
      subs x1, x1, #1
      b.ne 1b
      ret
    off:
      mov w0, #0x0008
      movk w0, #0x8400, lsl #16
      smc #0
      b off
      .balign 2048
    vectors:
      .rept 16
      b off
      .balign 128
      .endr
    """

  /// Runs the cases.
  ///
  /// - Parameters:
  ///   - cases: what to translate.
  ///   - tables: memory from `ATGuest.tables` on.
  /// - Returns: the CPU's features, and an answer for each case.
  /// - Throws: where the emulator fails, or the guest did not come to its end.
  static func run(
    _ cases: [Case], tables: [UInt64]
  ) throws -> (features: TranslationFeatures, answers: [Answer]) {
    let tools = try #require(tools)
    let values = cases.flatMap { [$0.sctlr, $0.tcr, $0.ttbr0, $0.ttbr1, $0.mair, $0.address] }
    let words = try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appending(path: name).path }
      try source.appending("\n").write(toFile: path("guest.s"), atomically: true, encoding: .utf8)
      try data([UInt64(cases.count)] + values).write(to: folder.appending(path: "cases"))
      try data(tables).write(to: folder.appending(path: "tables"))
      let build = try ARM64Tests.run(
        tools.clang,
        [
          "--target=aarch64-none-elf", "-nostdlib", "-fuse-ld=lld", "-Wl,-Ttext=0x40200000", "-o", path("guest"),
          path("guest.s"),
        ])
      try #require(build.status == 0, "\(build.output)")
      let emulation = try ARM64Tests.run(
        tools.qemu,
        [
          "-M", "virt,virtualization=on", "-cpu", "max", "-accel", "tcg", "-m", "256", "-display", "none", "-monitor",
          "none", "-serial", "file:\(path("results"))", "-kernel", path("guest"), "-device",
          "loader,file=\(path("cases")),addr=\(Self.cases),force-raw=on", "-device",
          "loader,file=\(path("tables")),addr=\(Self.tables),force-raw=on",
        ])
      try #require(emulation.status == 0, "\(emulation.output)")
      let bytes = try [UInt8](Data(contentsOf: folder.appending(path: "results")))
      return stride(from: 0, to: bytes.count, by: 8).compactMap { bytes.littleEndian(at: $0, as: UInt64.self) }
    }
    try #require(words.count == 3 + 4 * cases.count, "the guest was stopped by an exception")
    let answers = stride(from: 3, to: words.count, by: 4).map { position in
      let results = words[position..<position + 4].map { PAR(rawValue: $0) }
      return Answer(s1e1r: results[0], s1e1w: results[1], s1e0r: results[2], s1e0w: results[3])
    }
    return (TranslationFeatures(mmfr0: words[0], mmfr1: words[1], mmfr2: words[2]), answers)
  }

  private static func data(_ values: [UInt64]) -> Data {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * values.count)
    for value in values { bytes.appendLittleEndian(value) }
    return Data(bytes)
  }
}
