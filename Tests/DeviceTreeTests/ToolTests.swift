import DeviceTree
import Foundation
import Testing

/// A tool of the reference implementation, or QEMU.
private struct Tool {
  let path: String

  /// Finds a tool on the search path; nil where it is not installed.
  init?(_ name: String) {
    let directories = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    let path = directories.lazy.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let path else { return nil }
    self.path = path
  }

  /// Runs it to its end and gives what it printed; a tool that fails fails the test.
  func run(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(path) \(arguments) failed")
    return String(decoding: text, as: UTF8.self)
  }
}

/// A directory of the test's own, which is gone when the test lets go of it.
private final class Workplace {
  let directory: URL

  init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "hvgdb-tree-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  func path(_ name: String) -> String { directory.appending(path: name).path }

  func write(_ bytes: some Sequence<UInt8>, _ name: String) throws -> String {
    try Data(bytes).write(to: directory.appending(path: name))
    return path(name)
  }

  func read(_ name: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: directory.appending(path: name))) }
}

/// The writer and the reader against the reference implementation, both ways.
@Suite(
  .enabled(
    if: ["dtc", "fdtget", "fdtput", "fdtdump"].allSatisfy { Tool($0) != nil },
    "the device tree compiler is not here: Debian's package is device-tree-compiler"))
struct ToolTests {
  private let place: Workplace

  init() throws { place = try Workplace() }

  private func run(_ tool: String, _ arguments: String...) throws -> String {
    try #require(Tool(tool)).run(arguments)
  }

