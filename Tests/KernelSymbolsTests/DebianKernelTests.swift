import Architecture
import Bits
import KernelSymbols
import Testing

/// Kernels as Debian ships them: stripped.
@Suite(.enabled(if: !DebianKernel.cached.isEmpty, "no Debian kernel is here: have one fetched by `make kernels`"))
struct DebianKernelTests {
  @Test(arguments: DebianKernel.cached)
  func symbols(_ kernel: DebianKernel) throws {
    let (bytes, layout, buildID) = try kernel.loaded()
    let table = try KernelSymbolTable(reading: bytes.span.bytes, layout)
    #expect(table.count > 40_000 && table.remark == nil)
    #expect(table.buildID?.bytes == buildID)
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
}
