import Bits

extension BTF {
  /// Where a member lies in its structure.
  public struct Field: Sendable, Equatable {
    /// The bytes in front of it.
    public let offset: Int
    /// The size in bytes; of an array, that of one element.
    public let elementSize: Int
    /// The number of elements of an array, in all of its dimensions, 0 where it is flexible; nil for what is no array.
    public let count: Int?

    /// The size in bytes of all of it.
    public var size: Int { elementSize * (count ?? 1) }
    /// The bytes of its structure that it takes.
    public var range: Range<Int> { offset..<offset + size }
  }

  /// Finds a member of a structure or union.
  ///
  /// - Parameters:
  ///   - path: the member's name, or several with a dot between them for a member of a member. The members of anonymous
  ///     structures and unions count as those of the one around; an array in front of a dot stands for its first
  ///     element.
  ///   - name: the name of the structure or union.
  /// - Returns: where it is.
  /// - Throws: `BTFError` where there is none, or it is a bit field.
  public func field(_ path: String, of name: String) throws(BTFError) -> Field {
    var failure: BTFError?
    for (number, type) in types(named: name) where type.isAggregate {
      do throws(BTFError) {
        return try field(path, in: number, named: name)
      } catch {
        failure = failure ?? error
      }
    }
    throw failure ?? .noType(name)
  }

  /// The size of a structure or union in bytes.
  ///
  /// - Parameter name: its name.
  /// - Returns: the size.
  /// - Throws: `BTFError` where there is none.
  public func size(of name: String) throws(BTFError) -> Int {
    guard let type = types(named: name).first(where: \.type.isAggregate)?.type else { throw .noType(name) }
    return Int(type.sizeOrType)
  }

  /// The value of an enumerator.
  ///
  /// - Parameters:
  ///   - enumerator: its name.
  ///   - name: the enumeration's name.
  /// - Returns: the value; the largest `Int64` where it is larger.
  /// - Throws: `BTFError` where there is none.
  public func value(of enumerator: String, in name: String) throws(BTFError) -> Int64 {
    let enumerations = types(named: name).lazy.map(\.type).filter(\.isEnumeration)
    guard !enumerations.isEmpty else { throw .noType(name) }
    for type in enumerations {
      if let value = value(of: enumerator, in: type) { return value }
    }
    throw .noMember(enumerator, of: name)
  }

  private func value(of enumerator: String, in type: BTFType) -> Int64? {
    let is64Bit = type.kind == .enumeration64
    for number in 0..<type.count {
      let offset = type.details + number * (is64Bit ? 12 : 8)
      guard let name: UInt32 = section.littleEndian(at: offset), hasName(enumerator, at: name),
        let low: UInt32 = section.littleEndian(at: offset + 4)
      else { continue }
      guard is64Bit else { return type.hasFlag ? Int64(Int32(bitPattern: low)) : Int64(low) }
      guard let high: UInt32 = section.littleEndian(at: offset + 8) else { return nil }
      let value = UInt64(high) << 32 | UInt64(low)
      return type.hasFlag ? Int64(bitPattern: value) : Int64(clamping: value)
    }
    return nil
  }
}

/// Members.
extension BTF {
  /// As many steps lead from a type to what it is in the end (Linux, kernel/bpf/btf.c, `MAX_RESOLVE_DEPTH`); cycles
  /// have more.
  private static let deepest = 32

  /// A member as its structure has it.
  private struct Member {
    let name: UInt32
    let type: UInt32
    let bitOffset: UInt32
    let bitCount: UInt32

    init?(_ number: Int, of aggregate: BTFType, in section: [UInt8]) {
      let start = aggregate.details + number * BTFType.memberCount
      guard let name: UInt32 = section.littleEndian(at: start), let type: UInt32 = section.littleEndian(at: start + 4),
        let offset: UInt32 = section.littleEndian(at: start + 8)
      else { return nil }
      self.name = name
      self.type = type
      bitOffset = aggregate.hasFlag ? offset[bits: 0...23] : offset
      bitCount = aggregate.hasFlag ? offset[bits: 24...31] : 0
    }

