/// How many steps searches may take over all, so that bytes made to look like the start of a table over and over cost
/// milliseconds, not hours.
struct SearchBudget {
  private var left: Int

  /// Each real kernel takes a hundredth of this.
  static let standard = SearchBudget(left: 1 << 24)

  /// Takes `steps` away; false where there were not as many left.
  mutating func spend(_ steps: Int) -> Bool {
    left -= min(steps, left)
    return left > 0
  }
}

extension Int {
  /// The next multiple of 8, to which kallsyms' tables are aligned.
  var alignedUp: Int { alignedUp(to: 8) }
  /// The next multiple of a power of two.
  func alignedUp(to alignment: Int) -> Int { (self &+ (alignment &- 1)) & ~(alignment &- 1) }
  /// The multiple of 8 at or below.
  var alignedDown: Int { self & ~7 }
}
