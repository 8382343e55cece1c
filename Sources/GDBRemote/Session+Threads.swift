/// Whom a thread-id in a packet means (GDB manual, "Packets", "thread-id syntax").
enum ThreadSelector {
  /// `-1`: every thread.
  case all
  /// `0`: whichever thread suits.
  case any
  case one(ThreadID)
}

extension Session {
  /// The threads; none once the guest is gone.
  var threads: [ThreadID] { hasGuest ? target.threads : [] }

  /// Takes a thread-id, with or without a process in front (`pP.N`).
  ///
  /// There is one process, and how the client calls it does not matter.
  func threadSelector(_ packet: inout PacketReader) throws(TargetError) -> ThreadSelector {
    if packet.skip("p") {
      if packet.skip("-") { try requireOne(&packet) } else { _ = try packet.number() }
      guard packet.skip(".") else { return .all }
    }
    if packet.skip("-") {
      try requireOne(&packet)
      return .all
    }
    let number = try packet.number()
    if number == 0 { return .any }
    guard let number = Int(exactly: number), threads.contains(ThreadID(number)) else {
      throw .invalid("there is no thread \(number)")
    }
    return .one(ThreadID(number))
  }

  private func requireOne(_ packet: inout PacketReader) throws(TargetError) {
    guard try packet.number() == 1 else { throw .invalid("a thread-id is negative") }
  }

  /// `H op thread-id`: chooses the thread of later packets: `g` for registers and memory, `c` for `c` and `s`.
  mutating func selectThread(_ packet: inout PacketReader) throws(TargetError) {
    let operation = packet.character()
    let selector = try threadSelector(&packet)
    try packet.requireEnd()
    switch (operation, selector) {
    case ("g", .one(let thread)): selectedThread = thread
    case ("g", _): break
    case ("c", .one(let thread)): resumedThread = thread
    case ("c", _): resumedThread = nil
    default: throw .invalid("the packet chooses a thread for an unknown purpose")
    }
    encoder.append("OK")
  }

  /// `T thread-id`: whether the thread is alive, which each that exists is.
  mutating func reportLiveness(_ packet: inout PacketReader) throws(TargetError) {
    guard case .one = try threadSelector(&packet) else { throw .invalid("the packet names no single thread") }
    try packet.requireEnd()
    encoder.append("OK")
  }

  /// `qC`: the current thread.
  mutating func reportSelectedThread() {
    encoder.append("QC")
    append(selectedThread)
  }

  /// `qfThreadInfo`: all threads; `qsThreadInfo` has none left to add.
  mutating func listThreads() {
    encoder.append(hasGuest ? "m" : "l")
    for (position, thread) in threads.enumerated() {
      if position > 0 { encoder.append(",") }
      append(thread)
    }
  }

  /// `qThreadExtraInfo,thread-id`: a few words on a thread, in hexadecimal.
  mutating func describeThread(_ packet: inout PacketReader) throws(TargetError) {
    try packet.require(",")
    guard case .one(let thread) = try threadSelector(&packet) else {
      throw .invalid("the packet names no single thread")
    }
    try packet.requireEnd()
    append(hexText: target.describe(thread))
  }

  mutating func append(_ thread: ThreadID) { encoder.append(number: UInt64(clamping: thread.rawValue)) }

  /// Appends text in hexadecimal.
  mutating func append(hexText text: String) {
    var text = text
    text.withUTF8 { encoder.append(hex: UnsafeRawBufferPointer($0)) }
  }
}
