import Architecture
import Bits
import KernelSymbols

/// What libFuzzer calls: damages a kernel's types or what it has in memory as the input says, and reads all of it.
///
/// The first byte chooses what is damaged, and the second one which of its forms; each six after them overwrite up to
/// four bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  guard input.count > 2 else { return 0 }
  let edits = Edits(input: input)
  let modules = kernels[Int(input[1]) % kernels.count]
  switch input[0] % 4 {
  case 0: readLog(ring.memory, types: try? BTF(edits.applied(to: ringTypes)))
  case 1: edits.damaging(ring.memory) { readLog($0, types: input[1] % 2 == 0 ? try? BTF(ringTypes) : nil) }
  case 2: readModules(modules.made.memory, types: edits.applied(to: modules.types))
  default: edits.damaging(modules.made.memory) { readModules($0, types: modules.types) }
  }
  return 0
}

/// What an input changes.
private struct Edits {
  let input: [UInt8]

  func applied(to bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for edit in stride(from: 2, to: input.count - 5, by: 6) {
      let offset = Int(input[edit]) << 8 + Int(input[edit + 1])
      for byte in 0..<4 where offset + byte < bytes.count { bytes[offset + byte] = input[edit + 2 + byte] }
    }
    return bytes
  }

  /// Calls `body` with the memory damaged, and mends it again.
  func damaging(_ memory: MadeMemory, _ body: (MadeMemory) -> Void) {
    let whole = memory.bytes
    memory.store(applied(to: whole), at: MadeMemory.start)
    body(memory)
    memory.store(whole, at: MadeMemory.start)
  }
}

private func readLog(_ memory: MadeMemory, types: BTF?) {
  guard let log = try? LinuxLog.read(from: memory.linux, types: types) else { return }
  precondition(log.records.count + log.unfinished + log.lost <= 1 << 20)
  precondition(log.records.allSatisfy { $0.text.count <= 0xffff })
  _ = log.text
}

private func readModules(_ memory: MadeMemory, types: [UInt8]) {
  guard let types = try? BTF(types), let reader = try? LinuxModules(types: types),
    let modules = try? reader.read(from: memory.linux)
  else { return }
  for module in modules {
    precondition(
      zip(module.sections, module.sections.dropFirst()).allSatisfy { $0.range.lowerBound <= $1.range.lowerBound })
    _ = reader.symbols(of: module, architecture: .arm64, in: memory.linux).symbolFile
  }
}

nonisolated(unsafe) private let ring: MadePrintkRing = {
  let ring = MadePrintkRing(.linuxSince518, countBits: 4, sizeBits: 9)
  for number in 0..<40 { ring.append("message \(number)") }
  return ring
}()

private let ringTypes = MadePrintkRing.Shape.linuxSince518.section

/// A kernel of each version with two modules, and its types.
nonisolated(unsafe) private let kernels: [(made: MadeModules, types: [UInt8])] = MadeModules.Version.allCases.map {
  let made = MadeModules($0)
  let base: UInt64 = 0xffff_8000_7a00_0000
  var module = MadeModules.Module(name: "failover")
  module.sections = [(".text", base), (".rodata", base + 0x1000), (".data", base + 0x1400), (".bss", base + 0x1800)]
  module.symbols = [
    ("t", "failover_event", base + 0x10, 1), ("T", "failover_register", base + 0x100, 1),
    ("b", "failover_list", base + 0x1800, 4),
  ]
  made.add(module, base: base)
  made.add(module, base: base + 0x1_0000)
  return (made, made.section)
}
