public import Architecture
public import Bits

extension ARM64TranslationContext {
  /// Reads a descriptor of 8 bytes from physical memory, little-endian; nil where no memory is.
  public typealias PhysicalRead = (_ address: GuestPhysical, _ byteCount: Int) -> UInt64?

  /// Translates an address by the guest's tables, without the side effects that the CPU's own walk has.
  ///
  /// It says what the tables allow and refuses no access; a clear access flag is no fault to a debugger.
  ///
  /// - Parameters:
  ///   - address: an address of EL1 or EL0.
  ///   - level: whose permissions to tell: EL0's, or EL1's for any other level.
  ///   - use: what the address is used for.
  ///   - readPhysical: reads the descriptors.
  /// - Returns: its physical place.
  /// - Throws: which descriptor has none for it, and the fault that the CPU would raise.
  public func translate(
    _ address: GuestVirtual, at level: ExceptionLevel = .el1, for use: AddressUse = .data, readPhysical: PhysicalRead
  ) throws(TranslationFault) -> Translation {
    var steps: [TranslationStep]?
    do throws(StageOneFault) {
      return try mapping(of: address, at: level, for: use, readPhysical: readPhysical, steps: &steps)
        .translation(at: level)
    } catch {
      throw TranslationFault(error)
    }
  }

  /// Every level of the walk for an address, and where it led.
  ///
  /// - Parameters:
  ///   - address: an address of EL1 or EL0.
  ///   - level: whose walk: EL0's, or EL1's for any other level.
  ///   - use: what the address is used for.
  ///   - readPhysical: reads the descriptors.
  /// - Returns: the descriptors that were read, the one that ended a walk in a fault among them.
  public func pageWalk(
    _ address: GuestVirtual, at level: ExceptionLevel = .el1, for use: AddressUse = .data, readPhysical: PhysicalRead
  ) -> (steps: [TranslationStep], result: Result<StageOneMapping, TranslationFault>) {
    var steps: [TranslationStep]? = []
    do throws(StageOneFault) {
      let mapping = try mapping(of: address, at: level, for: use, readPhysical: readPhysical, steps: &steps)
      return (steps ?? [], .success(mapping))
    } catch {
      return (steps ?? [], .failure(TranslationFault(error)))
    }
  }

  /// Translates an address and notes the descriptors on the way.
  ///
  /// - Parameters:
  ///   - address: an address of EL1 or EL0.
  ///   - level: whose walk: EL0's, or EL1's for any other level.
  ///   - use: what the address is used for.
  ///   - readPhysical: reads the descriptors.
  ///   - steps: where the descriptors are noted; nil saves the effort, and then nothing is allocated.
  /// - Returns: what stage 1 says of it.
  /// - Throws: which descriptor has nothing for it, and the fault that the CPU would raise.
  public func mapping(
    of address: GuestVirtual, at level: ExceptionLevel, for use: AddressUse, readPhysical: PhysicalRead,
    steps: inout [TranslationStep]?
  ) throws(StageOneFault) -> StageOneMapping {
    let range = VARange(of: address)
    guard sctlr.enablesMMU else { return try untranslated(address, for: use) }
    let geometry = try TranslationGeometry(range, in: self)
    try check(address, of: geometry, at: level, for: use)
    var table = try rootTable(of: geometry)
    var denials = TableDenials()
    var level = geometry.startLevel
    // The last level has no tables, so that the loop ends there.
    while true {
      let index = address.rawValue[bits: geometry.indexBits(at: level)]
      let place = table.wrapping(by: index &* 8)
      func fault(_ kind: FaultStatus.Kind, _ flaw: StageOneFault.Flaw) -> StageOneFault {
        StageOneFault(kind, level: level, .descriptor(at: place, index: index, flaw))
      }

      guard let word = readPhysical(place, 8) else { throw fault(.externalAbortOnWalk, .outsideMemory) }
      let descriptor = StageOneDescriptor(
        rawValue: sctlr.isBigEndian ? word.byteSwapped : word, level: level, geometry: geometry)
      steps?.append(
        TranslationStep(
          table: "level \(level)", index: Int(truncatingIfNeeded: index), address: place, entry: descriptor.rawValue,
          meaning: descriptor.meaning(in: self)))
      let value = descriptor.rawValue
      switch descriptor.kind {
      case .invalid: throw fault(.translation, .invalid(value: value))
      case .reserved: throw fault(.translation, .reserved(value: value))
      case .table, .block, .page: break
      }
      guard geometry.allows(descriptor.target) else {
        throw fault(
          .addressSize, .pastOutput(descriptor.target, outputBits: geometry.outputBits, value: value))
      }
      if descriptor.kind != .table { return mapping(of: address, by: descriptor, at: place, under: denials) }
      if !ignoresTablePermissions(range) { denials.add(descriptor) }
      table = descriptor.target
      level += 1
    }
  }

