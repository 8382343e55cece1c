public import Bits

/// The ACPI tables of the `pc` board (ACPI 6.5, chapter 5): CPUs, interrupt controllers, power-off, legacy devices.
public struct ACPITables: Sendable {
  /// The system control interrupt: level-triggered, active high.
  public static let systemControlInterrupt: UInt8 = 9
  /// What goes to SLP_TYP to switch the machine off.
  public static let softOffSleepType: UInt8 = 5
  /// Where the root pointer stands.
  public static let rsdp = PCMemoryLayout.acpi

  /// The tables with their addresses, the root pointer first.
  public let blobs: [BootState.Blob]

  /// Builds the tables of a machine.
  ///
  /// - Parameter cpuCount: how many CPUs it has; their APIC ids count from 0.
  public init(cpuCount: Int) {
    // The FACS wants a multiple of 64; the others are content with any place.
    var next = Self.rsdp.wrapping(by: 0x40)
    var blobs: [BootState.Blob] = []
    func place(_ bytes: [UInt8]) -> GuestPhysical {
      let address = next
      blobs.append(BootState.Blob(address, bytes))
      next = address.wrapping(by: (UInt64(bytes.count) + 63) & ~63)
      return address
    }
    let facs = place(Self.facs)
    let dsdt = place(Self.dsdt)
    let fadt = place(Self.fadt(facs: facs, dsdt: dsdt))
    let madt = place(Self.madt(cpuCount: cpuCount))
    let xsdt = place(Self.xsdt([fadt, madt]))
    self.blobs = [BootState.Blob(Self.rsdp, Self.rootPointer(xsdt: xsdt))] + blobs
  }
}

// MARK: - The tables

extension ACPITables {
  /// RSDP (section 5.2.5.3), without an RSDT: revision 2 has the XSDT.
  private static func rootPointer(xsdt: GuestPhysical) -> [UInt8] {
    var bytes = Array("RSD PTR ".utf8)
    bytes.append(0)  // checksum of the first 20 bytes
    bytes += identity
    bytes.append(2)  // revision
    bytes.appendLittleEndian(UInt32(0))  // RSDT
    bytes.appendLittleEndian(UInt32(36))  // length
    bytes.appendLittleEndian(xsdt.rawValue)
    bytes.append(0)  // checksum of all
    bytes += [0, 0, 0]
    bytes[8] = checksum(bytes.prefix(20))
    bytes[32] = checksum(bytes[...])
    return bytes
  }

  /// XSDT (section 5.2.8): where the other tables are.
  private static func xsdt(_ tables: [GuestPhysical]) -> [UInt8] {
    var body: [UInt8] = []
    for table in tables { body.appendLittleEndian(table.rawValue) }
    return table("XSDT", revision: 1, body)
  }

  /// FACS (section 5.2.10), which has no checksum.
  private static var facs: [UInt8] {
    var bytes = Array("FACS".utf8)
    bytes.appendLittleEndian(UInt32(64))  // length
    bytes += [UInt8](repeating: 0, count: 24)
    bytes.append(2)  // version
    bytes += [UInt8](repeating: 0, count: 31)
    return bytes
  }

  /// FADT (section 5.2.9): ACPI's fixed hardware.
  ///
  /// Without an SMI command port the machine is in ACPI mode always.
  private static func fadt(facs: GuestPhysical, dsdt: GuestPhysical) -> [UInt8] {
    var body: [UInt8] = []
    body.appendLittleEndian(UInt32(truncatingIfNeeded: facs.rawValue))
    body.appendLittleEndian(UInt32(truncatingIfNeeded: dsdt.rawValue))
    body += [0, 1]  // reserved; preferred profile: desktop
    body.appendLittleEndian(UInt16(systemControlInterrupt))
    body += [UInt8](repeating: 0, count: 8)  // SMI_CMD and the values that would be written to it
    for block in [PCPortLayout.powerManagement, 0, PCPortLayout.powerControl, 0, 0, PCPortLayout.powerTimer, 0, 0] {
      body.appendLittleEndian(UInt32(block))
    }
    body += [4, 2, 0, 4, 0, 0, 0, 0]  // the blocks' lengths; GPE1's base; no C-state control
    body.appendLittleEndian(UInt16(101))  // C2's latency: past 100, so that there is none
    body.appendLittleEndian(UInt16(1001))  // C3's latency: past 1000
    body += [UInt8](repeating: 0, count: 9)  // flush size and stride, duty cycle, the RTC's alarm registers, century
    body.appendLittleEndian(BootArchitecture.legacyDevices | BootArchitecture.keyboardController)
    body.append(0)
    body.appendLittleEndian(FixedFeature.all)
    body += port(PCPortLayout.keyboardCommand, bitWidth: 8, access: 1)
    body.append(0xfe)  // the reset value: pulse the reset line
    body += [0, 0, 5]  // ARM's boot flags; minor version
    body.appendLittleEndian(UInt64(0))  // X_FIRMWARE_CTRL: the 32-bit field has it
    body.appendLittleEndian(dsdt.rawValue)
    body += port(PCPortLayout.powerManagement, bitWidth: 32, access: 2) + noRegister
    body += port(PCPortLayout.powerControl, bitWidth: 16, access: 2) + noRegister + noRegister
    body += port(PCPortLayout.powerTimer, bitWidth: 32, access: 3)
    body += noRegister + noRegister  // GPE0, GPE1
    body += noRegister + noRegister  // the sleep registers of hardware-reduced machines
    body.appendLittleEndian(UInt64(0))  // the hypervisor's vendor
    return table("FACP", revision: 6, body)
  }

