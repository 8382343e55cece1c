import Architecture
import Bits
import Foundation
import KernelSymbols
import Testing

/// Kernels as Debian ships them: stripped.
@Suite(.enabled(if: !DebianKernel.cached.isEmpty, "no Debian kernel is here: have one fetched by `make kernels`"))
struct DebianKernelTests {
  @Test(arguments: DebianKernel.cached)
  func symbols(_ kernel: DebianKernel) throws {
    let loaded = try kernel.loaded()
    let table = loaded.table
    #expect(table.count > 40_000 && table.remark == nil)
    #expect(table.buildID?.bytes == loaded.buildID)
    let release = try #require(kernel.path.split(separator: "vmlinuz-").last)
    #expect(table.banner?.hasPrefix("Linux version \(release) (") == true)

    // What is linked to one place is found there: in the middle of a function, by its address and by its name.
    let start = try #require(table.symbols(named: "start_kernel").first)
    #expect(table.symbols(named: "start_kernel").count == 1)
    #expect(start.kind.isCode && start.kind.isGlobal && start.size > 1000)
    #expect(table.symbol(at: start.address.wrapping(by: start.size - 1)) == start)
    #expect(table.symbol(at: start.address.wrapping(by: start.size)) != start)
    #expect(table.sections.first { $0.range.contains(start.address) }?.name == ".init.text")
    #expect(table.symbols(named: "no_such_symbol_of_a_kernel").isEmpty)

    #expect(zip(table, table.dropFirst()).allSatisfy { $0.address <= $1.address })
    #expect(table.sections.first?.range.lowerBound == table.linkRange.lowerBound)
    #expect(table.sections.last?.range.upperBound == table.linkRange.upperBound)
    #expect(zip(table.sections, table.sections.dropFirst()).allSatisfy { $0.range.upperBound == $1.range.lowerBound })
  }

  /// What stock gdb makes of the file: names, sections, and a breakpoint at a function's first instruction or, on arm64,
  /// behind its prologue, which it would read from the guest.
  @Test(.enabled(if: Tool.gdb != nil, "gdb-multiarch is not installed"), arguments: DebianKernel.cached)
  func gdbReadsTheSymbolFile(_ kernel: DebianKernel) throws {
    let table = try kernel.loaded().table
    let start = try #require(table.symbols(named: "start_kernel").first)
    let file = try TemporaryFile(table.symbolFile)
    let output = try #require(Tool.gdb).run([
      "-nx", "-batch", file.path, "-ex", "info address start_kernel",
      "-ex", "info symbol \(start.address.wrapping(by: start.size - 1))", "-ex",
      "info symbol \(table.linkRange.lowerBound)",
      "-ex", "show architecture",
    ])
    #expect(output.contains("Symbol \"start_kernel\" is at \(start.address) in a file compiled without debugging."))
    #expect(output.contains("start_kernel + \(start.size - 1) in section .init.text"))
    #expect(!output.contains("warning") && !output.contains("error"), "\(output)")
    #expect(output.contains(table.architecture == .arm64 ? "aarch64" : "i386:x86-64"))
  }

  /// A kernel that ends in the middle: at each power of two from 1 MiB on.
  @Test func cutShort() throws {
    let loaded = try #require(DebianKernel.cached.last).loaded()
    for count in (20...24).map({ 1 << $0 }) {
      let part = Array(loaded.bytes.prefix(count))
      #expect(throws: KernelSymbolsError.self) { try KernelSymbolTable(reading: part.span.bytes, loaded.layout) }
    }
  }
}
