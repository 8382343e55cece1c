import DeviceTree

extension DeviceTree {
  /// A tree in the shape of a small arm64 machine's.
  static var sample: DeviceTree {
    var root = Node("")
    root["#address-cells"] = .u32(2)
    root["#size-cells"] = .u32(2)
    root["compatible"] = .strings("sample,board", "sample")
    root["interrupt-parent"] = .u32(1)
    root["model"] = "a \"quoted\" \\ name"

    var memory = Node("memory", unitAddress: 0x4000_0000)
    memory["device_type"] = "memory"
    memory["reg"] = .u64s(0x4000_0000, 0x2000_0000)

    var controller = Node("intc", unitAddress: 0x800_0000)
    controller["compatible"] = "arm,gic-v3"
    controller["interrupt-controller"] = .empty
    controller["#interrupt-cells"] = .u32(3)
    controller["reg"] = .u64s(0x800_0000, 0x1_0000, 0x80A_0000, 0xF6_0000)
    controller.phandle = 1

    var uart = Node("pl011", unitAddress: 0x900_0000)
    uart["compatible"] = .strings("arm,pl011", "arm,primecell")
    uart["reg"] = .u64s(0x900_0000, 0x1000)
    uart["interrupts"] = .cells(0, 1, 4)
    uart["local-mac-address"] = .bytes([0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x00])

    var cpus = Node("cpus", properties: [Property("#address-cells", .u32(1)), Property("#size-cells", .u32(0))])
    cpus.children = [0, 1].map { Node("cpu", unitAddress: $0, properties: [Property("reg", .u32(UInt32($0)))]) }

    root.children = [
      memory, controller, cpus, uart,
      Node("aliases", properties: [Property("serial0", "/pl011@9000000")]),
      Node("chosen", properties: [Property("stdout-path", "serial0"), Property("kaslr-seed", .u64(7))]),
    ]
    return DeviceTree(
      root: root, reservations: [MemoryReservation(address: 0x4100_0000, size: 0x1_0000)], bootCPU: 1)
  }
}

/// SplitMix64, so that every run tests the same.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  /// A node of names and values that were never thought of, with less below it the deeper it lies.
  mutating func node(_ name: String, depth: Int) -> DeviceTree.Node {
    var node = DeviceTree.Node(name)
    for _ in 0..<Int.random(in: 0...6, using: &self) {
      node[self.name()] = DeviceTree.Value(bytes: value())
    }
    guard depth > 0 else { return node }
    for _ in 0..<Int.random(in: 0...4, using: &self) {
      let name = self.name()
      if node[child: name] == nil { node.children.append(self.node(name, depth: depth - 1)) }
    }
    return node
  }

  private mutating func name() -> String {
    // No `#` in front, which dtc warns of, and at most one `@`, which it insists on for nodes.
    let characters = Array("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789,._+-")
    return String((0..<Int.random(in: 1...12, using: &self)).map { _ in characters.randomElement(using: &self) ?? "a" })
  }

  private mutating func value() -> [UInt8] {
    let count = Int.random(in: 0...20, using: &self)
    return switch UInt8.random(in: 0...2, using: &self) {
    case 0: Array((0..<count).map { _ in UInt8.random(in: 32...126, using: &self) }) + [0]
    case 1: (0..<count * 4).map { _ in UInt8.random(in: 0...255, using: &self) }
    default: (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
  }
}

extension [UInt8] {
  /// The big-endian number of 32 bits at an offset.
  func word(at offset: Int) -> Int { self[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }

  /// Replaces the big-endian number of 32 bits at an offset.
  mutating func setWord(_ value: Int, at offset: Int) {
    for index in 0..<4 { self[offset + index] = UInt8(truncatingIfNeeded: value >> (24 - 8 * index)) }
  }
}
