import ArgumentParser

/// The argument of `--memory`: a number of bytes with an optional K, M, G or T behind it (powers of 1024).
struct MemorySize: Equatable, Sendable, ExpressibleByArgument {
  let bytes: UInt64

  /// The least that the smallest guests of the tests need, and the most that KVM's page tables address with 4 levels.
  static let range: ClosedRange<UInt64> = (2 << 20)...(64 << 40)

  init?(argument: String) {
    let shifts: [Character: UInt64] = ["K": 10, "M": 20, "G": 30, "T": 40]
    var digits = argument.uppercased()
    if digits.hasSuffix("IB") { digits.removeLast(2) }
    var shift: UInt64 = 0
    if let suffix = digits.last, let found = shifts[suffix] {
      shift = found
      digits.removeLast()
    }
    guard let count = UInt64(digits), count <= UInt64.max >> shift else { return nil }
    bytes = count << shift
    guard Self.range.contains(bytes), bytes % 4096 == 0 else { return nil }
  }

  init(mebibytes: UInt64) { bytes = mebibytes << 20 }

  var defaultValueDescription: String { "\(bytes >> 20)M" }
}