    var byteOffset: Int? { bitOffset.isMultiple(of: 8) && bitCount == 0 ? Int(bitOffset / 8) : nil }
  }

  private func field(_ path: String, in structure: UInt32, named name: String) throws(BTFError) -> Field {
    guard let owner = self.type(structure) else { throw .noType(name) }
    var (type, offset, end) = (structure, 0, Int(owner.sizeOrType))
    for part in path.split(separator: ".") {
      let (aggregate, count) = element(of: type)
      // The elements of a flexible array lie behind its structure.
      if count == 0 { end = offset + (size(aggregate) ?? 0) }
      guard let (member, start) = member(String(part), of: aggregate) else { throw .noMember(path, of: name) }
      guard let memberOffset = member.byteOffset, !isBitField(member.type) else { throw .bitField(path, of: name) }
      // Each term is less than 512 MiB, and there are no more of them than types and parts of the path.
      offset += start + memberOffset
      type = member.type
    }
    let (elementType, count) = element(of: type)
    guard let elementSize = size(elementType),
      case let (size, overflow) = elementSize.multipliedReportingOverflow(by: count ?? 1), !overflow, size <= end,
      offset <= end - size
    else { throw .damaged(offset: owner.details) }
    return Field(offset: offset, elementSize: elementSize, count: count)
  }

  /// A member of a structure or union, or of the anonymous ones in it, and the offset of the one that it is in.
  private func member(_ name: String, of type: UInt32) -> (Member, start: Int)? {
    var pending = [(type: type, start: 0)]
    // Each once: more of them have the same members, or are a cycle.
    var seen: Set<UInt32> = [type]
    while let (number, start) = pending.popLast() {
      guard let aggregate = self.type(number), aggregate.isAggregate else { continue }
      for index in 0..<aggregate.count {
        guard let member = Member(index, of: aggregate, in: section) else { break }
        if hasName(name, at: member.name) { return (member, start) }
        if member.name == 0, let offset = member.byteOffset {
          let inner = resolve(member.type)
          if seen.insert(inner).inserted { pending.append((inner, start + offset)) }
        }
      }
    }
    return nil
  }

  /// Whether an integer has fewer bits than its bytes have: older sections mark bit fields so.
  private func isBitField(_ number: UInt32) -> Bool {
    guard let type = type(resolve(number)), type.kind == .integer,
      let encoding: UInt32 = section.littleEndian(at: type.details)
    else { return false }
    return UInt64(encoding[bits: 0...7]) != UInt64(type.sizeOrType) * 8 || encoding[bits: 16...23] != 0
  }

  /// The type behind other names and qualifiers.
  private func resolve(_ number: UInt32) -> UInt32 {
    var number = number
    for _ in 0..<Self.deepest {
      guard let next = type(number)?.underlying else { return number }
      number = next
    }
    return 0
  }

  /// The type of an array's elements and how many there are in all dimensions; the type itself where it is no array.
  private func element(of number: UInt32) -> (type: UInt32, count: Int?) {
    var (number, count) = (resolve(number), Int?.none)
    for _ in 0..<Self.deepest {
      guard let array = type(number), array.kind == .array else { return (number, count) }
      guard let element: UInt32 = section.littleEndian(at: array.details),
        let length: UInt32 = section.littleEndian(at: array.details + 8),
        case let (product, overflow) = (count ?? 1).multipliedReportingOverflow(by: Int(length)), !overflow
      else { break }
      (number, count) = (resolve(element), product)
    }
    return (0, nil)
  }

  /// The size in bytes of a type that is no array and no other's name; nil where it has none.
  private func size(_ number: UInt32) -> Int? {
    guard let type = type(number) else { return nil }
    switch type.kind {
    case .pointer: return 8
    case .integer, .structure, .union, .enumeration, .enumeration64, .float: return Int(type.sizeOrType)
    default: return nil
    }
  }
}
