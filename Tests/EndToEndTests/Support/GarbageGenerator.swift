/// Makes packets that no debugger would send, the same ones for the same seed.
///
/// None of them asks for what changes the guest: what is to be harmless starts with none of the letters of such packets,
/// and what is noise has no frame that is intact.
struct GarbageGenerator {
  private var random: Random

  /// What the mutations start from: packets that read, ask and set options, by any client.
  private static let models: [[UInt8]] = [
    "?", "g", "p10", "p0", "pffff", "m1000000,40", "m0,1", "mffffffffffffffff,ffff", "x1000000,100", "x0,0", "qC",
    "qSupported:multiprocess+;swbreak+;hwbreak+;error-message+;vContSupported+", "QStartNoAckMode", "qAttached",
    "qfThreadInfo", "qsThreadInfo", "qThreadExtraInfo,1", "qXfer:features:read:target.xml:0,fff",
    "qXfer:threads:read::0,1000", "qXfer:memory-map:read::0,1000", "qXfer:osdata:read::0,1000",
    "qXfer:libraries:read::0,1000", "qXfer:exec-file:read:1:0,1000", "qCRC:1000000,1000",
    "qSearch:memory:1000000;100;abc",
    "qRcmd,68656c70", "qRcmd,77616c6b2030", "qTStatus", "qOffsets", "qSymbol::", "Hg1", "Hc-1", "Hgp1.1", "T1", "Tff",
    "vCont?", "vMustReplyEmpty", "vFile:open:0,0,0", "vAttach;1", "Z0,1000040,1", "z0,1000040,1", "Z1,1000044,1",
    "z1,1000044,1", "Z2,1005000,8", "z2,1005000,8", "z4,1005000,8", "Qqemu.PhyMemMode:1", "Qqemu.PhyMemMode:0",
    "qqemu.PhyMemMode", "QPassSignals:e;10", "qHostInfo", "jThreadsInfo", "!",
  ].map { Array($0.utf8) }

  /// The first letters of packets that resume, write, reset or end, and `D`, which leaves.
  private static let changing = Set("cCsSGMXPRkDribvt".utf8)
  private static let special = Set("$#\u{3}".utf8)

  init(seed: UInt64) { random = Random(state: seed) }

  /// The next bytes for the wire: mostly one packet.
  mutating func next() -> [UInt8] {
    switch random.below(10) {
    case 0: return noise(count: random.below(64))
    case 1: return damagedFrame()
    case 2: return RSPClient.frame(harmless(noise(count: random.below(200))))
    default: return RSPClient.frame(harmless(mutation()))
    }
  }

  /// Random bytes without a frame.
  private mutating func noise(count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }.filter { !Self.special.contains($0) }
  }

  /// A packet whose checksum is wrong, or that ends before its checksum.
  private mutating func damagedFrame() -> [UInt8] {
    var frame = RSPClient.frame(harmless(mutation()))
    if random.below(2) == 0 { return frame.dropLast(1 + random.below(3)) }
    frame[frame.count - 1] ^= 1
    return frame
  }

  /// A model with bytes changed, put in, taken out, doubled, or its tail replaced by another's.
  private mutating func mutation() -> [UInt8] {
    var packet = Self.models[random.below(Self.models.count)]
    for _ in 0..<random.below(4) where !packet.isEmpty {
      let place = random.below(packet.count)
      switch random.below(6) {
      case 0: packet[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: packet.insert(Array("0123456789abcdef,;:-}*".utf8)[random.below(22)], at: place)
      case 2: packet.remove(at: place)
      case 3: packet.insert(contentsOf: packet[place...], at: place)
      case 4: packet.insert(contentsOf: repeatElement(UInt8(ascii: "f"), count: random.below(40)), at: place)
      default: packet = Array(packet[..<place]) + Self.models[random.below(Self.models.count)].dropFirst(place)
      }
    }
    return packet
  }

  /// The packet without what would frame it anew; behind a letter that names nothing where it might change the guest.
  private func harmless(_ packet: [UInt8]) -> [UInt8] {
    let plain = packet.filter { !Self.special.contains($0) }
    let readsOnly = ["vCont?", "vMust", "vFile", "vAttach"].contains { plain.starts(with: $0.utf8) }
    guard let first = plain.first, Self.changing.contains(first), !readsOnly else { return plain }
    return [UInt8(ascii: "_")] + plain
  }
}

/// A generator of numbers that is the same everywhere: SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom
/// Number Generators", 2014).
struct Random {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }

  /// A number from 0 up to a bound, which is above 0.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
