import Bits

/// The interrupt lines that a board's devices drive high, by number from 0 to 63.
struct InterruptLines: Equatable, Sendable {
  private var levels: UInt64 = 0

  /// Whether a line is driven high.
  subscript(line: UInt32) -> Bool {
    get { levels[bit: Int(line)] }
    set { levels[bit: Int(line)] = newValue }
  }

  /// Takes over the levels of `lines` and calls `drive` for each line that changes by it, with its new level.
  mutating func change(to lines: InterruptLines, _ drive: (UInt32, Bool) -> Void) {
    var changed = levels ^ lines.levels
    levels = lines.levels
    while changed != 0 {
      let line = UInt32(changed.trailingZeroBitCount)
      drive(line, lines[line])
      changed &= changed &- 1
    }
  }
}
