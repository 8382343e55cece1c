import ARM64
import Architecture
import Bits
import GuestMemory

// Stage 1 of EL1 and EL0, by the same walk as the debugger's (Arm ARM, chapter D8; J1.1.5, `AArch64.S1Translate`).
extension SoftCore {
  /// What an address is found to be, for one access.
  enum Lookup {
    case found(MainTLB.Entry)
    case fault(FaultStatus)
  }

  /// The registers that the walk looks at.
  var translationContext: ARM64TranslationContext {
    let system = context.pointee.state.system
    return ARM64TranslationContext(
      sctlr: system.sctlr, tcr: system.tcr, ttbr0: system.ttbr0, ttbr1: system.ttbr1, mair: system.mair,
      features: Identification.translation)
  }

  /// The number of the current address space.
  var asid: UInt16 {
    let tcr = TCR(rawValue: context.pointee.state.system.tcr)
    let ttbr = tcr.takesUpperASID ? context.pointee.state.system.ttbr1 : context.pointee.state.system.ttbr0
    return Self.asid(ttbr[bits: 48...63], by: tcr)
  }

  private static func asid(_ value: UInt64, by tcr: TCR) -> UInt16 {
    UInt16(truncatingIfNeeded: tcr.hasWideASIDs ? value : value & 0xff)
  }

  // MARK: Accesses

  /// Where an access of a regime goes; nil where it faults, which is raised.
  func translate(_ address: UInt64, _ access: Access, _ regime: TranslationTables.Regime) -> PageMapping? {
    switch lookUp(address, access, regime) {
    case .found(let entry): return entry.mapping(in: regime)
    case .fault(let status):
      let syndrome =
        access == .fetch ? Syndrome.instructionAbort(status) : Syndrome.dataAbort(status, isWrite: access == .write)
      cpu.raise(syndrome, at: address)
      return nil
    }
  }

  /// Finds an address for an access, with the effects on descriptors that the access has.
  func lookUp(_ address: UInt64, _ access: Access, _ regime: TranslationTables.Regime) -> Lookup {
    if SCTLR(rawValue: context.pointee.state.system.sctlr).enablesMMU, isPlain(address, access, regime),
      let entry = mainTLB.find(address, asid: asid), entry.allows(access, regime), !entry.isClean || access != .write
    {
      return .found(entry)
    }
    return walk(address, access, regime)
  }

  /// Whether nothing but the tables can be against an access: no address outside its half, nor E0PD.
  private func isPlain(_ address: UInt64, _ access: Access, _ regime: TranslationTables.Regime) -> Bool {
    let range = VARange(of: GuestVirtual(address))
    let tcr = TCR(rawValue: context.pointee.state.system.tcr)
    let hasNoTag = address >> 56 == (range == .lower ? 0 : 0xff)
    return (hasNoTag || tcr.ignoresTopByte(range, for: access == .fetch ? .instruction : .data))
      && !(regime == .el0 && tcr.excludesEL0(range))
  }

  private func walk(_ address: UInt64, _ access: Access, _ regime: TranslationTables.Regime) -> Lookup {
    let mapping: StageOneMapping
    switch resolve(address, access, regime) {
    case .mapping(let its): mapping = its
    case .fault(let status): return .fault(status)
    }
    var entry = MainTLB.Entry(mapping, asid: asid)
    let isDirtied = entry.isClean && access == .write
    if isDirtied { entry.isClean = false }
    if isDirtied || !mapping.isAccessed { updateDescriptor(of: mapping, isDirtied: isDirtied) }
    if mapping.level != nil, let evicted = mainTLB.insert(entry, at: address) {
      if evicted.isBlock { tables.clear() } else { tables.clearPage(at: evicted.tag) }
    }
    return .found(entry)
  }

  /// What the tables say of an address, for one access.
  enum Resolution {
    case mapping(StageOneMapping)
    case fault(FaultStatus)
  }

  /// Finds out what an access would meet, without an effect.
  func resolve(_ address: UInt64, _ access: Access, _ regime: TranslationTables.Regime) -> Resolution {
    let mapping: StageOneMapping
    do throws(StageOneFault) {
      mapping = try walk(address, for: access == .fetch ? .instruction : .data, at: regime == .el0 ? .el0 : .el1)
    } catch {
      return .fault(error.status)
    }
    func fault(_ kind: FaultStatus.Kind) -> Resolution {
      .fault(FaultStatus(kind, level: mapping.level ?? 0) ?? FaultStatus(rawValue: 0))
    }
    guard mapping.isAccessed || TCR(rawValue: context.pointee.state.system.tcr).managesAccessFlag else {
      return fault(.accessFlag)
    }
    return MainTLB.Entry(mapping, asid: 0).allows(access, regime) ? .mapping(mapping) : fault(.permission)
  }

