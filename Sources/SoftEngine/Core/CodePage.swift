/// The decoded instructions of one page of physical memory: 1024 slots and one more, which leads to the next page.
///
/// All slots start as `decode`, which replaces itself by what the word means when it is first executed. A store into the
/// page makes the slots of the words that it changed `decode` again; so self-modifying code needs no cache maintenance.
struct CodePage {
  static let instructionCount = 1024

  /// The first slot.
  ///
  /// The page's facts stand before it.
  let slots: UnsafeMutableRawPointer

  private static let headerSize = 64
  private static let byteCount = headerSize + (instructionCount + 1) * Slot.stride

  /// Makes a page without decoded instructions.
  ///
  /// - Parameters:
  ///   - number: the physical page's number, its address divided by 4096.
  ///   - bytes: the page in the host's memory.
  init(number: UInt64, bytes: UnsafeMutableRawPointer) {
    // SAFETY: the memory is initialized here and freed by `deallocate` alone.
    let base = UnsafeMutableRawPointer.allocate(byteCount: Self.byteCount, alignment: 64)
    slots = base + Self.headerSize
    base.storeBytes(of: number, as: UInt64.self)
    base.storeBytes(of: bytes, toByteOffset: 8, as: UnsafeMutableRawPointer.self)
    base.storeBytes(of: 0, toByteOffset: 16, as: Int.self)
    clear()
  }

  /// The page whose first slot this is.
  @inline(__always) init(slots: UnsafeMutableRawPointer) { self.slots = slots }

  func deallocate() { header.deallocate() }

  private var header: UnsafeMutableRawPointer { slots - Self.headerSize }
  /// The physical page's number.
  var number: UInt64 { header.load(as: UInt64.self) }
  /// The page in the host's memory.
  var bytes: UnsafeMutableRawPointer { header.load(fromByteOffset: 8, as: UnsafeMutableRawPointer.self) }
  /// How many stores went into the page since instructions of it were last decoded.
  var storeCount: Int {
    get { header.load(fromByteOffset: 16, as: Int.self) }
    nonmutating set { header.storeBytes(of: newValue, toByteOffset: 16, as: Int.self) }
  }

  /// The slot of an instruction, 0 up to `instructionCount`.
  func slot(_ index: Int) -> UnsafeMutableRawPointer { slots + index * Slot.stride }

  /// Which instruction a slot is for.
  func index(of slot: UnsafeMutableRawPointer) -> Int { (slot - slots) / Slot.stride }

  /// The instruction's word in memory.
  func word(_ index: Int) -> UInt32 { UInt32(littleEndian: bytes.load(fromByteOffset: index * 4, as: UInt32.self)) }

  func setHandler(_ handler: @escaping Handler, at index: Int) { slot(index).storeBytes(of: handler, as: Handler.self) }

  private func clear() {
    let decode = Slot(Handlers.decode)
    for index in 0..<Self.instructionCount { slot(index).storeBytes(of: decode, as: Slot.self) }
    slot(Self.instructionCount).storeBytes(of: Slot(Handlers.pageEnd), as: Slot.self)
  }
}

/// The handlers that are no instruction of the guest.
enum Handlers {
  /// Finds out what the word means, and does it.
  static let decode: Handler = { cpu, slot, limit in
    decodeSlot(CPU(cpu), slot)
    handler(slot)(cpu, slot, limit)
  }

  /// Goes on in the next page.
  ///
  /// It is no instruction and does not count as one.
  static let pageEnd: Handler = { cpu, slot, limit in
    jump(cpu, slot - Slot.stride, limit, to: CPU(cpu).run.pointee.pageAddress &+ 4096)
  }

  /// Ends the run before the instruction.
  static let stop: Handler = { cpu, slot, limit in leave(cpu, slot, limit) }

  /// Ends the run before the instruction where a debugger's breakpoint is; else does what the instruction does.
  static let breakpoint: Handler = { cpu, slot, limit in
    let handler = breakpointHandler(CPU(cpu), slot)
    handler(cpu, slot, limit)
  }
}

extension Slot {
  /// Raises the exception of an undefined instruction.
  static let undefined = Slot({ cpu, slot, limit in
    CPU(cpu).raise(Syndrome.unknown)
    leave(cpu, slot, limit)
  })
}

@inline(never)
private func decodeSlot(_ cpu: CPU, _ slot: UnsafeMutableRawPointer) {
  let page = CodePage(slots: cpu.run.pointee.pageSlots)
  page.storeCount = 0
  let index = page.index(of: slot)
  let decoded = DecodeTable.shared.slot(for: page.word(index), index: index)
  cpu.run.pointee.core._withUnsafeGuaranteedRef { $0.code.set(slot, to: decoded) }
}

@inline(never)
private func breakpointHandler(_ cpu: CPU, _ slot: UnsafeMutableRawPointer) -> Handler {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { $0.handler(atBreakpoint: slot) }
}
