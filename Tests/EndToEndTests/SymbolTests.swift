import Foundation
import Testing

/// Debian's stripped kernel under stock gdb that is given nothing: no vmlinux, no `nokaslr`, no `hbreak`.
@Suite(.needsHvgdb, .needsKVM, .needsKernel, .needsGDB)
struct SymbolTests {
  /// How long the kernel may take to `start_kernel` where KVM emulates ring 0, in seconds.
  private static let bootTime = 120.0
  /// The same for a kernel that unpacks itself there.
  private static let unpackingTime = 400.0

  private func debug(
    _ script: String, options: [String] = [], within seconds: Double = bootTime
  ) throws -> (transcript: String, diagnostics: String) {
    let kernel = try #require(Files.kernel)
    return try Hvgdb.run(["--kernel", kernel, "--append", "console=ttyS0"] + options) { hvgdb in
      let transcript = try GDB.run(script, on: hvgdb, within: seconds)
      return (transcript, hvgdb.diagnostics)
    }
  }

  @Test("break start_kernel, continue, backtrace: with nothing but the kernel")
  func nothingConfigured() throws {
    let (transcript, _) = try debug(
      """
      info symbol $pc
      break start_kernel
      x/2i start_kernel
      x/s &linux_banner
      monitor kaslr
      continue
      backtrace
      info symbol $pc
      x/s &linux_banner
      monitor kaslr
      monitor translate $pc
      info sharedlibrary
      break vprintk
      continue
      backtrace
      kill
      """)
    expect(
      transcript,
      has: [
        "startup_64 in section ", "Breakpoint 1 at 0x", "<start_kernel>", "\"Linux version ",
        "it still runs at its physical addresses", "Breakpoint 1, 0xffffffff",
        " in start_kernel () from target:/vmlinux",
        "#1", "start_kernel in section .init.text", "\"Linux version ", "it runs where it was linked to",
        "Breakpoint 2, 0xffffffff", " in _printk () from target:/vmlinux",
      ])
    #expect(!transcript.contains("warning: Error"))
  }

  @Test("symbols and breakpoints go back with a reset, and on again")
  func reset() throws {
    let (transcript, _) = try debug(
      """
      break start_kernel
      continue
      monitor reset
      maintenance flush register-cache
      continue
      backtrace 1
      watch -location *(long *)($sp - 8)
      continue
      kill
      """)
    #expect(transcript.components(separatedBy: "in start_kernel () from target:/vmlinux").count >= 4)
    expect(transcript, has: ["Hardware watchpoint 2"])
  }

  @Test("link addresses have a place before the kernel's page tables map them")
  func linkAddresses() throws {
    let (transcript, _) = try debug(
      """
      set $base = (unsigned long)$pc & ~0x1fffff
      set $linked = 0xffffffff80000000 + $base
      printf "same %d\\n", *(long *)$linked == *(long *)$base
      set *(int *)($linked + 8) = 0x12345678
      printf "written %d\\n", *(int *)($base + 8) == 0x12345678
      monitor translate 0xffffffff81000000
      kill
      """)
    expect(
      transcript, has: ["same 1", "written 1", "has no place", "the kernel is linked for it and will have physical"])
  }

  @Test("a kernel that unpacks itself and moves is found without help")
  func movedByItself() throws {
    let (transcript, diagnostics) = try debug(
      """
      break start_kernel
      monitor kaslr
      continue
      backtrace 1
      monitor kaslr
      x/s &linux_banner
      kill
      """, options: ["--through-decompressor"], within: Self.unpackingTime)
    expect(
      transcript, has: ["Breakpoint 1, 0xffffffff", " in start_kernel () from target:/vmlinux", "\"Linux version "])
    #expect(
      transcript.contains("it has moved itself: 0x") || transcript.contains("it runs where it was linked to"))
    if transcript.contains("it has moved itself") {
      #expect(diagnostics.components(separatedBy: "(KASLR)").count == 2)
    }
  }
}