  private func walk(
    _ address: UInt64, for use: AddressUse, at level: ExceptionLevel
  ) throws(StageOneFault) -> StageOneMapping {
    var steps: [TranslationStep]?
    return try translationContext.mapping(
      of: GuestVirtual(address), at: level, for: use, readPhysical: { memory.loadInteger(at: $0, $1) }, steps: &steps)
  }

  /// Sets the access flag in a descriptor, and takes a clean page for dirty (FEAT_HAFDBS).
  private func updateDescriptor(of mapping: StageOneMapping, isDirtied: Bool) {
    guard let place = mapping.descriptorAddress, var value: UInt64 = memory.load(at: place) else { return }
    value[bit: 10] = true
    if isDirtied { value[bit: 7] = false }
    memory.store(value, at: place)
    noteStore(place.rawValue, 8)
  }

  // MARK: A debugger's look

  /// The physical address that the tables have for an address; nil where they have none.
  func translateForDebugger(_ address: UInt64) -> UInt64? {
    do throws(StageOneFault) {
      return try walk(address, for: .data, at: .el1).physical.rawValue
    } catch {
      return nil
    }
  }

  /// The word at a virtual address.
  func fetchWord(_ address: UInt64) -> UInt32? {
    translateForDebugger(address).flatMap { memory.load(at: GuestPhysical($0)) }
  }

  // MARK: Forgetting

  /// What a TLBI drops.
  enum Invalidation {
    case all
    case addressSpace(UInt16)
    /// The page or block at an address, in one address space or in all.
    case page(UInt64, asid: UInt16?)
  }

  /// Drops translations, of data and of code.
  func invalidate(_ scope: Invalidation) {
    switch scope {
    case .all:
      mainTLB.clear()
      tables.clear()
    case .addressSpace(let asid):
      mainTLB.remove(asid: asid)
      if asid == self.asid { tables.clearOwned() }
    case .page(let address, let asid):
      let granule = TCR(rawValue: context.pointee.state.system.tcr).granule(VARange(of: GuestVirtual(address)))
      if mainTLB.remove(address, asid: asid, granule: granule?.shift ?? 0) {
        tables.clear()
      } else {
        tables.clearPage(at: address)
      }
    }
  }

  /// The operand of a TLBI by address: the number of the address space in its bits 63:48, the page's in its bits 43:0.
  func invalidation(byPage operand: UInt64, inAllSpaces: Bool) -> Invalidation {
    var address = operand[bits: 0...43] << 12
    if address[bit: 55] { address |= 0xff << 56 }
    return .page(address, asid: inAllSpaces ? nil : asid(operand: operand))
  }

  /// The number of an address space in an operand of a TLBI.
  func asid(operand: UInt64) -> UInt16 {
    Self.asid(operand[bits: 48...63], by: TCR(rawValue: context.pointee.state.system.tcr))
  }

  /// All that decides about translations may have changed.
  func noteTranslationChange() {
    invalidate(.all)
    needsAttention = true
  }
}

extension MainTLB.Entry {
  init(_ mapping: StageOneMapping, asid: UInt16) {
    physical = mapping.physical.rawValue & ~0xfff
    (el1, el0) = (mapping.el1, mapping.el0)
    self.asid = asid
    (isGlobal, isClean) = (mapping.isGlobal, mapping.isClean)
    attributes = mapping.attributes
    blockShift = UInt8(truncatingIfNeeded: mapping.blockSize.trailingZeroBitCount)
  }

  /// What a regime may do.
  func permissions(in regime: TranslationTables.Regime) -> AccessPermissions {
    switch regime {
    case .el0: el0
    case .el1: el1
    case .el1PAN: el0.isDisjoint(with: [.read, .write]) ? el1 : el1.intersection(.execute)
    }
  }

  func allows(_ access: SoftCore.Access, _ regime: TranslationTables.Regime) -> Bool {
    switch access {
    case .read: permissions(in: regime).contains(.read)
    case .write: permissions(in: regime).contains(.write)
    case .fetch: permissions(in: regime).contains(.execute)
    }
  }

  func mapping(in regime: TranslationTables.Regime) -> SoftCore.PageMapping {
    let permissions = permissions(in: regime)
    return SoftCore.PageMapping(
      physical: physical, isDevice: attributes.isDevice, isReadable: permissions.contains(.read),
      isWritable: permissions.contains(.write) && !isClean, isGlobal: isGlobal)
  }
}
