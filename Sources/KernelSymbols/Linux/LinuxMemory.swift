public import Bits

/// A Linux kernel as it is in the guest: its memory, and where its symbols are.
///
/// Addresses are those at which the kernel runs. Nothing read here is trusted.
public struct LinuxMemory {
  /// Reads memory at a virtual address; nil where not all of it can be read.
  public typealias Reader = (_ address: GuestVirtual, _ count: Int) -> [UInt8]?

  /// No page is smaller: what lies in one aligned block of this many bytes can be read as a whole or not at all.
  private static let pageSize: UInt64 = 4096

  private let addressOf: (String) -> GuestVirtual?
  private let read: Reader

  /// Looks at a kernel whose symbols are known.
  ///
  /// - Parameters:
  ///   - symbols: the kernel's symbols.
  ///   - slide: what is added to the addresses that they are linked to.
  ///   - read: reads the guest's memory.
  public init(symbols: KernelSymbolTable, slide: UInt64, read: @escaping Reader) {
    self.init(
      addressOf: { name in
        // Of several, the one that other files see is the kernel's own.
        let found = symbols.symbols(named: name)
        return (found.first(where: \.kind.isGlobal) ?? found.first)?.address.wrapping(by: slide)
      }, read: read)
  }

  /// Looks at a kernel.
  ///
  /// - Parameters:
  ///   - addressOf: the address at which a symbol is; nil where there is none of the name.
  ///   - read: reads the guest's memory.
  public init(addressOf: @escaping (String) -> GuestVirtual?, read: @escaping Reader) {
    self.addressOf = addressOf
    self.read = read
  }

  /// The kernel's own types, which it has in its memory from the start.
  ///
  /// - Returns: the types.
  /// - Throws: `LinuxError` where it has none, or they cannot be read.
  public func types() throws(LinuxError) -> BTF {
    guard let start = addressOf("__start_BTF"), let end = addressOf("__stop_BTF"), start < end else {
      throw .noLayout(.noTypes)
    }
    let section = try bytes(at: start, count: Int(clamping: end.rawValue - start.rawValue), of: "the kernel's BTF")
    do throws(BTFError) {
      return try BTF(section)
    } catch {
      throw .noLayout(error)
    }
  }
}

extension LinuxMemory {
  /// More than any structure of a kernel has that is read in one go.
  static let largestRead = 64 << 20

  /// Where a symbol is.
  func address(of symbol: String) throws(LinuxError) -> GuestVirtual {
    guard let address = addressOf(symbol) else { throw .noSymbol(symbol) }
    return address
  }

  /// Whether the kernel has a symbol.
  func hasSymbol(_ name: String) -> Bool { addressOf(name) != nil }

  /// All of a stretch of memory; nil where part of it cannot be read or it is larger than any structure.
  func bytes(at address: GuestVirtual, count: Int) -> [UInt8]? {
    guard count >= 0, count <= Self.largestRead, address.advanced(by: UInt64(count)) != nil,
      let bytes = read(address, count), bytes.count == count
    else { return nil }
    return bytes
  }

  /// All of a stretch of memory, which is called by a name where it cannot be read.
  func bytes(at address: GuestVirtual, count: Int, of name: String) throws(LinuxError) -> [UInt8] {
    guard let bytes = bytes(at: address, count: count) else { throw .noMemory(address, of: name) }
    return bytes
  }

  /// An integer; nil where it cannot be read.
  func integer<Value: FixedWidthInteger & BitwiseCopyable>(at address: GuestVirtual, as type: Value.Type) -> Value? {
    bytes(at: address, count: MemoryLayout<Value>.size)?.littleEndian(at: 0)
  }

  /// The value of a variable.
  func value<Value: FixedWidthInteger & BitwiseCopyable>(
    of symbol: String, as type: Value.Type = Value.self
  ) throws(LinuxError) -> Value {
    let address = try address(of: symbol)
    guard let value = integer(at: address, as: type) else { throw .noMemory(address, of: symbol) }
    return value
  }

  /// A string up to its NUL; nil where it cannot be read or is longer than the limit.
  func string(at address: GuestVirtual, limit: Int = 512) -> String? {
    var text: [UInt8] = []
    var next = address
    while text.count < limit {
      let count = min(64, Self.pageSize - next.offset(in: Self.pageSize))
      guard let chunk = bytes(at: next, count: Int(count)) else { return nil }
      text += chunk.prefix { $0 != 0 }
      if chunk.contains(0) { return text.count <= limit ? String(decoding: text, as: UTF8.self) : nil }
      next = next.wrapping(by: count)
    }
    return nil
  }
}
