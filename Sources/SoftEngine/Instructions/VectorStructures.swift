import Bits

// Loads and stores of structures of vector elements (Arm ARM, section C3.2.19; encodings in C4.1.96, "Advanced SIMD
// load/store").
extension DecodeTable {
  static let vectorStructures: [InstructionPattern] = [
    InstructionPattern("LD1-LD4/ST1-ST4 (multiple)", "0Q 0011000 L 000000 oooo zz nnnnn ttttt") {
      translate($0, StructureLayout(multiple: $0), isPostIndexed: false)
    },
    InstructionPattern("LD1-LD4/ST1-ST4 (multiple, post-indexed)", "0Q 0011001 L 0 mmmmm oooo zz nnnnn ttttt") {
      translate($0, StructureLayout(multiple: $0), isPostIndexed: true)
    },
    InstructionPattern("LD1-LD4/ST1-ST4/LD1R-LD4R (single)", "0Q 0011010 L R 00000 ooo S zz nnnnn ttttt") {
      translate($0, StructureLayout(single: $0), isPostIndexed: false)
    },
    InstructionPattern("LD1-LD4/ST1-ST4/LD1R-LD4R (single, post-indexed)", "0Q 0011011 L R mmmmm ooo S zz nnnnn ttttt")
    {
      translate($0, StructureLayout(single: $0), isPostIndexed: true)
    },
  ]
}

// MARK: - Layout

/// Which elements of which registers are accessed, and how they stand in memory.
private struct StructureLayout: RawRepresentable {
  var rawValue: Int32

  enum Order: Int32 {
    /// The elements of the first register, then those of the next.
    case consecutive
    /// The first element of each register, then the second of each.
    case interleaved
    /// One element of each register, which keeps its others.
    case lane
    /// One element for each register, for all its lanes.
    case replicated
  }

  @inline(__always) init(rawValue: Int32) { self.rawValue = rawValue }

  private init(_ order: Order, registers: Int32, scale: Int32, count: Int32, lane: Int32 = 0) {
    rawValue = 0
    rawValue[bits: 0...1] = order.rawValue
    rawValue[bits: 2...3] = scale
    rawValue[bits: 4...6] = registers
    rawValue[bits: 7...11] = count
    rawValue[bits: 12...15] = lane
  }

  /// A field; what executes instructions must not call for it.
  @inline(__always) private func field(_ bit: Int32, _ width: Int32) -> Int {
    Int(rawValue &>> bit & (1 &<< width &- 1))
  }

  @inline(__always) var order: Order {
    switch field(0, 2) {
    case 0: .consecutive
    case 1: .interleaved
    case 2: .lane
    default: .replicated
    }
  }
  /// An element's size as a power of two, 0 to 3.
  @inline(__always) var scale: Int { field(2, 2) }
  /// How many registers, 1 to 4; behind 31 is 0.
  @inline(__always) var registers: Int { field(4, 3) }
  /// How many lanes of each register are accessed, 1 to 16.
  @inline(__always) var count: Int { field(7, 5) }
  /// The first of them.
  @inline(__always) var lane: Int { field(12, 4) }

  /// How many bytes of memory are accessed, 1 to 64.
  @inline(__always) var byteCount: Int {
    switch order {
    case .consecutive, .interleaved: registers &* count &<< scale
    case .lane, .replicated: registers &<< scale
    }
  }
  /// How far the first elements of two registers are apart in memory.
  @inline(__always) var registerStride: Int { order == .consecutive ? count &<< scale : 1 &<< scale }
  /// How far two elements of a register are apart in memory.
  @inline(__always) var elementStride: Int {
    switch order {
    case .consecutive: 1 &<< scale
    case .interleaved, .lane: registers &<< scale
    case .replicated: 0
    }
  }
  /// The bits of a register that are not loaded are cleared.
  @inline(__always) var clears: Bool { order != .lane }