  /// IAPC_BOOT_ARCH (section 5.2.9.3); VGA and the CMOS RTC are there, so that their "not present" bits are clear.
  private enum BootArchitecture {
    static let legacyDevices: UInt16 = 1 << 0
    static let keyboardController: UInt16 = 1 << 1
  }

  /// The FADT's fixed feature flags (section 5.2.9, table 5.10).
  private enum FixedFeature {
    private static let wbinvd: UInt32 = 1 << 0
    private static let c1OnEveryCPU: UInt32 = 1 << 2
    private static let noSleepButton: UInt32 = 1 << 5
    private static let noFixedClockAlarm: UInt32 = 1 << 6
    private static let timerHas32Bits: UInt32 = 1 << 8
    private static let resetRegister: UInt32 = 1 << 10
    static let all = wbinvd | c1OnEveryCPU | noSleepButton | noFixedClockAlarm | timerHas32Bits | resetRegister
  }

  /// MADT (section 5.2.12): the interrupt controllers.
  private static func madt(cpuCount: Int) -> [UInt8] {
    var body: [UInt8] = []
    body.appendLittleEndian(UInt32(truncatingIfNeeded: PCMemoryLayout.localAPIC.rawValue))
    body.appendLittleEndian(UInt32(1))  // PCAT_COMPAT: a pair of 8259s is there too
    for cpu in 0..<max(cpuCount, 1) { body += localAPIC(id: UInt32(truncatingIfNeeded: cpu)) }
    body += [1, 12, 0, 0]  // I/O APIC with the id 0
    body.appendLittleEndian(UInt32(truncatingIfNeeded: PCMemoryLayout.ioAPIC.rawValue))
    body.appendLittleEndian(UInt32(0))  // its first interrupt
    // The PIT's interrupt comes in at input 2, as the bus has it; the SCI is level-triggered and active high.
    body += interruptOverride(source: 0, interrupt: 2, flags: 0)
    body += interruptOverride(
      source: systemControlInterrupt, interrupt: UInt32(systemControlInterrupt), flags: 0xd)
    body += [4, 6, 0xff, 0, 0, 1]  // the NMI comes in at LINT1 of every CPU
    return table("APIC", revision: 5, body)
  }

  /// A CPU's local APIC, enabled; ids that 8 bits do not hold take an x2APIC entry.
  private static func localAPIC(id: UInt32) -> [UInt8] {
    if id < 255 {
      let number = UInt8(id)
      return [0, 8, number, number, 1, 0, 0, 0]
    }
    var bytes: [UInt8] = [9, 16, 0, 0]
    for word in [id, 1, id] { bytes.appendLittleEndian(word) }
    return bytes
  }

  private static func interruptOverride(source: UInt8, interrupt: UInt32, flags: UInt16) -> [UInt8] {
    var bytes: [UInt8] = [2, 10, 0, source]
    bytes.appendLittleEndian(interrupt)
    bytes.appendLittleEndian(flags)
    return bytes
  }

  /// DSDT: how to switch the machine off, and the devices that nothing can be asked for.
  private static var dsdt: [UInt8] {
    let softOff = AML.name(
      "_S5", AML.package(of: [AML.integer(UInt32(softOffSleepType)), AML.integer(0), AML.integer(0), AML.integer(0)]))
    let devices = AML.scope(
      "_SB",
      [
        device("COM1", "PNP0501", ports: [(first: PCPortLayout.uart, count: 8)], interrupt: 4),
        device(
          "KBD", "PNP0303",
          ports: [(first: PCPortLayout.keyboardData, count: 1), (first: PCPortLayout.keyboardCommand, count: 1)],
          interrupt: 1),
        device("RTC", "PNP0B00", ports: [(first: PCPortLayout.clock, count: 2)], interrupt: 8),
      ])
    return table("DSDT", revision: 2, softOff + devices)
  }

  private static func device(
    _ name: String, _ id: String, ports: [(first: UInt16, count: UInt8)], interrupt: UInt8
  ) -> [UInt8] {
    AML.device(
      name,
      [
        AML.name("_HID", AML.eisaID(id)),
        AML.name("_UID", AML.integer(1)),
        // Present, enabled, shown, working.
        AML.name("_STA", AML.integer(0xf)),
        AML.name("_CRS", AML.resources(ports: ports, interrupt: interrupt)),
      ])
  }
}

// MARK: - What the tables share

extension ACPITables {
  /// OEMID, six letters.
  private static let identity = Array("HVGDB ".utf8)

  /// A table with its header of 36 bytes (section 5.2.6) and its checksum.
  private static func table(_ signature: String, revision: UInt8, _ body: [UInt8]) -> [UInt8] {
    var bytes = Array(signature.utf8)
    bytes.appendLittleEndian(UInt32(truncatingIfNeeded: 36 + body.count))
    bytes += [revision, 0]
    bytes += identity
    bytes += Array("HVGDBPC ".utf8)
    bytes.appendLittleEndian(UInt32(1))
    bytes += Array("HVGD".utf8)
    bytes.appendLittleEndian(UInt32(1))
    bytes += body
    bytes[9] = checksum(bytes[...])
    return bytes
  }

  /// What makes the sum of the bytes 0; its own place holds 0 still.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt8 { 0 &- bytes.reduce(0, &+) }

  /// An I/O port as a generic address (section 5.2.3.2); `access` is 1 for bytes, 2 for words, 3 for double words.
  private static func port(_ number: UInt16, bitWidth: UInt8, access: UInt8) -> [UInt8] {
    var bytes: [UInt8] = [1, bitWidth, 0, access]
    bytes.appendLittleEndian(UInt64(number))
    return bytes
  }

  /// The generic address of a register that is not there.
  private static let noRegister = [UInt8](repeating: 0, count: 12)
}
