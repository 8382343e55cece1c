internal import Bits

/// A VGA adapter in text mode, as far as a text console asks for it: the registers in I/O ports 0x3C0 to 0x3DF, and what
/// the 80 by 25 characters at physical address 0xB8000 say.
///
/// The text itself is ordinary guest memory. Registers of the sequencer, the graphics and the attribute controller are
/// kept and have no effect; the palette reads zero.
public struct VGAText: Equatable, Sendable {
  /// The first I/O port of its range.
  public static let firstPort: UInt64 = 0x3C0
  /// The length of its range in bytes.
  public static let count: UInt64 = 0x20
  /// The physical address of the text memory.
  public static let memoryAddress: UInt64 = 0xB8000
  /// The length of the text memory in bytes.
  public static let memoryCount: Int = 0x8000
  /// Characters in a line.
  public static let columns = 80
  /// Lines on the screen.
  public static let rows = 25

  /// Registers behind an index port and a data port.
  private struct IndexedRegisters: Equatable, Sendable {
    var index: UInt8 = 0
    private var registers = SIMD32<UInt8>()

    /// The register that the index names.
    var selected: UInt8 {
      get { registers[Int(index[bits: 0...4])] }
      set { registers[Int(index[bits: 0...4])] = newValue }
    }

    /// Two neighbours, the high byte first, as the CRT controller keeps its addresses.
    subscript(highByteAt place: Int) -> UInt16 {
      get { UInt16(registers[place]) << 8 | UInt16(registers[place + 1]) }
      set {
        registers[place] = UInt8(newValue[bits: 8...15])
        registers[place + 1] = UInt8(newValue[bits: 0...7])
      }
    }
  }

  private var sequencer = IndexedRegisters()
  private var graphics = IndexedRegisters()
  private var crtController = IndexedRegisters()
  private var attributes = IndexedRegisters()
  /// The next write to port 0x3C0 is data for the attribute controller; reading input status 1 makes it an index.
  private var attributeDataFollows = false
  /// Bit 0: the CRT controller's ports are the colour adapter's, at 0x3D4.
  private var miscellaneousOutput: UInt8 = 0x67
  /// Whether the last read of input status 1 showed a retrace; each read shows the other.
  private var retrace = false

  /// Makes the adapter with the cursor in the top left corner.
  public init() {}

  /// The cell at which the screen starts, counted in characters from the start of text memory; consoles scroll by it.
  public var startAddress: UInt16 { crtController[highByteAt: 0x0C] }

  /// The cell in which the cursor is, counted like `startAddress`.
  public var cursorAddress: UInt16 {
    get { crtController[highByteAt: 0x0E] }
    set { crtController[highByteAt: 0x0E] = newValue }
  }

  /// Reads a port.
  ///
  /// - Parameter offset: The distance from port 0x3C0.
  /// - Returns: The register's value; all ones where nothing answers.
  public mutating func read(at offset: UInt64) -> UInt8 {
    switch offset {
    case 0x00: return attributes.index
    case 0x01: return attributes.selected
    case 0x02: return 0  // Input status 0.
    case 0x04: return sequencer.index
    case 0x05: return sequencer.selected
    case 0x06...0x09: return 0  // The palette.
    case 0x0C: return miscellaneousOutput
    case 0x0E: return graphics.index
    case 0x0F: return graphics.selected
    case 0x14: return crtController.index
    case 0x15: return crtController.selected
    case 0x1A:
      attributeDataFollows = false
      retrace.toggle()
      // Display disabled and vertical retrace.
      return retrace ? 0b1001 : 0
    default: return 0xFF
    }
  }

  /// Writes a port.
  ///
  /// - Parameters:
  ///   - value: What is written.
  ///   - offset: The distance from port 0x3C0.
  public mutating func write(_ value: UInt8, at offset: UInt64) {
    switch offset {
    case 0x00:
      if attributeDataFollows { attributes.selected = value } else { attributes.index = value }
      attributeDataFollows.toggle()
    case 0x02: miscellaneousOutput = value
    case 0x04: sequencer.index = value
    case 0x05: sequencer.selected = value
    case 0x0E: graphics.index = value
    case 0x0F: graphics.selected = value
    case 0x14: crtController.index = value
    case 0x15: crtController.selected = value
    default: break
    }
  }

  /// What is on the screen.
  ///
  /// - Parameter memory: The text memory: a character and its colours in turn.
  /// - Returns: Its lines from the top, without the blanks at their ends; cells past the end of `memory` are blank.
  public func screen(of memory: UnsafeRawBufferPointer) -> [String] {
    Self.lines(of: memory, startingAt: startAddress)
  }

  /// Decodes text memory.
  ///
  /// - Parameters:
  ///   - memory: A character of code page 437 and its colours in turn.
  ///   - start: The cell at which the text starts.
  /// - Returns: 25 lines of up to 80 characters without the blanks at their ends; cells past the end of `memory` are blank.
  public static func lines(of memory: UnsafeRawBufferPointer, startingAt start: UInt16 = 0) -> [String] {
    (0..<rows).map { row in
      var line = (0..<columns).map { column in
        let byte: UInt8? = memory.littleEndian(at: (Int(start) + row * columns + column) * 2)
        return CodePage437.character(byte ?? 0)
      }
      while line.last == " " { line.removeLast() }
      return String(line)
    }
  }
}
