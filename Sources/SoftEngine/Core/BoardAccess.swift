/// Accesses to addresses without RAM, which the board answers.
///
/// The instruction is executed again for each answer until it has them all: what it reads and writes again is the same,
/// as nothing else was changed. So an instruction may make any number of accesses, and knows nothing of it.
struct BoardAccess: Equatable {
  /// What is asked of the board.
  struct Request: Equatable {
    var address: UInt64
    var size: Int
    var isWrite: Bool
    /// What is written, or what was answered.
    var value: UInt64
  }

  /// What was answered to the instruction that is under way, in the order in which it asked.
  private(set) var answered: [Request] = []
  /// How many of them it has asked for again.
  private var position = 0
  /// What it asks now.
  private(set) var pending: Request?

  /// Whether an instruction is in the middle of its accesses.
  var isUnderWay: Bool { pending != nil || !answered.isEmpty }

  /// How many accesses the board was asked for.
  var count: Int { answered.count + (pending == nil ? 0 : 1) }

  /// What an access gives: the answer where it was answered; else nil, and it is pending.
  mutating func perform(_ request: Request) -> UInt64? {
    if position < answered.count {
      let answer = answered[position]
      position += 1
      return answer.value
    }
    pending = request
    return nil
  }

  /// Takes the board's answer; the instruction is then to be executed again.
  mutating func answer(_ value: UInt64) {
    guard var request = pending else { return }
    request.value = value
    answered.append(request)
    pending = nil
    position = 0
  }

  /// The instruction is complete, or has given up.
  mutating func finish() {
    guard isUnderWay || position != 0 else { return }
    answered.removeAll(keepingCapacity: true)
    pending = nil
    position = 0
  }
}