  /// What dtc makes of source text.
  private func compiled(_ source: String, _ options: String...) throws -> [UInt8] {
    let input = try place.write(source.utf8, "in.dts")
    _ = try #require(Tool("dtc")).run(
      ["-q", "-I", "dts", "-O", "dtb", "-o", place.path("out.dtb")] + options + [input])
    return try place.read("out.dtb")
  }

  @Test func dtcReadsOurs() throws {
    let blob = try place.write(try DeviceTree.sample.blob(), "ours.dtb")
    let source = try run("dtc", "-q", "-I", "dtb", "-O", "dts", blob)
    #expect(source.contains("/memreserve/\t0x0000000041000000 0x0000000000010000;"))
    #expect(
      source.contains("compatible = \"sample,board\\0sample\";") || source.contains("\"sample,board\", \"sample\""))
    // What dtc writes of our tree is our tree.
    let again = try DeviceTree(blob: compiled(source, "-b", "1"))
    #expect(again == DeviceTree.sample)
    _ = try run("dtc", "-q", "-I", "dtb", "-O", "dtb", "-o", place.path("again.dtb"), blob)
    #expect(try DeviceTree(blob: place.read("again.dtb")) == DeviceTree.sample)
  }

  @Test func dtcReadsOurSource() throws {
    #expect(try DeviceTree(blob: compiled(DeviceTree.sample.source, "-b", "1")) == DeviceTree.sample)
  }

  /// dtc's own checks of a tree's contents are of no concern here.
  @Test func dtcReadsRandomTrees() throws {
    var generator = SplitMix(state: 33)
    for _ in 0..<25 {
      let tree = DeviceTree(root: generator.node("", depth: 3), reservations: [.init(address: 4096, size: 1)])
      #expect(try DeviceTree(blob: compiled(tree.source, "-f")) == tree)
      let blob = try place.write(try tree.blob(), "random.dtb")
      _ = try run("dtc", "-q", "-f", "-I", "dtb", "-O", "dtb", "-o", place.path("again.dtb"), blob)
      #expect(try DeviceTree(blob: place.read("again.dtb")) == tree)
    }
  }

  private static let labelled = """
    /dts-v1/;
    /memreserve/ 0x10000000 0x4000;
    /memreserve/ 0x20000000 0x8000;
    / {
      #address-cells = <1>;
      #size-cells = <1>;
      interrupt-parent = <&gic>;
      gic: interrupt-controller@1000 { reg = <0x1000 0x100>; interrupt-controller; #interrupt-cells = <3>; };
      a_label_that_is_longer_than_a_name_may_be: serial@2000 { reg = <0x2000 0x100>; mixed = "text", <1 2>, [03]; };
    };
    """

  @Test(arguments: [[], ["-@"], ["-p", "1024"], ["-S", "8192"], ["-R", "8"], ["-V", "16"], ["-@", "-p", "333"]])
  func weReadDtcs(_ options: [String]) throws {
    let input = try place.write(Self.labelled.utf8, "in.dts")
    let arguments = ["-q", "-I", "dts", "-O", "dtb", "-o", place.path("out.dtb")] + options + [input]
    _ = try #require(Tool("dtc")).run(arguments)
    let tree = try DeviceTree(blob: place.read("out.dtb"))
    #expect(tree.reservations.prefix(2).map(\.address) == [0x1000_0000, 0x2000_0000])
    let controller = try #require(tree["/interrupt-controller"])
    #expect(controller.phandle == tree.root["interrupt-parent"]?.u32 && controller.phandle != nil)
    #expect(controller["interrupt-controller"] == .empty)
    #expect(tree["/serial@2000"]?["mixed"]?.bytes == Array("text\0".utf8) + [0, 0, 0, 1, 0, 0, 0, 2, 3])
    if options.contains("-@") {
      let label = "a_label_that_is_longer_than_a_name_may_be"
      #expect(tree["/__symbols__"]?[label]?.string == "/serial@2000")
    }
    #expect(try DeviceTree(blob: tree.blob()) == tree)
  }

  @Test func libfdtReadsOurs() throws {
    let blob = try place.write(try DeviceTree.sample.blob(), "ours.dtb")
    #expect(try run("fdtget", "-t", "x", blob, "/memory@40000000", "reg") == "0 40000000 0 20000000\n")
    #expect(try run("fdtget", "-t", "s", blob, "/pl011@9000000", "compatible") == "arm,pl011 arm,primecell\n")
    #expect(try run("fdtget", "-t", "s", blob, "/", "model") == "a \"quoted\" \\ name\n")
    #expect(try run("fdtget", "-t", "bx", blob, "/pl011", "local-mac-address") == "52 54 0 12 34 56 0\n")
    #expect(try run("fdtget", "-l", blob, "/cpus") == "cpu@0\ncpu@1\n")
    #expect(try run("fdtget", "-p", blob, "/chosen") == "stdout-path\nkaslr-seed\n")
    let dump = try run("fdtdump", blob)
    #expect(dump.contains("/memreserve/ 0x41000000 0x10000;") && dump.contains("// boot_cpuid_phys:\t0x1"))
  }

  @Test func weReadWhatLibfdtChanged() throws {
    let path = try place.write(try DeviceTree.sample.blob(), "ours.dtb")
    _ = try run("fdtput", "-t", "s", path, "/chosen", "bootargs", "quiet")
    _ = try run("fdtput", "-d", path, "/chosen", "kaslr-seed")
    _ = try run("fdtput", "-r", path, "/pl011@9000000")
    _ = try run("fdtput", "-c", path, "/added@1")
    _ = try run("fdtput", "-t", "x", path, "/added@1", "reg", "1", "2")
    var expected = DeviceTree.sample
    expected.root[child: "chosen", default: .init("")]["bootargs"] = "quiet"
    expected.root[child: "chosen", default: .init("")]["kaslr-seed"] = nil
    expected.root[child: "pl011"] = nil
    var changed = try DeviceTree(blob: place.read("ours.dtb"))
    #expect(changed["/added@1"]?["reg"] == .cells(1, 2))
    changed.root[child: "added"] = nil
    // libfdt puts what it adds in front; which tree it is does not depend on that.
    #expect(changed["/chosen"]?["bootargs"] == "quiet")
    changed.root[child: "chosen"] = expected["/chosen"]
    #expect(changed == expected)
  }
}

/// The tree of the machine that everybody tries kernels on.
@Suite(
  .enabled(
    if: Tool("qemu-system-aarch64") != nil,
    "there is no qemu-system-aarch64 to dump a tree: Debian's package is qemu-system-arm"))
struct QEMUTreeTests {
  @Test(arguments: ["virt,gic-version=3", "virt,gic-version=2", "virt,virtualization=on"])
  func dumpedTree(_ machine: String) throws {
    let place = try Workplace()
    _ = try #require(Tool("qemu-system-aarch64")).run(
      ["-M", "\(machine),dumpdtb=\(place.path("qemu.dtb"))", "-cpu", "max", "-smp", "2", "-display", "none"])
    let tree = try DeviceTree(blob: place.read("qemu.dtb"))
    #expect(tree["/memory"]?["reg"]?.cells?.prefix(2) == [0, 0x4000_0000])
    #expect(tree["/cpus/cpu@1"]?["enable-method"] == "psci")
    #expect(tree["/pl011"]?["compatible"]?.strings?.first == "arm,pl011")
    let controller = try #require(tree.root["interrupt-parent"]?.u32)
    #expect(tree.node(phandle: controller)?["interrupt-controller"] == .empty)
    #expect(try DeviceTree(blob: tree.blob()) == tree)
  }
}
