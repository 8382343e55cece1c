import Bits

// Exclusive and ordered loads and stores (Arm ARM, section C3.2.6 to C3.2.8). One thread executes all CPUs, so that
// every access is ordered and atomic.
//
// The monitor is the CPU's own (`CPUState.exclusiveAddress`). It is exact without looking at what others store: others
// execute only after the CPU's turn ended, and that opens the monitor.

/// The name tells whether other accesses are ordered to it, which they all are.
private enum LoadOrdered<Value: FixedWidthInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    guard cpu.isAligned(address, to: UInt64(MemoryLayout<Value>.size), isWrite: false),
      let value = cpu.load(address, as: Value.self)
    else { return false }
    cpu[x: op.rd] = UInt64(truncatingIfNeeded: value)
    return true
  }
}

private enum StoreOrdered<Value: FixedWidthInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    cpu.isAligned(address, to: UInt64(MemoryLayout<Value>.size), isWrite: true)
      && cpu.store(Value(truncatingIfNeeded: cpu[x: op.rd]), at: address)
  }
}

private enum LoadExclusive<Value: FixedWidthInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    guard LoadOrdered<Value>.perform(cpu, op, address) else { return false }
    cpu.setExclusiveMonitor(address, MemoryLayout<Value>.size)
    return true
  }
}

/// Loads `rd` and `ra`; where both are one register the second value stays.
private enum LoadExclusivePair<Value: FixedWidthInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    let size = 2 &* MemoryLayout<Value>.size
    guard cpu.isAligned(address, to: UInt64(size), isWrite: false),
      let (first, second) = cpu.loadPair(address, of: Value.self)
    else { return false }
    cpu.setExclusiveMonitor(address, size)
    cpu[x: op.rd] = UInt64(truncatingIfNeeded: first)
    cpu[x: op.ra] = UInt64(truncatingIfNeeded: second)
    return true
  }
}

/// Stores `rd` if the monitor is set for it; `rm` is 0 where it was, else 1.
private enum StoreExclusive<Value: FixedWidthInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    let size = MemoryLayout<Value>.size
    guard cpu.isAligned(address, to: UInt64(size), isWrite: true) else { return false }
    let passes = cpu.exclusiveMonitorIsSet(address, size)
    if passes && !cpu.store(Value(truncatingIfNeeded: cpu[x: op.rd]), at: address) { return false }
    cpu.finishStoreExclusive(op, passes)
    return true
  }
}

/// As `StoreExclusive`, for `rd` and `ra`.
private enum StoreExclusivePair<Value: FixedWidthInteger & BitwiseCopyable>: Transfer {
  @inline(__always) static func perform(_ cpu: CPU, _ op: Operands, _ address: UInt64) -> Bool {
    let size = 2 &* MemoryLayout<Value>.size
    guard cpu.isAligned(address, to: UInt64(size), isWrite: true) else { return false }
    let passes = cpu.exclusiveMonitorIsSet(address, size)
    let first = Value(truncatingIfNeeded: cpu[x: op.rd])
    let second = Value(truncatingIfNeeded: cpu[x: op.ra])
    if passes && !cpu.storePair(first, second, at: address) { return false }
    cpu.finishStoreExclusive(op, passes)
    return true
  }
}

extension CPU {
  @inline(__always) fileprivate func setExclusiveMonitor(_ address: UInt64, _ size: Int) {
    state.pointee.exclusiveAddress = address
    state.pointee.exclusiveSize = UInt64(size)
  }

  @inline(__always) fileprivate func exclusiveMonitorIsSet(_ address: UInt64, _ size: Int) -> Bool {
    state.pointee.exclusiveAddress == address && state.pointee.exclusiveSize == UInt64(size)
  }

  @inline(__always) fileprivate func finishStoreExclusive(_ op: Operands, _ passes: Bool) {
    state.pointee.exclusiveSize = 0
    self[x: op.rm] = passes ? 0 : 1
  }
}

// MARK: - Patterns

