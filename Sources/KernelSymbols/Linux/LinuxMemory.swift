public import Architecture
public import Bits

/// A Linux kernel as it is in the guest: its memory, and where its symbols are.
///
/// Addresses are those at which the kernel runs. Nothing read here is trusted.
public struct LinuxMemory {
  /// Reads memory at a virtual address; nil where not all of it can be read.
  public typealias Reader = (_ address: GuestVirtual, _ count: Int) -> [UInt8]?

  /// No page is smaller: what lies in one aligned block of this many bytes can be read as a whole or not at all.
  private static let pageSize: UInt64 = 4096

  private let architecture: GuestArchitecture
  private let image: Range<GuestVirtual>
  private let rangeOf: (String) -> Range<GuestVirtual>?
  private let read: Reader

  /// Looks at a kernel whose symbols are known.
  ///
  /// - Parameters:
  ///   - symbols: the kernel's symbols.
  ///   - slide: what is added to the addresses that they are linked to.
  ///   - read: reads the guest's memory.
  public init(symbols: KernelSymbolTable, slide: UInt64, read: @escaping Reader) {
    self.init(
      architecture: symbols.architecture, image: symbols.linkRange.moved(by: slide),
      rangeOf: { name in
        // Of several, the one that other files see is the kernel's own.
        let found = symbols.symbols(named: name)
        return (found.first(where: \.kind.isGlobal) ?? found.first)?.range.moved(by: slide)
      }, read: read)
  }

  /// Looks at a kernel.
  ///
  /// - Parameters:
  ///   - architecture: the architecture of its code.
  ///   - image: the addresses at which all of it runs.
  ///   - rangeOf: the addresses of a symbol; nil where there is none of the name.
  ///   - read: reads the guest's memory.
  public init(
    architecture: GuestArchitecture, image: Range<GuestVirtual>,
    rangeOf: @escaping (String) -> Range<GuestVirtual>?, read: @escaping Reader
  ) {
    self.architecture = architecture
    self.image = image
    self.rangeOf = rangeOf
    self.read = read
  }

  /// The kernel's own types, which it has in its memory from the start.
  ///
  /// - Returns: the types.
  /// - Throws: `LinuxError` where it has none, or they cannot be read.
  public func types() throws(LinuxError) -> BTF {
    guard let start = rangeOf("__start_BTF")?.lowerBound, let end = rangeOf("__stop_BTF")?.lowerBound, start < end
    else { return try searchedTypes() }
    do throws(BTFError) {
      return try BTF(try section(start, count: end.distance(from: start)))
    } catch {
      throw .noLayout(error)
    }
  }
}

extension LinuxMemory {
  /// So much is searched at a time, and what cannot be read is passed over.
  private static let searchCount = 1 << 16
  /// No kernel is larger, whatever its file says.
  private static let largestImage: UInt64 = 256 << 20

  /// Looks for the types in all of the kernel: without CONFIG_KALLSYMS_ALL no symbol tells where they are.
  private func searchedTypes() throws(LinuxError) -> BTF {
    var failure = BTFError.noTypes
    var candidates = 0
    var address = image.lowerBound
    let end = min(image.upperBound, address.wrapping(by: min(Self.largestImage, ~address.rawValue)))
    while address < end, candidates < BTF.mostCandidates {
      // A header may lie across the end.
      let count = min(Self.searchCount + BTF.headerCount, end.distance(from: address))
      for range in bytes(at: address, count: count).map(BTF.sections(in:)) ?? [] {
        candidates += 1
        do throws(BTFError) {
          return try BTF(try section(address.wrapping(by: UInt64(range.lowerBound)), count: range.count))
        } catch {
          if failure == .noTypes { failure = error }
        }
      }
      guard let next = address.advanced(by: UInt64(Self.searchCount)) else { break }
      address = next
    }
    throw .noLayout(failure)
  }

  /// The bytes of a section; an error where they cannot be read.
  private func section(_ start: GuestVirtual, count: Int) throws(BTFError) -> [UInt8] {
    guard let section = bytes(at: start, count: count) else { throw .unreadable(start) }
    return section
  }
}

extension LinuxMemory {
  /// More than any structure of a kernel has that is read in one go.
  static let largestRead = 64 << 20
  /// So much is read of a function.
  private static let longestFunction = 4096

  /// Where a symbol is.
  func address(of symbol: String) throws(LinuxError) -> GuestVirtual {
    guard let address = rangeOf(symbol)?.lowerBound else { throw .noSymbol(symbol) }
    return address
  }

  /// Whether the kernel has a symbol.
  func hasSymbol(_ name: String) -> Bool { rangeOf(name) != nil }

  /// Where a variable may be: without CONFIG_KALLSYMS_ALL only functions have symbols, and what is told is all that a
  /// function uses.
  ///
  /// - Parameters:
  ///   - variable: the variable's name.
  ///   - functions: functions that use it.
  /// - Returns: one place where it has a symbol, else any number of them.
  func places(of variable: String, usedBy functions: [String]) -> [GuestVirtual] {
    if let known = rangeOf(variable) { return [known.lowerBound] }
    guard architecture == .arm64 else { return [] }
    return functions.flatMap { name -> [GuestVirtual] in
      guard let function = rangeOf(name),
        case let count = min(function.upperBound.distance(from: function.lowerBound), Self.longestFunction),
        let code = bytes(at: function.lowerBound, count: count)
      else { return [] }
      return CodeReferences(in: code, at: function.lowerBound).addresses
    }
  }

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

extension KernelSymbolTable.Symbol {
  fileprivate var range: Range<GuestVirtual> { address..<(address.advanced(by: size) ?? address) }
}

extension Range<GuestVirtual> {
  /// The addresses a distance on, cut off at the end of the address space.
  fileprivate func moved(by distance: UInt64) -> Range {
    let start = lowerBound.wrapping(by: distance)
    return start..<Swift.max(start, upperBound.wrapping(by: distance))
  }
}

extension GuestVirtual {
  /// The bytes from an address below up to this one.
  fileprivate func distance(from start: GuestVirtual) -> Int { Int(clamping: rawValue &- start.rawValue) }
}
