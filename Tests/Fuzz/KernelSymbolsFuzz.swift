import Architecture
import Bits
import KernelSymbols

/// What libFuzzer calls: damages a made kernel as the input says, and uses all that is read from it.
///
/// The first byte chooses the layout of the tables; each six after it overwrite up to four bytes of them. So the fuzzer
/// starts inside of tables that are right, and needs no corpus.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  identify(input)
  guard let choice = input.first else { return 0 }
  var kernel = kernels[Int(choice) % kernels.count]
  for edit in stride(from: 1, to: input.count - 5, by: 6) {
    let offset = 0x4000 + Int(input[edit]) << 8 + Int(input[edit + 1])
    for byte in 0..<4 where offset + byte < kernel.bytes.count { kernel.bytes[offset + byte] = input[edit + 2 + byte] }
  }
  guard let table = try? kernel.table() else { return 0 }
  precondition(table.count <= kernel.symbols.count)
  precondition(zip(table, table.dropFirst()).allSatisfy { $0.address <= $1.address })
  for symbol in table.prefix(4) {
    precondition(table.symbols(named: symbol.name).contains(symbol))
    _ = table.symbol(at: symbol.address)
  }
  identify(table.symbolFile)
  return 0
}

/// One kernel of each layout, as an Image where it can be one.
private let kernels = KallsymsWriter.Version.all.map {
  SampleKernel($0, $0.encoding == .perCPUAbsolute ? .x86_64 : .arm64, count: 300)
}

private func identify(_ file: [UInt8]) {
  _ = try? ELFIdentity { offset, count in
    guard let start = Int(exactly: offset), start <= file.count - count else { return nil }
    return Array(file[start..<start + count])
  }
}