extension DecodeTable {
  static let exclusives: [InstructionPattern] = [
    InstructionPattern("STXR/STLXR", "zz 001000 0 0 0 sssss o aaaaa nnnnn ttttt") { word in
      let handler: Handler =
        switch word[bits: 30...31] {
        case 0: { access($0, $1, $2, StoreExclusive<UInt8>.self, BaseOnly.self) }
        case 1: { access($0, $1, $2, StoreExclusive<UInt16>.self, BaseOnly.self) }
        case 2: { access($0, $1, $2, StoreExclusive<UInt32>.self, BaseOnly.self) }
        default: { access($0, $1, $2, StoreExclusive<UInt64>.self, BaseOnly.self) }
        }
      return Slot(handler, word.stored)
    },
    InstructionPattern("STXP/STLXP", "1z 001000 0 0 1 sssss o aaaaa nnnnn ttttt") { word in
      let handler: Handler =
        switch word[bits: 30...30] {
        case 0: { access($0, $1, $2, StoreExclusivePair<UInt32>.self, BaseOnly.self) }
        default: { access($0, $1, $2, StoreExclusivePair<UInt64>.self, BaseOnly.self) }
        }
      return Slot(handler, word.stored)
    },
    InstructionPattern("LDXR/LDAXR", "zz 001000 0 1 0 sssss o aaaaa nnnnn ttttt") { word in
      let handler: Handler =
        switch word[bits: 30...31] {
        case 0: { access($0, $1, $2, LoadExclusive<UInt8>.self, BaseOnly.self) }
        case 1: { access($0, $1, $2, LoadExclusive<UInt16>.self, BaseOnly.self) }
        case 2: { access($0, $1, $2, LoadExclusive<UInt32>.self, BaseOnly.self) }
        default: { access($0, $1, $2, LoadExclusive<UInt64>.self, BaseOnly.self) }
        }
      return Slot(handler, word.loaded)
    },
    InstructionPattern("LDXP/LDAXP", "1z 001000 0 1 1 sssss o aaaaa nnnnn ttttt") { word in
      let handler: Handler =
        switch word[bits: 30...30] {
        case 0: { access($0, $1, $2, LoadExclusivePair<UInt32>.self, BaseOnly.self) }
        default: { access($0, $1, $2, LoadExclusivePair<UInt64>.self, BaseOnly.self) }
        }
      return Slot(handler, word.loaded)
    },
    InstructionPattern("STLR", "zz 001000 1 0 0 sssss 1 aaaaa nnnnn ttttt") { translateStoreOrdered($0) },
    InstructionPattern("STLLR", "zz 001000 1 0 0 sssss 0 aaaaa nnnnn ttttt", .lor) { translateStoreOrdered($0) },
    InstructionPattern("LDAR", "zz 001000 1 1 0 sssss 1 aaaaa nnnnn ttttt") { translateLoadOrdered($0) },
    InstructionPattern("LDLAR", "zz 001000 1 1 0 sssss 0 aaaaa nnnnn ttttt", .lor) { translateLoadOrdered($0) },
    InstructionPattern("LDAPR", "zz 111000 1 0 1 11111 1 100 00 nnnnn ttttt", .lrcpc) { translateLoadOrdered($0) },
  ]
}

private func translateStoreOrdered(_ word: InstructionWord) -> Slot? {
  let handler: Handler =
    switch word[bits: 30...31] {
    case 0: { access($0, $1, $2, StoreOrdered<UInt8>.self, BaseOnly.self) }
    case 1: { access($0, $1, $2, StoreOrdered<UInt16>.self, BaseOnly.self) }
    case 2: { access($0, $1, $2, StoreOrdered<UInt32>.self, BaseOnly.self) }
    default: { access($0, $1, $2, StoreOrdered<UInt64>.self, BaseOnly.self) }
    }
  return Slot(handler, word.stored)
}

private func translateLoadOrdered(_ word: InstructionWord) -> Slot? {
  let handler: Handler =
    switch word[bits: 30...31] {
    case 0: { access($0, $1, $2, LoadOrdered<UInt8>.self, BaseOnly.self) }
    case 1: { access($0, $1, $2, LoadOrdered<UInt16>.self, BaseOnly.self) }
    case 2: { access($0, $1, $2, LoadOrdered<UInt32>.self, BaseOnly.self) }
    default: { access($0, $1, $2, LoadOrdered<UInt64>.self, BaseOnly.self) }
    }
  return Slot(handler, word.loaded)
}

extension InstructionWord {
  /// Rt and Rt2 are loaded.
  fileprivate var loaded: Operands {
    Operands(rd: rd.orDiscard, rn: rn, ra: ra.orDiscard)
  }
  /// Rt and Rt2 are stored, and Rs, in the place of Rm, has the status.
  fileprivate var stored: Operands {
    Operands(rd: rd.orZero, rn: rn, rm: rm.orDiscard, ra: ra.orZero)
  }
}
