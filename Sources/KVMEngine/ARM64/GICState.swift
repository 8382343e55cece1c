#if arch(arm64)
  import ARM64
  import CKVM
  import CPUEngine
  import SystemPackage

  /// The state of KVM's interrupt controller, to be put back exactly
  /// (Documentation/virt/kvm/devices/arm-vgic-v3.rst and arm-vgic.rst).
  struct GICState {
    /// A register: its group of attributes, its number in it, and its value.
    private struct Entry {
      let group: Int32
      let number: UInt64
      var isWide = false
      /// Whether it only clears what its companion sets, for which all ones are written.
      var isClearing = false
      var value: UInt64 = 0
    }

    private var entries: [Entry] = []

    /// Copies it out; every CPU is stopped.
    ///
    /// - Parameters:
    ///   - gic: the interrupt controller.
    ///   - affinities: that of each CPU.
    /// - Throws: what KVM refused.
    init(of gic: borrowing GICDevice, affinities: [UInt64]) throws(EngineError) {
      switch gic.version {
      case .v3: listGICv3(affinities)
      case .v2: listGICv2(cpuCount: affinities.count)
      }
      do throws(Errno) {
        for index in entries.indices where !entries[index].isClearing {
          entries[index].value = try Self.value(of: entries[index], in: gic)
        }
      } catch {
        throw EngineError("to tell the interrupt controller's state", error)
      }
    }

    /// Puts it back; every CPU is stopped.
    func restore(to gic: borrowing GICDevice) throws(EngineError) {
      do throws(Errno) {
        for entry in entries { try Self.set(entry, in: gic) }
      } catch {
        throw EngineError("to set the interrupt controller's state", error)
      }
    }

    private static func value(of entry: Entry, in gic: borrowing GICDevice) throws(Errno) -> UInt64 {
      let group = UInt32(entry.group)
      return entry.isWide
        ? try gic.get(group: group, entry.number, UInt64(0))
        : UInt64(try gic.get(group: group, entry.number, UInt32(0)))
    }

    private static func set(_ entry: Entry, in gic: borrowing GICDevice) throws(Errno) {
      let group = UInt32(entry.group)
      if entry.isWide {
        try gic.set(group: group, entry.number, entry.value)
      } else {
        try gic.set(group: group, entry.number, entry.isClearing ? .max : UInt32(truncatingIfNeeded: entry.value))
      }
    }

    // MARK: Which registers there are

    /// Registers with `bits` for each interrupt from `first` up to `end`, at an offset of their owner.
    private mutating func list(
      _ group: Int32, _ offset: UInt64, bits: Int, _ interrupts: Range<Int>, of owner: UInt64, isClearing: Bool = false
    ) {
      for position in stride(from: interrupts.lowerBound * bits / 8, to: interrupts.upperBound * bits / 8, by: 4) {
        entries.append(Entry(group: group, number: owner | offset + UInt64(position), isClearing: isClearing))
      }
    }

    /// The registers that every interrupt has; a page of the distributor's form has them for the interrupts given.
    private mutating func listInterrupts(_ group: Int32, page: UInt64 = 0, _ interrupts: Range<Int>, of owner: UInt64) {
      list(group, page + 0x080, bits: 1, interrupts, of: owner)  // IGROUPR
      // ISENABLER, ISPENDR and ISACTIVER set only; each has a companion that clears.
      for offset: UInt64 in [0x100, 0x200, 0x300] {
        list(group, page + offset + 0x80, bits: 1, interrupts, of: owner, isClearing: true)
        list(group, page + offset, bits: 1, interrupts, of: owner)
      }
      list(group, page + 0x400, bits: 8, interrupts, of: owner)  // IPRIORITYR
      // ICFGR; what triggers the software-generated interrupts is fixed.
      list(group, page + 0xC00, bits: 2, interrupts.clamped(to: 16..<interrupts.upperBound), of: owner)
    }

    private static let ownInterrupts = 0..<Int(GICDevice.firstSharedInterrupt)
    private static let sharedInterrupts = ownInterrupts.upperBound..<Int(GICDevice.interruptCount)

    /// Arm IHI 0069, sections 12.9 (distributor), 12.11 (redistributors) and 12.2 (CPU interface).
    private mutating func listGICv3(_ affinities: [UInt64]) {
      let (distributor, redistributor) = (KVM_DEV_ARM_VGIC_GRP_DIST_REGS, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS)
      entries.append(Entry(group: distributor, number: 0))  // GICD_CTLR
      listInterrupts(distributor, Self.sharedInterrupts, of: 0)
      list(distributor, 0x6000, bits: 64, Self.sharedInterrupts, of: 0)  // GICD_IROUTER
      for affinity in affinities {
        // KVM packs the four fields of the affinity next to each other.
        let owner = (affinity >> 8 & 0xFF00_0000 | affinity & 0xFF_FFFF) << UInt64(KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT)
        for offset: UInt64 in [0x00, 0x14] {  // GICR_CTLR, GICR_WAKER
          entries.append(Entry(group: redistributor, number: owner | offset))
        }
        listInterrupts(redistributor, page: 0x1_0000, Self.ownInterrupts, of: owner)
        for register in Self.cpuInterface {
          entries.append(
            Entry(group: KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, number: owner | UInt64(register.rawValue), isWide: true))
        }
      }
      let lines = Self.sharedInterrupts
      for interrupt in stride(from: lines.lowerBound, to: lines.upperBound, by: 32) {
        entries.append(Entry(group: KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO, number: UInt64(interrupt)))
      }
    }

    /// ICC_PMR, BPR0, AP0R0, AP1R0, BPR1, CTLR, SRE, IGRPEN0 and IGRPEN1, all of EL1.
    private static let cpuInterface: [SystemRegister] = [
      "icc_pmr_el1", "icc_bpr0_el1", "icc_ap0r0_el1", "icc_ap1r0_el1", "icc_bpr1_el1", "icc_ctlr_el1", "icc_sre_el1",
      "icc_igrpen0_el1", "icc_igrpen1_el1",
    ].compactMap(SystemRegister.init(named:))

    /// Arm IHI 0048, sections 4.3 (distributor) and 4.4 (CPU interface).
    private mutating func listGICv2(cpuCount: Int) {
      let (distributor, interface) = (KVM_DEV_ARM_VGIC_GRP_DIST_REGS, KVM_DEV_ARM_VGIC_GRP_CPU_REGS)
      // KVM takes no groups before GICD_IIDR, which says that its user knows of them.
      entries.append(Entry(group: distributor, number: 0x008))
      entries.append(Entry(group: distributor, number: 0))  // GICD_CTLR
      listInterrupts(distributor, Self.sharedInterrupts, of: 0)
      list(distributor, 0x800, bits: 8, Self.sharedInterrupts, of: 0)  // GICD_ITARGETSR
      for cpu in 0..<UInt64(cpuCount) {
        let owner = cpu << UInt64(KVM_DEV_ARM_VGIC_CPUID_SHIFT)
        listInterrupts(distributor, Self.ownInterrupts, of: owner)
        // GICD_CPENDSGIR and GICD_SPENDSGIR: which CPUs each software-generated interrupt is pending from.
        list(distributor, 0xF10, bits: 8, 0..<16, of: owner, isClearing: true)
        list(distributor, 0xF20, bits: 8, 0..<16, of: owner)
        // GICC_CTLR, GICC_PMR, GICC_BPR, GICC_ABPR and GICC_APR0 to GICC_APR3.
        for offset: UInt64 in [0x00, 0x04, 0x08, 0x1C, 0xD0, 0xD4, 0xD8, 0xDC] {
          entries.append(Entry(group: interface, number: owner | offset))
        }
      }
    }
  }
#endif
