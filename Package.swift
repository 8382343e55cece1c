// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same rules; `.treatAllWarnings` keeps the build free of warnings.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// What has the software CPU's handlers be one function each that ends in a jump; without it they are right, and slower.
let handlers: [SwiftSetting] = {
  var options = [
    // Where like functions are merged into one with another parameter, jumps would be calls.
    "-Xfrontend", "-disable-llvm-merge-functions-pass",
    // SwiftPM keeps frame pointers; handlers, which call nothing, need none.
    "-Xcc", "-momit-leaf-frame-pointer",
  ]
  #if compiler(>=6.3)
    // The function of C that a slot points to would jump to the closure's body unless that is small.
    options += ["-Xllvm", "-sil-inline-trivial-function-threshold=120"]
  #endif
  return [.unsafeFlags(options)]
}()

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

/// A target of the architecture in Docs/Architecture.md; the arrows there are the dependencies here.
func component(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of a target; with `fixtures` they read files in their directory `Fixtures`.
func tests(_ name: String, _ dependencies: [Target.Dependency], fixtures: Bool = false) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: fixtures ? ["Fixtures"] : [], swiftSettings: strict)
}

let package = Package(
  name: "hvgdb",
  products: [
    .executable(name: "hvgdb", targets: ["hvgdb"]),
    .library(name: "GDBRemote", targets: ["GDBRemote"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
  ],
  targets: [
    .target(name: "CKVM"),
    .target(name: "CLinux"),
    .systemLibrary(
      name: "CCompression",
      providers: [
        .apt(["zlib1g-dev", "liblzma-dev", "libbz2-dev", "liblz4-dev", "libzstd-dev"])
      ]),

    component("Bits"),
    .target(
      name: "SoftFloat", dependencies: ["Bits"], swiftSettings: strict,
      // fma, on hosts whose baseline has no instruction for it.
      linkerSettings: [.linkedLibrary("m")]),
    component("Host", ["CLinux"]),
    component("Architecture", ["Bits"]),
    component("GDBRemote", ["Architecture"]),
    component("DeviceTree"),
    component("KernelImage", ["Bits", "Architecture", "CCompression", systemPackage]),
    component("KernelSymbols", ["Bits", "Architecture"]),
    component("GuestMemory", ["Bits", systemPackage]),
    component("X86", ["Bits", "Architecture"]),
    component("ARM64", ["Bits", "Architecture", "SoftFloat"]),
    component("CPUEngine", ["Bits", "Architecture", "GuestMemory"]),
    component(
      "KVMEngine",
      ["CPUEngine", "CKVM", "Host", "ARM64", "X86", "Bits", "Architecture", "GuestMemory", systemPackage]),
    component("Devices", ["Bits"]),
    .target(
      name: "SoftEngine",
      dependencies: ["CPUEngine", "ARM64", "Bits", "Architecture", "GuestMemory", "Devices", "Host", "SoftFloat"],
      swiftSettings: strict + handlers),
    component(
      "Machine",
      [
        "Bits", "Architecture", "Host", "DeviceTree", "GuestMemory", "ARM64", "X86", "CPUEngine", "Devices",
        "KernelImage",
      ]),
    component(
      "Debugger",
      [
        "Bits", "Architecture", "Host", "GDBRemote", "DeviceTree", "GuestMemory", "ARM64", "X86", "CPUEngine",
        "Devices", "Machine", "KernelImage", "KernelSymbols",
      ]),
    component(
      "HVGDBCommand",
      [
        "Bits", "Architecture", "Host", "GDBRemote", "DeviceTree", "KernelImage", "GuestMemory", "ARM64", "X86",
        "CPUEngine", "KVMEngine", "SoftEngine", "Devices", "Machine", "Debugger", "CLinux", argumentParser, logging,
        systemPackage,
      ]),
    .executableTarget(name: "hvgdb", dependencies: ["HVGDBCommand", argumentParser], swiftSettings: strict),

    tests("BitsTests", ["Bits"]),
    tests("SoftFloatTests", ["SoftFloat"], fixtures: true),
    tests("GDBRemoteTests", ["GDBRemote", "Architecture"]),
    tests("DeviceTreeTests", ["DeviceTree"]),
    tests("KernelImageTests", ["KernelImage", "Bits", "Architecture", "CCompression"]),
    tests("KernelSymbolsTests", ["KernelSymbols", "KernelImage", "Bits", "Architecture"]),
    tests("GuestMemoryTests", ["GuestMemory", "Bits"]),
    tests("X86Tests", ["X86", "Bits", "Architecture"]),
    tests("ARM64Tests", ["ARM64", "Bits", "Architecture", "GDBRemote"]),
    tests("DevicesTests", ["Devices"]),
    tests(
      "SoftEngineTests",
      ["SoftEngine", "CPUEngine", "ARM64", "Devices", "Host", "GuestMemory", "Bits", "Architecture"], fixtures: true),
    tests(
      "MachineTests",
      [
        "Machine", "Host", "CPUEngine", "DeviceTree", "Devices", "KernelImage", "GuestMemory", "Bits", "Architecture",
        "X86",
      ]),
    tests(
      "DebuggerTests",
      [
        "Debugger", "Machine", "Host", "CPUEngine", "Devices", "GDBRemote", "DeviceTree", "GuestMemory", "KernelImage",
        "KernelSymbols", "Bits", "Architecture", "ARM64", "X86",
      ]),
    tests(
      "HVGDBCommandTests",
      [
        "HVGDBCommand", "Architecture", "Host", "CPUEngine", "KVMEngine", "SoftEngine", "Machine", "GuestMemory",
        "Bits",
        argumentParser, logging, systemPackage,
      ]),
    tests(
      "EngineConformanceTests",
      [
        "HVGDBCommand", "Machine", "Host", "CPUEngine", "KVMEngine", "SoftEngine", "GuestMemory", "Bits",
        "Architecture", "X86", "ARM64",
      ]),
    tests("EndToEndTests", ["Architecture", "KernelSymbols", "KernelImage", "Bits"], fixtures: true),
  ]
)
