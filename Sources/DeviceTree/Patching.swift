extension DeviceTree {
  /// What a boot loader tells the kernel in `/chosen` (section 3.6; Documentation/devicetree/bindings of Linux,
  /// dt-schema's `chosen.yaml`).
  public struct BootSettings: Sendable, Equatable {
    /// The kernel's command line; nil to leave the tree's own.
    public var commandLine: [UInt8]?
    /// The initial RAM disk's bytes in memory; nil for none.
    public var initialRAMDisk: Range<UInt64>?
    /// What the kernel chooses its address by; nil so that it stays where it is loaded.
    public var kaslrSeed: UInt64?

    /// Puts the settings together.
    ///
    /// - Parameters:
    ///   - commandLine: the kernel's command line; nil to leave the tree's own.
    ///   - initialRAMDisk: the initial RAM disk's bytes in memory; nil for none.
    ///   - kaslrSeed: what the kernel chooses its address by; nil so that it stays where it is loaded.
    public init(commandLine: [UInt8]? = nil, initialRAMDisk: Range<UInt64>? = nil, kaslrSeed: UInt64? = nil) {
      self.commandLine = commandLine
      self.initialRAMDisk = initialRAMDisk
      self.kaslrSeed = kaslrSeed
    }
  }

  /// Writes the settings to `/chosen`, which is made where there is none; its other properties stay.
  ///
  /// The length of the blob depends on which settings are nil and how long the command line is, not on any address.
  public mutating func apply(_ settings: BootSettings) {
    let disk = settings.initialRAMDisk
    func change(_ chosen: inout Node) {
      if let commandLine = settings.commandLine { chosen["bootargs"] = .string(bytes: commandLine) }
      chosen["linux,initrd-start"] = disk.map { .u64($0.lowerBound) }
      chosen["linux,initrd-end"] = disk.map { .u64($0.upperBound) }
      chosen["kaslr-seed"] = settings.kaslrSeed.map { .u64($0) }
    }
    change(&root[child: "chosen", default: Node("chosen")])
  }

  /// Makes the given memory the machine's whole memory, in one node (section 3.4).
  ///
  /// The tree's first memory node takes it over and keeps its other properties; the rest of them go.
  ///
  /// - Parameter ranges: the memory, lowest first; at least one.
  /// - Throws: `DeviceTreeError` where an address or a length takes more cells than the tree's root gives it.
  public mutating func setMemory(_ ranges: [Range<UInt64>]) throws(DeviceTreeError) {
    guard let start = ranges.first?.lowerBound else { return }
    var cells: [UInt32] = []
    for range in ranges {
      cells += try Self.cells(of: range.lowerBound, count: root.addressCells)
      cells += try Self.cells(of: range.upperBound - range.lowerBound, count: root.sizeCells)
    }
    let index = root.children.firstIndex(where: \.isMemory) ?? root.children.count
    var memory = Node("memory", unitAddress: start, properties: [Property("device_type", "memory")])
    if index < root.children.count { memory.properties = root.children[index].properties }
    memory["reg"] = .cells(cells)
    root.children.removeAll(where: \.isMemory)
    root.children.insert(memory, at: index)
  }

  /// A number in the cells of a `reg`.
  private static func cells(of value: UInt64, count: UInt32) throws(DeviceTreeError) -> [UInt32] {
    let halves = [UInt32(truncatingIfNeeded: value >> 32), UInt32(truncatingIfNeeded: value)]
    switch count {
    case 2: return halves
    case 1 where halves[0] == 0: return [halves[1]]
    default:
      throw DeviceTreeError("the memory's \(hex(value)) does not fit the \(count) cells that the root node gives it")
    }
  }
}

extension DeviceTree.Node {
  fileprivate var isMemory: Bool { self["device_type"]?.string == "memory" }
}
