import Glibc

/// Why a figure could not be measured: one sentence without a full stop.
struct BenchmarkError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// The failure of a system call, by its `errno`.
  static func system(_ call: String, _ number: CInt = errno) -> BenchmarkError {
    BenchmarkError("\(call): \(String(cString: strerror(number)))")
  }
}
