import Architecture
import Bits
import KernelSymbols
import Testing

/// The types in kernels as Debian ships them.
@Suite(.enabled(if: !DebianKernel.cached.isEmpty, "no Debian kernel is here: have one fetched by `make kernels`"))
struct DebianTypesTests {
  /// The kernel as it lies in the guest before it runs: reads at the addresses that it is linked to.
  private func memory(of kernel: DebianKernel.Loaded) -> LinuxMemory {
    LinuxMemory(symbols: kernel.table, slide: 0) { address, count in
      for segment in kernel.layout.segments {
        let start = segment.virtual ?? kernel.table.linkRange.lowerBound
        let offset = Int(clamping: address.rawValue &- start.rawValue)
        if address >= start, offset < segment.count, count <= segment.count - offset {
          return Array(kernel.bytes[segment.offset + offset..<segment.offset + offset + count])
        }
      }
      return nil
    }
  }

  @Test(arguments: DebianKernel.cached) func types(_ kernel: DebianKernel) throws {
    let loaded = try kernel.loaded()
    let types = try memory(of: loaded).types()
    let found = try BTF(searching: loaded.bytes.span.bytes)
    #expect(try types.size(of: "module") == found.size(of: "module"))
    #expect(try types.field("list", of: "module").range == 8..<24)
    #expect(try types.field("name", of: "module").count == 56)
    #expect(throws: BTFError.bitField("level", of: "printk_info")) { try types.field("level", of: "printk_info") }
    #expect(try types.value(of: "MODULE_STATE_UNFORMED", in: "module_state") == 3)
    // Two levels of anonymous structures and unions.
    #expect(try types.field("lru.next", of: "page").offset == 8)
    _ = try LinuxModules(types: types)
  }

  /// The layout of the log that is taken without types is the one that the types tell.
  @Test(arguments: DebianKernel.cached) func logLayout(_ kernel: DebianKernel) throws {
    let types = try memory(of: kernel.loaded()).types()
    let ring = MadePrintkRing(.linuxSince518, countBits: 4, sizeBits: 9)
    for number in 0..<40 { ring.append("message \(number)", level: 4, time: UInt64(number)) }
    let log = try LinuxLog.read(from: ring.memory.linux, types: types)
    #expect(log.records.count > 5)
    #expect(try log == LinuxLog.read(from: ring.memory.linux, types: nil))
  }
}
