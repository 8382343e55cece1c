import ARM64
import Bits
import GuestMemory

// The slow way of loads, stores and fetches: everything that the tables have no entry for.
extension SoftCore {
  /// Why an address is looked up.
  enum Access {
    case read, write, fetch
  }

  /// A page as one access sees it.
  struct PageMapping {
    /// The physical page's address.
    var physical: UInt64
    /// Device memory: accesses are aligned, and not by the fast way.
    var isDevice: Bool
    /// What else the page may be used for by the same regime.
    var isReadable: Bool
    var isWritable: Bool
    /// Every address space has it.
    var isGlobal: Bool
  }

  /// Chooses the tables for the current exception level.
  func selectTables() {
    let state = context.pointee.state
    let regime = regime(unprivileged: false)
    context.pointee.run.dataTLB = tables.data(regime)
    context.pointee.run.unprivilegedTLB = tables.data(.el0)
    context.pointee.run.codeTLB = tables.code(isEL0: regime == .el0)
    context.pointee.run.isVectorTrapped =
      CPACR(rawValue: state.system.cpacr).trapsVectorAccess(at: state.exceptionLevel)
  }

  /// Which table an access of the current exception level looks in.
  func regime(unprivileged: Bool) -> TranslationTables.Regime {
    let state = context.pointee.state
    if unprivileged || state.exceptionLevel == .el0 { return .el0 }
    return state.mode[bit: 22] ? .el1PAN : .el1
  }

  // MARK: Fetches

  /// The first slot of the page at an address; nil where the fetch raises an exception, which is noted.
  func fetchPage(_ address: UInt64) -> UnsafeMutableRawPointer? {
    let regime: TranslationTables.Regime = context.pointee.state.exceptionLevel == .el0 ? .el0 : .el1
    guard let mapping = translate(address, .fetch, regime) else { return nil }
    if code.isFull { machine.dropCode() }
    let number = mapping.physical >> 12
    let isNew = code[number] == nil
    guard let page = code.page(number) else {
      cpu.raise(Syndrome.instructionAbort(FaultStatus(rawValue: 0b010000)), at: address)
      return nil
    }
    if isNew { machine.denyStores(toHostPage: UInt(bitPattern: page.bytes)) }
    if !mapping.isGlobal { tables.noteOwnedCode(isEL0: regime == .el0) }
    armBreakpoints(in: page, at: address & ~0xfff)
    return page.slots
  }

  // MARK: Loads and stores

  func slowLoad(_ address: UInt64, _ size: Int, unprivileged: Bool) -> Bool {
    slowAccess(address, size, isWrite: false, unprivileged: unprivileged)
  }

  func slowStore(_ address: UInt64, _ size: Int, unprivileged: Bool) -> Bool {
    slowAccess(address, size, isWrite: true, unprivileged: unprivileged)
  }

  /// Whether SCTLR_EL1.A is against an access.
  private func isMisaligned(_ address: UInt64, _ size: Int) -> Bool {
    address & UInt64(size - 1) != 0 && SCTLR(rawValue: context.pointee.state.system.sctlr).rawValue[bit: 1]
  }

  /// Whether accesses to `count` elements would be let through by translation and by the watchpoints; where not, that is
  /// noted.
  func probe(_ address: UInt64, _ count: Int, of elementSize: Int, isWrite: Bool) -> Bool {
    if isMisaligned(address, elementSize) { return raiseAlignmentFault(address, isWrite: isWrite) }
    let regime = regime(unprivileged: false)
    let size = count * elementSize
    let last = address &+ UInt64(size - 1)
    guard translate(address, isWrite ? .write : .read, regime) != nil else { return false }
    if (address ^ last) & ~0xfff != 0, translate(last & ~0xfff, isWrite ? .write : .read, regime) == nil {
      return false
    }
    return passWatchpoints(address, size, isWrite: isWrite)
  }

  /// Whether DC ZVA may clear the block of memory that an address is in (section C5.3, `DC ZVA`); where not, that is noted.
  func mayZero(_ address: UInt64) -> Bool {
    guard let mapping = translate(address, .write, regime(unprivileged: false)) else { return false }
    if mapping.isDevice { return raiseAlignmentFault(address, isWrite: true) }
    let count = Identification.zeroedByteCount
    return passWatchpoints(address & ~UInt64(count - 1), count, isWrite: true)
  }

  func raiseAlignmentFault(_ address: UInt64, isWrite: Bool) -> Bool {
    cpu.raise(Syndrome.dataAbort(FaultStatus(rawValue: 0b100001), isWrite: isWrite), at: address)
  }

