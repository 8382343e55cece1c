import Glibc

/// Something that a test expected of a process did not happen.
struct EndToEndError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// A moment by which something must have happened; every wait of these tests has one.
struct Deadline {
  /// Long enough for a machine that does other work too; a test that passes never waits so long.
  static let usual = 60.0

  private let end: Double

  /// A moment so many seconds from now.
  init(seconds: Double) { end = Self.now + seconds }

  /// The seconds that are left, at least 0.
  var left: Double { max(0, end - Self.now) }

  var hasPassed: Bool { left == 0 }

  /// What is left as `poll` takes it, in milliseconds.
  var leftForPoll: CInt { CInt((left * 1000).rounded(.up)) }

  /// Seconds of a clock that only goes forward.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// Asks again and again until there is an answer.
///
/// - Parameters:
///   - expectation: what is waited for, to say what did not come.
///   - seconds: how long at most.
///   - answer: nil as long as there is none.
/// - Returns: the answer.
/// - Throws: where time is over.
@discardableResult
func waiting<Answer>(
  for expectation: String, within seconds: Double = Deadline.usual, _ answer: () throws -> Answer?
) throws -> Answer {
  let deadline = Deadline(seconds: seconds)
  while true {
    if let answer = try answer() { return answer }
    if deadline.hasPassed { throw EndToEndError("waited \(seconds) s in vain for \(expectation)") }
    usleep(5000)
  }
}

/// Waits until a condition holds.
func waiting(
  for expectation: String, within seconds: Double = Deadline.usual, until condition: () throws -> Bool
) throws {
  try waiting(for: expectation, within: seconds) { try condition() ? () : nil }
}