  /// Whether table descriptors have no permissions: by HPD0 or HPD1, or since permissions are indirect.
  func ignoresTablePermissions(_ range: VARange) -> Bool {
    usesPermissionIndirection
      || features.mmfr1.hasHierarchicalPermissionDisables && tcr.disablesHierarchicalPermissions(range)
  }

  // MARK: Before the first table

  /// An address while SCTLR_EL1.M is clear: physical, and of a fixed type (Arm ARM, section D8.2).
  private func untranslated(_ address: GuestVirtual, for use: AddressUse) throws(StageOneFault) -> StageOneMapping {
    let width = features.mmfr0.physicalAddressBits
    let top = tcr.ignoresTopByte(VARange(of: address), for: use) ? 55 : 63
    guard address.rawValue[bits: width...top] == 0 else {
      throw StageOneFault(.addressSize, .pastOutput(address, outputBits: width))
    }
    // Instructions are Normal memory: write-through with SCTLR_EL1.I, else not cached.
    let attributes: MemoryAttributes =
      use == .data ? .deviceNGnRnE : MemoryAttributes(rawValue: sctlr.cachesInstructions ? 0xaa : 0x44)
    return StageOneMapping(
      physical: GuestPhysical(address.rawValue & UInt64.lowMask(width)), blockSize: .max, level: nil,
      attributes: attributes, shareability: .outer, el1: [.read, .write, .execute], el0: [.read, .write, .execute],
      isGlobal: true, isAccessed: true, isClean: false, descriptorAddress: nil)
  }

  /// The faults of level 0 that no table is read for.
  private func check(
    _ address: GuestVirtual, of geometry: TranslationGeometry, at level: ExceptionLevel, for use: AddressUse
  ) throws(StageOneFault) {
    let range = geometry.range
    let top = tcr.ignoresTopByte(range, for: use) ? 55 : 63
    let extra = geometry.inputBits...top
    guard address.rawValue[bits: extra] == (range == .lower ? 0 : UInt64.lowMask(extra.count)) else {
      throw StageOneFault(.translation, .outsideHalf(range, address, inputBits: geometry.inputBits))
    }
    if tcr.disablesWalks(range) { throw StageOneFault(.translation, .walksDisabled(range)) }
    if level == .el0 && tcr.excludesEL0(range) { throw StageOneFault(.translation, .el0Excluded(range)) }
  }

  private func rootTable(of geometry: TranslationGeometry) throws(StageOneFault) -> GuestPhysical {
    let range = geometry.range
    let table = geometry.rootTable(range == .lower ? ttbr0 : ttbr1)
    guard geometry.allows(table) else {
      throw StageOneFault(.addressSize, .rootPastOutput(range, table, outputBits: geometry.outputBits))
    }
    return table
  }

  // MARK: At the last descriptor

  private func mapping(
    of address: GuestVirtual, by descriptor: StageOneDescriptor, at place: GuestPhysical, under denials: TableDenials
  ) -> StageOneMapping {
    let blockSize: UInt64 = 1 << UInt64(descriptor.geometry.shift(at: descriptor.level))
    let (el1, el0) = descriptor.permissions(in: self, under: denials)
    return StageOneMapping(
      physical: descriptor.target.wrapping(by: address.offset(in: blockSize)), blockSize: blockSize,
      level: descriptor.level, attributes: mair[descriptor.attributeIndex],
      shareability: descriptor.shareability(tcr), el1: el1, el0: el0, isGlobal: !descriptor.isNotGlobal,
      isAccessed: descriptor.isAccessed, isClean: descriptor.isClean(in: self), descriptorAddress: place)
  }
}