  /// Loads into the scratch place, or stores from there.
  private func slowAccess(_ address: UInt64, _ size: Int, isWrite: Bool, unprivileged: Bool) -> Bool {
    let regime = regime(unprivileged: unprivileged)
    let isUnaligned = address & UInt64(size - 1) != 0
    if isMisaligned(address, size) { return raiseAlignmentFault(address, isWrite: isWrite) }
    let inFirst = min(size, 4096 - Int(address & 0xfff))
    guard let first = translate(address, isWrite ? .write : .read, regime) else { return false }
    if isUnaligned && first.isDevice { return raiseAlignmentFault(address, isWrite: isWrite) }
    var second: PageMapping?
    if inFirst < size {
      second = translate(address &+ UInt64(inFirst), isWrite ? .write : .read, regime)
      guard let second else { return false }
      if second.isDevice { return raiseAlignmentFault(address, isWrite: isWrite) }
    }
    guard passWatchpoints(address, size, isWrite: isWrite, unprivileged: unprivileged) else { return false }

    let scratch = UnsafeMutableRawPointer(context) + CPUContext.runOffset
    let physical = first.physical | address & 0xfff
    guard access(physical, UnsafeMutableRawBufferPointer(start: scratch, count: inFirst), isWrite) else { return false }
    if let second {
      let rest = UnsafeMutableRawBufferPointer(start: scratch + inFirst, count: size - inFirst)
      guard access(second.physical, rest, isWrite) else { return false }
    } else {
      fill(address, first, regime)
    }
    return true
  }

  /// Accesses physical memory inside a page: RAM, or what the board has there.
  private func access(_ physical: UInt64, _ bytes: UnsafeMutableRawBufferPointer, _ isWrite: Bool) -> Bool {
    guard let target = memory.bytes(at: GuestPhysical(physical)), target.count >= bytes.count else {
      return accessBoard(physical, bytes, isWrite)
    }
    let place = UnsafeMutableRawBufferPointer(rebasing: target[..<bytes.count])
    if isWrite {
      place.copyMemory(from: UnsafeRawBufferPointer(bytes))
      noteStore(physical, bytes.count)
    } else {
      bytes.copyMemory(from: UnsafeRawBufferPointer(place))
    }
    return true
  }

  /// Asks the board, 8 bytes at a time.
  private func accessBoard(_ physical: UInt64, _ bytes: UnsafeMutableRawBufferPointer, _ isWrite: Bool) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let size = min(8, bytes.count - offset)
      let place = UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + size])
      var value: UInt64 = 0
      if isWrite { for index in 0..<size { value |= UInt64(place[index]) << UInt64(8 * index) } }
      let request = BoardAccess.Request(
        address: physical &+ UInt64(offset), size: size, isWrite: isWrite, value: value)
      guard let answer = access.perform(request) else {
        context.pointee.run.exit = .access
        return false
      }
      if !isWrite { for index in 0..<size { place[index] = UInt8(truncatingIfNeeded: answer >> UInt64(8 * index)) } }
      offset += size
    }
    return true
  }

  /// An address as it is translated, where its top byte may be a tag.
  func withoutTag(_ address: UInt64, for use: AddressUse) -> UInt64 {
    let virtual = GuestVirtual(address)
    let tcr = TCR(rawValue: context.pointee.state.system.tcr)
    return tcr.ignoresTopByte(VARange(of: virtual), for: use) ? virtual.withoutTag.rawValue : address
  }

  /// Has the fast way know a page from now on, as far as it is for the fast way.
  private func fill(_ address: UInt64, _ mapping: PageMapping, _ regime: TranslationTables.Regime) {
    let page = address & ~0xfff
    guard !mapping.isDevice, !debug.isWatching || !debug.watchesPage(withoutTag(page, for: .data)),
      !SCTLR(rawValue: context.pointee.state.system.sctlr).rawValue[bit: 1],
      let bytes = memory.bytes(at: GuestPhysical(mapping.physical)), bytes.count >= 4096, let host = bytes.baseAddress
    else { return }
    if !mapping.isGlobal { tables.noteOwned(regime) }
    let entry = tables.data(regime) + DataTLB.offset(of: page)
    let isCode = code[mapping.physical >> 12] != nil
    entry.storeBytes(of: mapping.isReadable ? page : DataTLB.invalid, toByteOffset: DataTLB.readTag, as: UInt64.self)
    entry.storeBytes(
      of: mapping.isWritable && !isCode ? page : DataTLB.invalid, toByteOffset: DataTLB.writeTag, as: UInt64.self)
    entry.storeBytes(
      of: Int(bitPattern: host) &- Int(truncatingIfNeeded: page), toByteOffset: DataTLB.addend, as: Int.self)
  }

  /// How many stores to a page with decoded instructions there may be before they are all dropped.
  private static let mostStores = 64

  /// Makes decoded instructions forget what they were decoded from.
  func noteStore(_ physical: UInt64, _ count: Int) {
    var offset = 0
    while offset < count {
      let address = physical &+ UInt64(offset)
      let inPage = min(count - offset, 4096 - Int(address & 0xfff))
      defer { offset += inPage }
      guard let page = code[address >> 12] else { continue }
      page.storeCount += 1
      if page.storeCount > Self.mostStores, page.slots != context.pointee.run.pageSlots {
        machine.dropCode(page: address >> 12)
        continue
      }
      let first = Int(address & 0xfff) / 4
      let last = (Int(address & 0xfff) + inPage - 1) / 4
      for index in first...last { forgetDecoded(page.slot(index)) }
    }
  }
}
