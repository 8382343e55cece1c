/// Where things answer among the I/O ports of the `pc` board.
///
/// All are where a PC has them, but for ACPI's, which firmware places as it likes.
public enum PCPortLayout {
  /// The keyboard controller's data port.
  public static let keyboardData: UInt16 = 0x60
  /// The keyboard controller's command and status port, by which the machine can be reset.
  public static let keyboardCommand: UInt16 = 0x64
  /// The CMOS clock's index port; its data port follows.
  public static let clock: UInt16 = 0x70
  /// `isa-debug-exit`, where QEMU has it.
  public static let debugExit: UInt16 = 0xf4
  /// The first 16550, COM1.
  public static let uart: UInt16 = 0x3f8
  /// ACPI's fixed hardware, 12 bytes: PM1a status and enable come first.
  public static let powerManagement: UInt16 = 0x600
  /// PM1a control, 2 bytes.
  public static let powerControl = powerManagement + 4
  /// The PM timer of 32 bits at 3.579545 MHz, 4 bytes.
  public static let powerTimer = powerManagement + 8
  /// The reset control register.
  public static let resetControl: UInt16 = 0xcf9
}