  /// The layout of LD1 to LD4 with all elements; nil where the word is not allocated.
  init?(multiple word: InstructionWord) {
    let order: Order
    let registers: Int32
    switch word[bits: 12...15] {
    case 0b0000: (order, registers) = (.interleaved, 4)
    case 0b0010: (order, registers) = (.consecutive, 4)
    case 0b0100: (order, registers) = (.interleaved, 3)
    case 0b0110: (order, registers) = (.consecutive, 3)
    case 0b0111: (order, registers) = (.consecutive, 1)
    case 0b1000: (order, registers) = (.interleaved, 2)
    case 0b1010: (order, registers) = (.consecutive, 2)
    default: return nil
    }
    let scale = Int32(word[bits: 10...11])
    let isFull = word[bit: 30]
    // One element of 64 bits has nothing to be interleaved with.
    if order == .interleaved && scale == 3 && !isFull { return nil }
    self.init(order, registers: registers, scale: scale, count: (isFull ? 16 : 8) >> scale)
  }

  /// The layout of LD1 to LD4 with one element, and of LD1R to LD4R; nil where the word is not allocated.
  init?(single word: InstructionWord) {
    let registers = Int32(word[bits: 13...13] << 1 | word[bits: 21...21]) + 1
    let size = Int32(word[bits: 10...11])
    let s = Int32(word[bits: 12...12])
    let q = Int32(word[bits: 30...30])
    switch (word[bits: 14...15], size) {
    case (0, _): self.init(.lane, registers: registers, scale: 0, count: 1, lane: q << 3 | s << 2 | size)
    case (1, 0), (1, 2): self.init(.lane, registers: registers, scale: 1, count: 1, lane: q << 2 | s << 1 | size >> 1)
    case (2, 0): self.init(.lane, registers: registers, scale: 2, count: 1, lane: q << 1 | s)
    case (2, 1) where s == 0: self.init(.lane, registers: registers, scale: 3, count: 1, lane: q)
    case (3, _) where s == 0 && word[bit: 22]:
      self.init(.replicated, registers: registers, scale: size, count: (8 << q) >> size)
    default: return nil
    }
  }
}

// MARK: - Execution

/// The base alone, which `ra` and the register `rm` are added to afterwards.
private enum StructureBase: AddressingMode {
  @inline(__always) static func address(_ cpu: CPU, _ op: Operands) -> UInt64? { BaseOnly.address(cpu, op) }
  @inline(__always) static func writeBack(_ cpu: CPU, _ op: Operands, _ address: UInt64) {
    cpu[x: op.rn] = address &+ UInt64(op.ra) &+ cpu[x: op.rm]
  }
}

/// Loads registers from as many bytes as the layout has, which are in RAM or were collected from elsewhere.
private protocol StructureLoad: Transfer {
  static func load(_ cpu: CPU, _ op: Operands, _ layout: StructureLayout, _ memory: UnsafeMutableRawPointer)
}

extension StructureLoad {
  @inline(__always) static var isVector: Bool { true }

  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    let layout = StructureLayout(rawValue: op.immediate)
    if let memory = cpu.readable(address, layout.byteCount) {
      load(cpu, op, layout, memory)
      return true
    }
    return !cpu.isHasty && collect(cpu, op, address, layout)
  }

  @inline(never)
  private static func collect(_ cpu: CPU, _ op: Operands, _ address: UInt64, _ layout: StructureLayout) -> Bool {
    withBuffer { buffer in
      guard loadElements(cpu, address, layout, buffer) else { return false }
      load(cpu, op, layout, buffer)
      return true
    }
  }
}

/// Stores registers to as many bytes as the layout has, which are in RAM or will go elsewhere.
private protocol StructureStore: Transfer {
  static func store(_ cpu: CPU, _ op: Operands, _ layout: StructureLayout, _ memory: UnsafeMutableRawPointer)
}

