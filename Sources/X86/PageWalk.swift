public import Architecture
public import Bits

extension X86TranslationContext {
  /// Reads an entry of 4 or 8 bytes from physical memory; nil where no memory is.
  public typealias PhysicalRead = (_ address: GuestPhysical, _ byteCount: Int) -> UInt64?

  /// Translates a linear address by the guest's page tables, without the side effects that the CPU's own walk has.
  ///
  /// It says what the tables allow; whether an access would be allowed by CR0.WP, SMEP, SMAP and keys is not asked.
  ///
  /// - Parameters:
  ///   - address: a linear address.
  ///   - readPhysical: reads the entries.
  /// - Returns: its physical place.
  /// - Throws: which entry has none for it, and why.
  public func translate(
    _ address: GuestVirtual, readPhysical: PhysicalRead
  ) throws(TranslationFault) -> Translation {
    var steps: [TranslationStep]?
    return try translate(address, readPhysical: readPhysical, steps: &steps)
  }

  /// Every level of the walk for a linear address, and where it led.
  ///
  /// - Parameters:
  ///   - address: a linear address.
  ///   - readPhysical: reads the entries.
  /// - Returns: the entries that were read, the one that ended a walk in a fault among them.
  public func pageWalk(
    _ address: GuestVirtual, readPhysical: PhysicalRead
  ) -> (steps: [TranslationStep], result: Result<Translation, TranslationFault>) {
    var steps: [TranslationStep]? = []
    do throws(TranslationFault) {
      let translation = try translate(address, readPhysical: readPhysical, steps: &steps)
      return (steps ?? [], .success(translation))
    } catch {
      return (steps ?? [], .failure(error))
    }
  }

  /// Translates a linear address and notes the entries on the way.
  ///
  /// - Parameters:
  ///   - address: a linear address.
  ///   - readPhysical: reads the entries.
  ///   - steps: where the entries are noted; nil saves the effort.
  /// - Returns: its physical place.
  /// - Throws: which entry has none for it, and why.
  public func translate(
    _ address: GuestVirtual, readPhysical: PhysicalRead, steps: inout [TranslationStep]?
  ) throws(TranslationFault) -> Translation {
    let mode = pagingMode
    try checkWidth(of: address, in: mode)
    if mode == .none {
      return Translation(
        physical: GuestPhysical(address.rawValue), pageSize: .max, isWritable: true, isExecutable: true, isUser: true)
    }

    var start = rootTable(in: mode)
    var isWritable = true
    var isUser = true
    var isExecutable = true
    for table in mode.tables {
      let name = table.level.rawValue
      let index = address.rawValue[bits: table.indexBits]
      let entryAddress = start.wrapping(by: index &* UInt64(mode.entryByteCount))
      guard let value = readPhysical(entryAddress, mode.entryByteCount) else {
        throw TranslationFault("\(name) entry \(index) at \(entryAddress) lies outside memory")
      }
      let entry = PageTableEntry(value, of: table, mode: mode, in: self)
      steps?.append(
        TranslationStep(
          table: name, index: Int(truncatingIfNeeded: index), address: entryAddress, entry: value,
          meaning: entry.meaning))
      guard entry.isPresent else {
        throw TranslationFault("\(name) entry \(index) at \(entryAddress) is not present (\(hex(value)))")
      }
      guard entry.reservedBits == 0 else {
        throw TranslationFault(
          "\(name) entry \(index) at \(entryAddress) has reserved bits \(hex(entry.reservedBits)) set"
            + " (\(hex(value)))")
      }
      isWritable = isWritable && entry.isWritable
      isUser = isUser && entry.isUser
      isExecutable = isExecutable && entry.isExecutable
      if entry.mapsPage {
        let pageSize: UInt64 = 1 << UInt64(table.shift)
        return Translation(
          physical: entry.target.wrapping(by: address.offset(in: pageSize)), pageSize: pageSize,
          isWritable: isWritable, isExecutable: isExecutable, isUser: isUser)
      }
      start = entry.target
    }
    // The last table of every mode maps pages, so that the loop has returned.
    throw TranslationFault("\(address) has no page")
  }

  /// Where CR3 says the first table stands (SDM volume 3, tables 4-3, 4-7 and 4-12).
  private func rootTable(in mode: X86PagingMode) -> GuestPhysical {
    switch mode {
    case .none, .bits32: GuestPhysical(cr3 & 0xffff_f000)
    case .pae: GuestPhysical(cr3 & 0xffff_ffe0)
    case .level4, .level5: GuestPhysical(cr3 & UInt64.lowMask(maxPhysicalAddressBits) & ~0xfff)
    }
  }

  /// Linear addresses are canonical in long mode (SDM volume 1, section 3.3.7.1) and have 32 bits outside it.
  private func checkWidth(of address: GuestVirtual, in mode: X86PagingMode) throws(TranslationFault) {
    switch mode {
    case .none, .bits32, .pae:
      guard address.rawValue <= 0xffff_ffff else {
        throw TranslationFault("\(address) is past the 4 GiB that \(mode.rawValue) reaches")
      }
    case .level4, .level5:
      let extended = Int64(bitPattern: address.rawValue) >> Int64(mode.linearBits - 1)
      guard extended == 0 || extended == -1 else {
        throw TranslationFault("\(address) is not canonical in \(mode.rawValue)")
      }
    }
  }

  private func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}
