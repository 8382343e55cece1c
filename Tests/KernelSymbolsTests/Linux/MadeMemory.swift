import Architecture
import Bits
import KernelSymbols

/// A guest's memory with what a test puts into it.
final class MadeMemory {
  static let start: UInt64 = 0xffff_8880_0000_0000
  private(set) var bytes: [UInt8] = []
  private var symbols: [String: (start: UInt64, count: Int)] = [:]
  /// Called in front of each read, by which a guest that runs changes its memory meanwhile.
  var onRead: ((_ address: UInt64) -> Void)?

  /// What reads the memory.
  var linux: LinuxMemory {
    LinuxMemory(
      architecture: .arm64, image: GuestVirtual(Self.start)..<GuestVirtual(Self.start + UInt64(bytes.count)),
      rangeOf: { self.symbols[$0].map { GuestVirtual($0.start)..<GuestVirtual($0.start + UInt64($0.count)) } },
      read: { address, count in
        self.onRead?(address.rawValue)
        let offset = Int(clamping: address.rawValue &- Self.start)
        // The rest of the last page is there too.
        let end = (self.bytes.count + 4095) & ~4095
        guard offset >= 0, offset <= end, count <= end - offset else { return nil }
        let bytes = self.bytes.dropFirst(offset).prefix(count)
        return bytes + [UInt8](repeating: 0, count: count - bytes.count)
      })
  }

  /// Makes room, aligned to 8, and returns its address.
  func allocate(_ count: Int, symbol: String? = nil) -> UInt64 {
    bytes += [UInt8](repeating: 0, count: -bytes.count & 7)
    let address = Self.start + UInt64(bytes.count)
    bytes += [UInt8](repeating: 0, count: count)
    if let symbol { symbols[symbol] = (address, count) }
    return address
  }

  /// Puts bytes behind all others, however they are aligned.
  func append(_ contents: [UInt8]) { bytes += contents }

  func place(_ contents: [UInt8]) -> UInt64 {
    let address = allocate(contents.count)
    store(contents, at: address)
    return address
  }

  func place(_ text: String) -> UInt64 { place(Array(text.utf8) + [0]) }

  func define<Value: FixedWidthInteger & BitwiseCopyable>(_ symbol: String, _ value: Value) {
    store(value, at: symbols[symbol]?.start ?? allocate(MemoryLayout<Value>.size, symbol: symbol))
  }

  /// Takes a symbol away, and returns the address that it had.
  func forget(_ symbol: String) -> UInt64 { symbols.removeValue(forKey: symbol)?.start ?? 0 }

  /// Puts a function into memory; what makes its code is given its address.
  func placeFunction(_ name: String, count: Int, _ code: (_ start: UInt64) -> [UInt32]) {
    let start = allocate(4 * count, symbol: name)
    for (number, word) in code(start).enumerated() { store(word, at: start + UInt64(4 * number)) }
  }

  func store(_ contents: [UInt8], at address: UInt64) {
    let offset = Int(address - Self.start)
    bytes.replaceSubrange(offset..<offset + contents.count, with: contents)
  }

  func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at address: UInt64) {
    var contents: [UInt8] = []
    contents.appendLittleEndian(value)
    store(contents, at: address)
  }

  func load<Value: FixedWidthInteger & BitwiseCopyable>(at address: UInt64, as type: Value.Type = Value.self) -> Value {
    bytes.littleEndian(at: Int(address - Self.start)) ?? 0
  }

  /// Changes some of its bytes.
  func damage(_ count: Int, using generator: inout RepeatableGenerator) {
    for _ in 0..<count {
      let values: [UInt8] = [0, 1, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &generator)]
      bytes[Int.random(in: bytes.indices, using: &generator)] = values.randomElement(using: &generator) ?? 0
    }
  }
}
