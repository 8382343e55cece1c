import Bits
import Foundation
import KernelImage
import KernelSymbols
import Testing

/// The log of Debian's kernel, read out of the guest's memory.
@Suite(.needsHvgdb, .needsKVM, .needsKernel)
struct KernelLogTests {
  /// The kernel's symbols, out of its file as the loader places it.
  private func symbols() throws -> KernelSymbolTable {
    let image = try KernelImage(reading: KernelFile(path: try #require(Files.kernel)))
    let load = try image.load()
    let start = load.physicalRange.lowerBound.rawValue
    var bytes = [UInt8](repeating: 0, count: Int(load.physicalRange.upperBound.rawValue - start))
    try bytes.withUnsafeMutableBytes { buffer in
      try load.copy { address, count in
        UnsafeMutableRawBufferPointer(rebasing: buffer[Int(address.rawValue - start)...].prefix(count))
      }
    }
    let segments = load.segments.map {
      KernelLayout.Segment(
        offset: Int($0.physical.rawValue - start), count: $0.fileCount, memoryCount: $0.memoryCount,
        virtual: $0.virtual)
    }
    return try KernelSymbolTable(
      reading: bytes.span.bytes, KernelLayout(architecture: image.architecture, segments: segments))
  }

  /// The lines that start with a time.
  private func timed(_ text: String) -> [Substring] {
    text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("[") }
  }

  @Test func logAndConsole() throws {
    let symbols = try symbols()
    let arguments = [
      "--kernel", try #require(Files.kernel), "--append", "console=ttyS0 earlyprintk=ttyS0", "--no-wait",
    ]
    try Hvgdb.run(arguments) { hvgdb in
      try hvgdb.waitForConsole("Memory: ", within: 120)
      let client = try RSPClient.attach(to: hvgdb)
      let memory = LinuxMemory(symbols: symbols, slide: 0) { address, count in
        // As many bytes to a packet as every server takes.
        stride(from: 0, to: count, by: 1024).reduce(into: [UInt8]?([])) { bytes, offset in
          let part = try? client.memory(at: address.rawValue &+ UInt64(offset), count: min(1024, count - offset))
          bytes = bytes.flatMap { bytes in part.map { bytes + $0 } }
        }.flatMap { $0.count == count ? $0 : nil }
      }
      let log = try LinuxLog.read(from: memory, types: try memory.types())
      #expect(log.lost == 0)
      #expect(log.text.hasPrefix("[    0.000000] Linux version "))
      // The console leaves messages for debugging out, and its last line may not have come to its end.
      let shown = log.records.filter { $0.level < 7 }.map(\.lines).joined()
      let console = timed(hvgdb.console).dropLast()
      #expect(console.count > 20)
      #expect(Array(timed(shown).prefix(console.count)) == Array(console))
      // No module is loaded so early.
      #expect(try LinuxModules(types: try memory.types()).read(from: memory).isEmpty)
    }
  }
}