/// What the table descriptors on the way deny to all that is below them (Arm ARM, section D8.4).
struct TableDenials {
  var writes = false
  var el0 = false
  var el0Execution = false
  var el1Execution = false

  mutating func add(_ table: StageOneDescriptor) {
    writes = writes || table.deniesWrites
    el0 = el0 || table.deniesEL0
    el0Execution = el0Execution || table.deniesEL0Execution
    el1Execution = el1Execution || table.deniesEL1Execution
  }
}

extension StageOneDescriptor {
  /// What EL1 and EL0 may do with a block or a page (Arm ARM, section D8.4).
  func permissions(
    in context: ARM64TranslationContext, under denials: TableDenials
  ) -> (el1: AccessPermissions, el0: AccessPermissions) {
    if context.usesPermissionIndirection {
      let refused: AccessPermissions = isReadOnly && !context.managesDirtyState ? .write : []
      return (
        context.pir[permissionIndex].subtracting(refused), context.pire0[permissionIndex].subtracting(refused)
      )
    }
    let isWritable = (!isReadOnly || isClean(in: context)) && !denials.writes
    var el1: AccessPermissions = isWritable ? [.read, .write] : .read
    var el0: AccessPermissions = isEL0Accessible && !denials.el0 ? el1 : []
    // What EL0 can write, EL1 never executes.
    if !isEL1ExecuteNever && !denials.el1Execution && !el0.contains(.write) { el1.insert(.execute) }
    if !isEL0ExecuteNever && !denials.el0Execution { el0.insert(.execute) }
    if context.sctlr.writeImpliesExecuteNever {
      if el1.contains(.write) { el1.remove(.execute) }
      if el0.contains(.write) { el0.remove(.execute) }
    }
    return (el1, el0)
  }

  /// Whether the CPU is to mark it dirty at the first write, which it then allows.
  func isClean(in context: ARM64TranslationContext) -> Bool {
    context.managesDirtyState && isReadOnly && (isDirtyBitModifier || context.usesPermissionIndirection)
  }

  /// The descriptor in words, such as `table -> 0x40003000` or
  /// `4K page -> 0x40201000 EL1 rw- EL0 --- AF inner-shareable nG Normal WB RA WA (0)`.
  ///
  /// The permissions are this descriptor's own, before those above it.
  func meaning(in context: ARM64TranslationContext) -> String {
    switch kind {
    case .invalid: "invalid"
    case .reserved: "reserved: no block at this level"
    case .table: (["table -> \(target)"] + tableWords(in: context)).joined(separator: " ")
    case .block, .page: (["\(sizeName) -> \(target)"] + leafWords(in: context)).joined(separator: " ")
    }
  }

  private func tableWords(in context: ARM64TranslationContext) -> [String] {
    if context.ignoresTablePermissions(geometry.range) { return [] }
    return [
      (deniesWrites, "APTable=read-only"), (deniesEL0, "APTable=no-EL0"), (deniesEL0Execution, "UXNTable"),
      (deniesEL1Execution, "PXNTable"),
    ].filter(\.0).map(\.1)
  }

  private func leafWords(in context: ARM64TranslationContext) -> [String] {
    let (el1, el0) = permissions(in: context, under: TableDenials())
    var words = ["EL1 \(el1) EL0 \(el0)"]
    func add(_ word: String, if condition: Bool) { if condition { words.append(word) } }
    if context.usesPermissionIndirection {
      words.append("PIIndex=\(permissionIndex)")
      add("clean", if: isReadOnly)
    } else {
      add("UXN", if: isEL0ExecuteNever)
      add("PXN", if: isEL1ExecuteNever)
      add("DBM", if: isDirtyBitModifier)
    }
    words.append(isAccessed ? "AF" : "not-accessed")
    words.append(shareability(context.tcr).description)
    add("nG", if: isNotGlobal)
    add("contiguous(\(geometry.contiguousCount(at: level)))", if: isContiguous)
    add("guarded", if: isGuarded)
    add("software=\(hexadecimal(softwareBits))", if: softwareBits != 0)
    words.append("\(context.mair[attributeIndex]) (\(attributeIndex))")
    return words
  }
}