extension StructureStore {
  @inline(__always) static var isVector: Bool { true }

  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    let layout = StructureLayout(rawValue: op.immediate)
    if let memory = cpu.writable(address, layout.byteCount) {
      store(cpu, op, layout, memory)
      return true
    }
    return !cpu.isHasty && distribute(cpu, op, address, layout)
  }

  @inline(never)
  private static func distribute(_ cpu: CPU, _ op: Operands, _ address: UInt64, _ layout: StructureLayout) -> Bool {
    withBuffer { buffer in
      store(cpu, op, layout, buffer)
      return storeElements(cpu, address, layout, buffer)
    }
  }
}

/// Registers one behind the other, whole or their low halves.
private enum LoadConsecutive: StructureLoad {
  @inline(__always)
  static func load(_ cpu: CPU, _ op: Operands, _ layout: StructureLayout, _ memory: UnsafeMutableRawPointer) {
    for index in 0..<layout.registers {
      let source = memory + index &* layout.registerStride
      cpu[v: op.register(index)] =
        layout.registerStride == 16
        ? source.loadUnaligned(as: SIMD2<UInt64>.self) : SIMD2(source.loadUnaligned(as: UInt64.self), 0)
    }
  }
}

private enum StoreConsecutive: StructureStore {
  @inline(__always)
  static func store(_ cpu: CPU, _ op: Operands, _ layout: StructureLayout, _ memory: UnsafeMutableRawPointer) {
    for index in 0..<layout.registers {
      let target = memory + index &* layout.registerStride
      let value = cpu[v: op.register(index)]
      target.storeBytes(of: value.x, as: UInt64.self)
      if layout.registerStride == 16 { target.storeBytes(of: value.y, toByteOffset: 8, as: UInt64.self) }
    }
  }
}

/// Any order.
private enum LoadElements: StructureLoad {
  @inline(__always)
  static func load(_ cpu: CPU, _ op: Operands, _ layout: StructureLayout, _ memory: UnsafeMutableRawPointer) {
    for index in 0..<layout.registers {
      let number = op.register(index)
      if layout.clears { cpu[v: number] = SIMD2(0, 0) }
      copy(
        memory + index &* layout.registerStride, layout.elementStride,
        to: cpu.vector(number) + layout.lane &<< layout.scale, 1 &<< layout.scale, layout)
    }
  }
}

private enum StoreElements: StructureStore {
  @inline(__always)
  static func store(_ cpu: CPU, _ op: Operands, _ layout: StructureLayout, _ memory: UnsafeMutableRawPointer) {
    for index in 0..<layout.registers {
      copy(
        cpu.vector(op.register(index)) + layout.lane &<< layout.scale, 1 &<< layout.scale,
        to: memory + index &* layout.registerStride, layout.elementStride, layout)
    }
  }
}

extension Operands {
  /// The register `index` behind `rd`, where V0 is behind V31.
  @inline(__always) fileprivate func register(_ index: Int) -> UInt8 { (rd &+ UInt8(truncatingIfNeeded: index)) & 31 }
}

/// Copies the elements of one register.
@inline(never)
private func copy(
  _ source: UnsafeMutableRawPointer, _ sourceStride: Int, to target: UnsafeMutableRawPointer, _ targetStride: Int,
  _ layout: StructureLayout
) {
  switch layout.scale {
  case 0: copy(UInt8.self, source, sourceStride, to: target, targetStride, layout.count)
  case 1: copy(UInt16.self, source, sourceStride, to: target, targetStride, layout.count)
  case 2: copy(UInt32.self, source, sourceStride, to: target, targetStride, layout.count)
  default: copy(UInt64.self, source, sourceStride, to: target, targetStride, layout.count)
  }
}

@inline(__always)
private func copy<Element: BitwiseCopyable>(
  _: Element.Type, _ source: UnsafeMutableRawPointer, _ sourceStride: Int, to target: UnsafeMutableRawPointer,
  _ targetStride: Int, _ count: Int
) {
  for index in 0..<count {
    let element = source.loadUnaligned(fromByteOffset: index &* sourceStride, as: Element.self)
    target.storeBytes(of: element, toByteOffset: index &* targetStride, as: Element.self)
  }
}

// MARK: - Element by element

