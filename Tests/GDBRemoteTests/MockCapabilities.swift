import GDBRemote

/// What the mock has beyond memory, registers and breakpoints, as plain data.
struct MockCapabilities {
  var executable: String? = "/kernel"
  var files: [String: [UInt8]] = ["/kernel": Array("#$}*ELF".utf8), "/empty": []]
  /// Files that are there and cannot be had.
  var damaged: Set<String> = ["/damaged"]
  var libraries: [Library] = []
  var followsLibraries = false
  var regions: [MemoryRegion] = []
  var tables: [String: OSDataTable] = [:]
  /// The arguments of each restart.
  var restarts: [[String]?] = []
  var refusesRestart = false
}

extension MockTarget: FileTarget, LibraryTarget, MemoryMapTarget, OSDataTarget, RestartTarget {
  var files: (any FileTarget)? { hasCapabilities ? self : nil }
  var libraries: (any LibraryTarget)? { hasCapabilities ? self : nil }
  var memoryMap: (any MemoryMapTarget)? { hasCapabilities ? self : nil }
  var osData: (any OSDataTarget)? { hasCapabilities ? self : nil }
  var restarting: (any RestartTarget)? { hasCapabilities ? self : nil }

  var executable: String? { capabilities.executable }

  func file(at path: String) throws(TargetError) -> TargetFile? {
    if capabilities.damaged.contains(path) { throw .failed("\(path) is damaged") }
    return capabilities.files[path].map { TargetFile($0) }
  }

  var loadedLibraries: [Library] { capabilities.libraries }

  var followsLibraries: Bool {
    get { capabilities.followsLibraries }
    set { capabilities.followsLibraries = newValue }
  }

  var memoryRegions: [MemoryRegion] { capabilities.regions }

  var osDataTypes: [OSDataType] {
    capabilities.tables.keys.sorted().map { OSDataType(name: $0, description: "All <\($0)>", title: $0.uppercased()) }
  }

  func osDataTable(_ name: String) throws(TargetError) -> OSDataTable? {
    if capabilities.damaged.contains(name) { throw .failed("\(name) is damaged") }
    return capabilities.tables[name]
  }

  func restart(arguments: [String]?) throws(TargetError) {
    capabilities.restarts.append(arguments)
    if capabilities.refusesRestart { throw .failed("the kernel is gone") }
    lastStop = StopEvent(thread: ThreadID(1), signal: .trap)
  }
}
