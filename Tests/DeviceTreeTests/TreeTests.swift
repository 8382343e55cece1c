import DeviceTree
import Testing

/// Values, nodes and paths.
@Suite struct TreeTests {
  @Test func values() {
    #expect(DeviceTree.Value.u32(0x1234_5678).bytes == [0x12, 0x34, 0x56, 0x78])
    #expect(DeviceTree.Value.u64(0x1_0000_0002).bytes == [0, 0, 0, 1, 0, 0, 0, 2])
    #expect(DeviceTree.Value.cells(1, .max).cells == [1, .max])
    #expect(DeviceTree.Value.u64s(5).integer == 5 && DeviceTree.Value.u32(6).integer == 6)
    #expect(DeviceTree.Value.string("ab").bytes == [0x61, 0x62, 0])
    #expect(DeviceTree.Value.strings("ab", "", "c").strings == ["ab", "", "c"])
    #expect(DeviceTree.Value.string("").string == "")
    #expect(DeviceTree.Value.strings("a", "b").string == nil)
    #expect(DeviceTree.Value(bytes: [0x61]).strings == nil)
    #expect(DeviceTree.Value(bytes: [0xff, 0]).strings == nil)
    #expect(DeviceTree.Value.empty.strings == nil && DeviceTree.Value.empty.cells == [])
    #expect(DeviceTree.Value(bytes: [1, 2, 3]).cells == nil && DeviceTree.Value(bytes: [1, 2, 3]).integer == nil)
  }

  @Test func propertiesKeepTheirOrder() {
    var node = DeviceTree.Node("n")
    node["b"] = .u32(1)
    node["a"] = .u32(2)
    node["c"] = .empty
    node["b"] = "x"
    #expect(node.properties.map(\.name) == ["b", "a", "c"])
    #expect(node["b"]?.string == "x")
    node["b"] = nil
    node["nothing"] = nil
    #expect(node.properties.map(\.name) == ["a", "c"])
  }

  @Test func children() throws {
    var root = DeviceTree.sample.root
    #expect(root[child: "memory"]?.name == "memory@40000000")
    #expect(root[child: "memory@1"] == nil)
    #expect(root[child: "memory"]?.unitAddress == "40000000" && root[child: "cpus"]?.unitAddress == nil)
    root[child: "chosen", default: .init("chosen")]["bootargs"] = "quiet"
    root[child: "psci", default: .init("psci")]["method"] = "hvc"
    #expect(root.children.suffix(2).map(\.name) == ["chosen", "psci"])
    #expect(root[child: "chosen"]?.properties.count == 3)
    root[child: "chosen"] = nil
    root[child: "memory"] = DeviceTree.Node("ram")
    #expect(root.children.first?.name == "ram" && root.children.count == 6)
  }

  @Test func paths() throws {
    let tree = DeviceTree.sample
    #expect(tree["/"] == tree.root)
    #expect(tree["/cpus/cpu@1"]?["reg"]?.u32 == 1)
    #expect(tree["/cpus/cpu"]?["reg"]?.u32 == 0)
    #expect(tree["/cpus/cpu@2"] == nil && tree["/cpus/cpu/cpu"] == nil)
    #expect(tree["serial0"]?.name == "pl011@9000000")
    #expect(tree["serial1"] == nil && tree[""] == nil && tree["serial0/x"] == nil)
  }

  @Test func phandles() {
    var tree = DeviceTree.sample
    #expect(tree.node(phandle: 1)?.name == "intc@8000000")
    #expect(tree.node(phandle: 2) == nil)
    #expect(tree.unusedPhandle == 2)
    tree.root[child: "pl011", default: .init("")].phandle = .max - 1
    #expect(tree.unusedPhandle == nil)
    tree.root[child: "pl011", default: .init("")].phandle = nil
    tree.root[child: "pl011", default: .init("")]["linux,phandle"] = .u32(9)
    #expect(tree.unusedPhandle == 10)
  }
}

/// What a boot loader changes in a tree.
@Suite struct PatchingTests {
  @Test func chosen() throws {
    var tree = DeviceTree.sample
    tree.apply(
      DeviceTree.BootSettings(commandLine: Array("console=ttyAMA0".utf8), initialRAMDisk: 0x4800_0000..<0x4900_0000))
    let chosen = try #require(tree["/chosen"])
    #expect(chosen.properties.map(\.name) == ["stdout-path", "bootargs", "linux,initrd-start", "linux,initrd-end"])
    #expect(chosen["bootargs"]?.string == "console=ttyAMA0")
    #expect(chosen["linux,initrd-start"]?.u64 == 0x4800_0000 && chosen["linux,initrd-end"]?.u64 == 0x4900_0000)

    tree.apply(DeviceTree.BootSettings(kaslrSeed: 5))
    #expect(tree["/chosen"]?.properties.map(\.name) == ["stdout-path", "bootargs", "kaslr-seed"])
    #expect(tree["/chosen"]?["kaslr-seed"]?.u64 == 5)
  }

  @Test func chosenThatIsNotThere() {
    var tree = DeviceTree()
    tree.apply(DeviceTree.BootSettings(commandLine: []))
    #expect(tree["/chosen"]?["bootargs"]?.bytes == [0])
  }

  @Test func memory() throws {
    var tree = DeviceTree.sample
    tree.root.children.append(tree.root.children[0])
    tree.root.children[0]["numa-node-id"] = .u32(0)
    try tree.setMemory([0x8000_0000..<0x9000_0000, 0x1_0000_0000..<0x3_0000_0000])
    #expect(tree.root.children.map(\.name).filter { $0.hasPrefix("memory") } == ["memory@80000000"])
    let memory = tree.root.children[0]
    #expect(memory["reg"] == .u64s(0x8000_0000, 0x1000_0000, 0x1_0000_0000, 0x2_0000_0000))
    #expect(memory["numa-node-id"]?.u32 == 0)

    tree.root["#address-cells"] = .u32(1)
    tree.root["#size-cells"] = .u32(1)
    try tree.setMemory([0x8000_0000..<0x9000_0000])
    #expect(tree.root.children[0]["reg"] == .cells(0x8000_0000, 0x1000_0000))
    #expect(throws: DeviceTreeError.self) { try tree.setMemory([0..<0x1_0000_0000]) }
    tree.root["#size-cells"] = .u32(.max)
    #expect(throws: DeviceTreeError.self) { try tree.setMemory([0..<0x1000]) }
  }

  @Test func memoryOfTreeThatHasNone() throws {
    var tree = DeviceTree()
    try tree.setMemory([0x1000..<0x2000])
    // Two cells of address and one of size are what a tree has that does not say.
    #expect(tree["/memory@1000"]?["reg"] == .cells(0, 0x1000, 0x1000))
    #expect(tree["/memory"]?["device_type"] == "memory")
  }
}
