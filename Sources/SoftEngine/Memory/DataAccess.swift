// Loads and stores. The fast way is one comparison: the page of the last byte of the access is the one that the entry of
// the first byte is for. Everything else, faults among it, is the slow way's (`SoftCore+Memory.swift`).
extension CPU {
  /// Loads a value.
  ///
  /// - Parameters:
  ///   - address: any address; an access need not be aligned unless the memory or SCTLR_EL1.A wants it.
  ///   - type: 1, 2, 4, 8 or 16 bytes.
  ///   - unprivileged: with EL0's permissions, as LDTR.
  /// - Returns: the value; nil where the access failed, which `RunState.exit` then tells: the instruction must have changed
  ///   nothing, and give false.
  @inline(__always)
  func load<Value: BitwiseCopyable>(_ address: UInt64, as type: Value.Type, unprivileged: Bool = false) -> Value? {
    let size = MemoryLayout<Value>.size
    if let place = readable(address, size, unprivileged: unprivileged) { return place.loadUnaligned(as: Value.self) }
    guard !isHasty, slowLoad(self, address, size, unprivileged) else { return nil }
    return (base + CPUContext.runOffset).loadUnaligned(as: Value.self)
  }

  /// Stores a value; false where the access failed, as for `load`: nothing is stored then.
  @inline(__always)
  func store<Value: BitwiseCopyable>(_ value: Value, at address: UInt64, unprivileged: Bool = false) -> Bool {
    let size = MemoryLayout<Value>.size
    if let place = writable(address, size, unprivileged: unprivileged) {
      place.storeBytes(of: value, as: Value.self)
      return true
    }
    if isHasty { return false }
    (base + CPUContext.runOffset).storeBytes(of: value, as: Value.self)
    return slowStore(self, address, size, unprivileged)
  }

  /// Loads two values, one behind the other, as `load` does: by one access where both are in a page of RAM, else by two.
  @inline(__always)
  func loadPair<Value: BitwiseCopyable>(_ address: UInt64, of type: Value.Type) -> (Value, Value)? {
    let size = MemoryLayout<Value>.size
    if let place = readable(address, 2 &* size) {
      return (place.loadUnaligned(as: Value.self), place.loadUnaligned(fromByteOffset: size, as: Value.self))
    }
    return isHasty ? nil : slowLoadPair(self, address, of: Value.self)
  }

  /// Stores two values, one behind the other, as `store` does: by one access where both are in a page of RAM, else by two.
  @inline(__always)
  func storePair<Value: BitwiseCopyable>(_ first: Value, _ second: Value, at address: UInt64) -> Bool {
    let size = MemoryLayout<Value>.size
    if let place = writable(address, 2 &* size) {
      place.storeBytes(of: first, as: Value.self)
      place.storeBytes(of: second, toByteOffset: size, as: Value.self)
      return true
    }
    return !isHasty && slowStorePair(self, first, second, at: address)
  }

  /// Whether an access that needs it is aligned (exclusives, acquire and release, atomics); where not, the exception is
  /// raised.
  @inline(__always)
  func isAligned(_ address: UInt64, to size: UInt64, isWrite: Bool) -> Bool {
    if address & (size &- 1) == 0 { return true }
    return !isHasty && raiseAlignmentFault(address, isWrite)
  }

  /// Whether `count` elements at an address can be accessed one after the other; where not, why is noted.
  ///
  /// For instructions that access more than once, lest one stop halfway, with something done that is done again.
  @inline(never)
  func canAccess(_ address: UInt64, _ count: Int, of elementSize: Int, isWrite: Bool) -> Bool {
    run.pointee.core._withUnsafeGuaranteedRef { $0.probe(address, count, of: elementSize, isWrite: isWrite) }
  }

  /// Whether `count` elements at an address can be loaded and then stored; where not, why is noted.
  @inline(__always)
  func canExchange(_ address: UInt64, _ count: Int = 1, of elementSize: Int) -> Bool {
    writable(address, count &* elementSize) != nil
      || !isHasty && canAccess(address, count, of: elementSize, isWrite: false)
        && canAccess(address, count, of: elementSize, isWrite: true)
  }

  /// Where the bytes at an address are in the host's memory, to be read at once; nil where the slow way is to be gone.
  @inline(__always)
  func readable(_ address: UInt64, _ size: Int, unprivileged: Bool = false) -> UnsafeMutableRawPointer? {
    place(address, size, DataTLB.readTag, unprivileged)
  }

  /// Where the bytes at an address are in the host's memory, to be written at once; nil where the slow way is to be gone.
  @inline(__always)
  func writable(_ address: UInt64, _ size: Int, unprivileged: Bool = false) -> UnsafeMutableRawPointer? {
    place(address, size, DataTLB.writeTag, unprivileged)
  }

  @inline(__always)
  private func place(
    _ address: UInt64, _ size: Int, _ tag: Int, _ unprivileged: Bool
  ) -> UnsafeMutableRawPointer? {
    let table = unprivileged ? run.pointee.unprivilegedTLB : run.pointee.dataTLB
    let entry = table + DataTLB.offset(of: address)
    guard (address &+ UInt64(size &- 1)) & ~0xfff == entry.load(fromByteOffset: tag, as: UInt64.self) else {
      return nil
    }
    let addend = entry.load(fromByteOffset: DataTLB.addend, as: Int.self)
    // SAFETY: the entry's page is RAM that is mapped for as long as the core lives, and all bytes are in it.
    return UnsafeMutableRawPointer(bitPattern: Int(truncatingIfNeeded: address) &+ addend).unsafelyUnwrapped
  }
}

@inline(never)
private func slowLoad(_ cpu: CPU, _ address: UInt64, _ size: Int, _ unprivileged: Bool) -> Bool {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { $0.slowLoad(address, size, unprivileged: unprivileged) }
}

@inline(never)
private func slowStore(_ cpu: CPU, _ address: UInt64, _ size: Int, _ unprivileged: Bool) -> Bool {
  cpu.run.pointee.core._withUnsafeGuaranteedRef { $0.slowStore(address, size, unprivileged: unprivileged) }
}

@inline(never)
private func slowLoadPair<Value: BitwiseCopyable>(
  _ cpu: CPU, _ address: UInt64, of type: Value.Type
) -> (Value, Value)? {
  let size = MemoryLayout<Value>.size
  guard cpu.canAccess(address, 2, of: size, isWrite: false), let first = cpu.load(address, as: Value.self),
    let second = cpu.load(address &+ UInt64(size), as: Value.self)
  else { return nil }
  return (first, second)
}

/// Both can be stored or none is, as far as translation and watchpoints go.
@inline(never)
private func slowStorePair<Value: BitwiseCopyable>(
  _ cpu: CPU, _ first: Value, _ second: Value, at address: UInt64
) -> Bool {
  let size = MemoryLayout<Value>.size
  return cpu.canAccess(address, 2, of: size, isWrite: true) && cpu.store(first, at: address)
    && cpu.store(second, at: address &+ UInt64(size))
}

extension CPU {
  @inline(never)
  private func raiseAlignmentFault(_ address: UInt64, _ isWrite: Bool) -> Bool {
    run.pointee.core._withUnsafeGuaranteedRef { $0.raiseAlignmentFault(address, isWrite: isWrite) }
  }
}
