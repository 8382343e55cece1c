// swift-tools-version: 6.2
import PackageDescription

/// The rules of the main package; this one stands alone so that the client measures servers only by their sockets.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "hvgdb-bench",
  targets: [
    .target(name: "CKVMHeader"),
    .executableTarget(name: "hvgdb-bench", dependencies: ["CKVMHeader"], swiftSettings: strict),
    .testTarget(name: "hvgdb-benchTests", dependencies: ["hvgdb-bench"], swiftSettings: strict),
  ]
)