/// Gives `body` room for as much as is accessed at most, on the stack: a function that does so cannot end in a jump.
@inline(__always)
private func withBuffer(_ body: (UnsafeMutableRawPointer) -> Bool) -> Bool {
  withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { buffer in
    guard let base = buffer.baseAddress else { return false }
    return body(base)
  }
}

/// Loads what is not in one page of RAM.
@inline(never)
private func loadElements(
  _ cpu: CPU, _ address: UInt64, _ layout: StructureLayout, _ buffer: UnsafeMutableRawPointer
) -> Bool {
  switch layout.scale {
  case 0: loadElements(cpu, address, layout.byteCount, buffer, UInt8.self)
  case 1: loadElements(cpu, address, layout.byteCount, buffer, UInt16.self)
  case 2: loadElements(cpu, address, layout.byteCount, buffer, UInt32.self)
  default: loadElements(cpu, address, layout.byteCount, buffer, UInt64.self)
  }
}

private func loadElements<Element: BitwiseCopyable>(
  _ cpu: CPU, _ address: UInt64, _ byteCount: Int, _ buffer: UnsafeMutableRawPointer, _: Element.Type
) -> Bool {
  let size = MemoryLayout<Element>.size
  guard cpu.canAccess(address, byteCount / size, of: size, isWrite: false) else { return false }
  for offset in stride(from: 0, to: byteCount, by: size) {
    guard let element = cpu.load(address &+ UInt64(offset), as: Element.self) else { return false }
    buffer.storeBytes(of: element, toByteOffset: offset, as: Element.self)
  }
  return true
}

/// Stores what is not in one page of RAM: all of it or nothing, as far as translation and watchpoints go.
@inline(never)
private func storeElements(
  _ cpu: CPU, _ address: UInt64, _ layout: StructureLayout, _ buffer: UnsafeMutableRawPointer
) -> Bool {
  switch layout.scale {
  case 0: storeElements(cpu, address, layout.byteCount, buffer, UInt8.self)
  case 1: storeElements(cpu, address, layout.byteCount, buffer, UInt16.self)
  case 2: storeElements(cpu, address, layout.byteCount, buffer, UInt32.self)
  default: storeElements(cpu, address, layout.byteCount, buffer, UInt64.self)
  }
}

private func storeElements<Element: BitwiseCopyable>(
  _ cpu: CPU, _ address: UInt64, _ byteCount: Int, _ buffer: UnsafeMutableRawPointer, _: Element.Type
) -> Bool {
  let size = MemoryLayout<Element>.size
  guard cpu.canAccess(address, byteCount / size, of: size, isWrite: true) else { return false }
  for offset in stride(from: 0, to: byteCount, by: size) {
    let element = buffer.loadUnaligned(fromByteOffset: offset, as: Element.self)
    guard cpu.store(element, at: address &+ UInt64(offset)) else { return false }
  }
  return true
}

// MARK: - Translation

/// Puts the slot of an access together, where the register 31 stands for an increment by as much as is accessed.
private func translate(_ word: InstructionWord, _ layout: StructureLayout?, isPostIndexed: Bool) -> Slot? {
  guard let layout else { return nil }
  let hasRegister = isPostIndexed && word.rm != 31
  let operands = Operands(
    rd: word.rd, rn: word.rn, rm: hasRegister ? word.rm : RegisterNumber.zero,
    ra: isPostIndexed && !hasRegister ? UInt8(layout.byteCount) : 0, immediate: layout.rawValue)
  let handler: Handler =
    switch (word[bit: 22], layout.order == .consecutive) {
    case (true, true): { access($0, $1, $2, LoadConsecutive.self, StructureBase.self) }
    case (true, false): { access($0, $1, $2, LoadElements.self, StructureBase.self) }
    case (false, true): { access($0, $1, $2, StoreConsecutive.self, StructureBase.self) }
    case (false, false): { access($0, $1, $2, StoreElements.self, StructureBase.self) }
    }
  return Slot(handler, operands)
}
