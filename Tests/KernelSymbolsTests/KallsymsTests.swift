import Architecture
import Bits
import Testing

@testable import KernelSymbols

/// What is written in the layout of any version is what is found.
@Suite struct KallsymsTests {
  @Test(arguments: KallsymsWriter.Version.all, [257, 512, 700, 1025])
  func roundTrip(_ version: KallsymsWriter.Version, count: Int) throws {
    let kernel = SampleKernel(version, .x86_64, count: count, seed: UInt64(count))
    let table = try kernel.table()
    #expect(table.map(SampleSymbol.init) == kernel.symbols)
    #expect(table.remark == nil)
    #expect(table.banner == SampleKernel.banner)
    #expect(table.buildID?.bytes == SampleKernel.buildID)
  }

  @Test(arguments: KallsymsWriter.Version.all.filter { $0.encoding != .perCPUAbsolute })
  func imageWithoutAddress(_ version: KallsymsWriter.Version) throws {
    let kernel = SampleKernel(version, .arm64)
    let table = try kernel.table()
    #expect(table.linkRange.lowerBound.rawValue == SampleKernel.start(.arm64))
    #expect(table.map(SampleSymbol.init) == kernel.symbols)
  }

  @Test(arguments: KallsymsWriter.Version.all.filter { $0.encoding == .relative })
  func imageThatRelocatesItself(_ version: KallsymsWriter.Version) throws {
    let start = SampleKernel.start(.arm64)
    // An address that the boot protocol rules out is none; two that it allows are told.
    let kernel = SampleKernel(version, .arm64, relocatedAt: [start + 0x8000, start])
    #expect(try kernel.table().map(SampleSymbol.init) == kernel.symbols)
    let ambiguous = SampleKernel(version, .arm64, relocatedAt: [start, start + (2 << 20), start])
    #expect(throws: KernelSymbolsError.ambiguousLinkAddress([start, start + (2 << 20)].map { GuestVirtual($0) })) {
      try ambiguous.table()
    }
    let lost = SampleKernel(version, .arm64, relocatedAt: [])
    #expect(throws: KernelSymbolsError.noLinkAddress) { try lost.table() }
  }

  @Test(arguments: KallsymsWriter.Version.all)
  func damagedNamesCostTheirBlock(_ version: KallsymsWriter.Version) throws {
    var kernel = SampleKernel(version, .x86_64, count: 1025)
    let markers = try #require(kernel.places["markers"])
    let block = try #require(kernel.bytes.littleEndian(at: markers + version.markerWidth * 2, as: UInt32.self))
    // The first name of the third block has another length.
    kernel.bytes[try #require(kernel.places["names"]) + Int(block)] += 1
    let table = try kernel.table()
    #expect(table.map(SampleSymbol.init) == Array(kernel.symbols[..<512] + kernel.symbols[768...]))
    #expect(table.remark == "256 of the kernel's 1025 symbols are missing: their entries are damaged")
  }

  @Test(arguments: KallsymsWriter.Version.all)
  func addressesOutsideOfTheKernelAreMissing(_ version: KallsymsWriter.Version) throws {
    var kernel = SampleKernel(version, .x86_64)
    let addresses = try #require(kernel.places["addresses"])
    let size = version.encoding == .absolute ? 8 : 4
    kernel.bytes.replaceSubrange(
      addresses + 300 * size..<addresses + 301 * size,
      with: version.encoding == .absolute
        ? [0, 0, 0, 0, 0, 0, 0, 0x80] : [0, 0, 0, version.encoding == .relative ? 0x7f : 0x80])
    let table = try kernel.table()
    #expect(table.map(SampleSymbol.init) == Array(kernel.symbols[..<300] + kernel.symbols[301...]))
    #expect(table.remark?.hasPrefix("1 of the kernel's 700 symbols") == true)
  }

  @Test func namesThatNoCompilerMakesAreMissing() throws {
    var kernel = SampleKernel(KallsymsWriter.Version.all[4], .x86_64)
    // The last codes were given last, to what many names still have in common.
    let index = try #require(kernel.places["index"])
    let token = try #require(kernel.bytes.littleEndian(at: index + 2 * 255, as: UInt16.self))
    kernel.bytes[try #require(kernel.places["tokens"]) + Int(token)] = 0xc3
    let table = try kernel.table()
    #expect((300..<kernel.symbols.count).contains(table.count))
    #expect(table.allSatisfy { kernel.symbols.contains(SampleSymbol($0)) })
    #expect(table.remark != nil)
  }

  @Test func whatIsMissing() throws {
    let noise = [UInt8](repeating: 0, count: 1 << 16)
    let layout = KernelLayout.arm64Image(count: noise.count, memoryCount: 1 << 20)
    #expect(throws: KernelSymbolsError.noTokenTable) { try KernelSymbolTable(reading: noise.span.bytes, layout) }
    #expect(throws: KernelSymbolsError.noTokenTable) {
      try KernelSymbolTable(reading: noise.span.bytes, KernelLayout(architecture: .arm64, segments: []))
    }
    for (part, error) in [
      ("tokens", KernelSymbolsError.noTokenTable), ("index", .noTokenTable), ("count", .noNames), ("markers", .noNames),
      ("base", .noAddresses),
    ] {
      var kernel = SampleKernel(KallsymsWriter.Version.all[4], .x86_64)
      let place = try #require(kernel.places[part])
      for offset in place..<place + 8 { kernel.bytes[offset] = 0x55 }
      #expect(throws: error, "\(part)") { try kernel.table() }
    }
  }
}

extension SampleSymbol {
  init(_ symbol: KernelSymbolTable.Symbol) {
    self.init(name: symbol.name, kind: symbol.kind.rawValue, address: symbol.address.rawValue)
  }
}
