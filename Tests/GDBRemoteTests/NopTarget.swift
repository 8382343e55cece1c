import Architecture
import GDBRemote

/// A CPU that knows one instruction, `nop`, with the registers that gdb expects of an x86-64 CPU.
final class NopTarget: DebugTarget, BreakpointTarget, MonitorTarget {
  private static func described(
    _ names: [String], bitWidth: Int = 64, type: String, group: String? = nil
  ) -> [RegisterDescription] {
    names.map { RegisterDescription(name: $0, bitWidth: bitWidth, type: type, group: group) }
  }

  private static let core = [
    described(["rax", "rbx", "rcx", "rdx", "rsi", "rdi"], type: "int64"),
    described(["rbp", "rsp"], type: "data_ptr"),
    described((8..<16).map { "r\($0)" }, type: "int64"),
    described(["rip"], type: "code_ptr"),
    described(["eflags"], bitWidth: 32, type: "example_flags"),
    described(["cs", "ss", "ds", "es", "fs", "gs"], bitWidth: 32, type: "int32"),
    described((0..<8).map { "st\($0)" }, bitWidth: 80, type: "i387_ext"),
    described(
      ["fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"], bitWidth: 32, type: "int",
      group: "float"),
  ].flatMap { $0 }

  let registers = RegisterTable(
    gdbArchitecture: "i386:x86-64",
    features: [
      RegisterFeature(
        name: "org.gnu.gdb.i386.core",
        types: [
          .flags(
            id: "example_flags", byteCount: 4, fields: [("CF", 0...0, nil), ("IF", 9...9, nil), ("IOPL", 12...13, nil)])
        ],
        registers: core),
      RegisterFeature(
        name: "org.example.system",
        types: [
          .vector(id: "bytes", element: "uint8", count: 8),
          .union(id: "control", fields: [("whole", "uint64"), ("bytes", "bytes")]),
        ],
        registers: [
          RegisterDescription(
            name: "control", bitWidth: 64, type: "control", group: "system", isSavedAroundCalls: false),
          RegisterDescription(name: "unknown", bitWidth: 64, type: "uint64", group: "system"),
        ]),
    ],
    generalCount: 24, expedited: ["rip", "rsp"], programCounter: "rip", stackPointer: "rsp")

  let threads = [ThreadID(1), ThreadID(2)]
  var currentThread: ThreadID { lastStop.thread }
  var lastStop = StopEvent(thread: ThreadID(1), signal: .trap)
  private var values: [RegisterIndex: [UInt8]] = [:]
  private var memory = [UInt8](repeating: 0x90, count: 0x1_0000)
  private var addresses: [UInt64] = []
  private var programCounter: UInt64 = 0x1000

  var breakpoints: (any BreakpointTarget)? { self }
  var physicalMemory: (any PhysicalMemoryTarget)? { nil }
  var monitor: (any MonitorTarget)? { self }

  var followsLibraries = false
  /// Whether the CPU executes a program with symbols, whose library moves when the CPU comes to `movingAddress`.
  private let hasProgram: Bool
  private static let movingAddress: UInt64 = 0x1080
  private static let libraryAddresses: ClosedRange<UInt64> = 0x4000...0x5000
  private var libraryAddress = libraryAddresses.lowerBound
  private var arguments: [String] = []
  private let readme: [UInt8] = Array("read me: #$}*\n".utf8)

  init(hasProgram: Bool = false) { self.hasProgram = hasProgram }

  func describe(_ thread: ThreadID) -> String { "CPU \(thread.rawValue - 1) <ring 0>" }

  func readRegister(_ index: RegisterIndex, of thread: ThreadID, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    if index == registers.index(named: "unknown") { return false }
    if index == registers.programCounter {
      buffer.storeBytes(of: programCounter, as: UInt64.self)
    } else {
      buffer.copyBytes(from: values[index] ?? [UInt8](repeating: 0, count: buffer.count))
    }
    return true
  }

  func writeRegister(
    _ index: RegisterIndex, of thread: ThreadID, from bytes: UnsafeRawBufferPointer
  ) throws(TargetError) {
    values[index] = Array(bytes)
    if index == registers.programCounter { programCounter = bytes.loadUnaligned(as: UInt64.self) }
  }

  func readMemory(
    at address: UInt64, of thread: ThreadID, into buffer: UnsafeMutableRawBufferPointer
  ) throws(TargetError) -> Int {
    guard address < memory.count else { throw .unreachable("nothing is there") }
    let bytes = memory[Int(address)...].prefix(buffer.count)
    buffer.copyBytes(from: bytes)
    return bytes.count
  }

  func writeMemory(at address: UInt64, of thread: ThreadID, from bytes: UnsafeRawBufferPointer) throws(TargetError) {
    guard address <= memory.count - bytes.count else { throw .unreachable("nothing is there") }
    memory.replaceSubrange(Int(address)..<Int(address) + bytes.count, with: bytes)
  }

  func insertBreakpoint(
    _ kind: BreakpointKind, at address: UInt64, length: UInt64, of thread: ThreadID
  ) throws(TargetError) { addresses.append(address) }

  func removeBreakpoint(
    _ kind: BreakpointKind, at address: UInt64, length: UInt64, of thread: ThreadID
  ) throws(TargetError) { addresses.removeAll { $0 == address } }

  func removeAllBreakpoints() { addresses = [] }

  func monitor(_ command: String, of thread: ThreadID) throws(TargetError) -> MonitorReply {
    MonitorReply(command == "arguments" ? "\(arguments)\n" : "you said \(command)\n")
  }

  /// Runs, and stops after a step of any thread, at a breakpoint or where memory ends.
  func run(_ request: ResumeRequest) -> StopEvent {
    while programCounter < memory.count {
      programCounter += 1
      for thread in threads {
        switch request.action(for: thread) {
        case .step: return stop(StopEvent(thread: thread, signal: .trap))
        case .rangeStep(let range) where !range.contains(programCounter):
          return stop(StopEvent(thread: thread, signal: .trap))
        case .resume, .rangeStep, nil: break
        }
      }
      if hasProgram, followsLibraries, programCounter == Self.movingAddress {
        libraryAddress = Self.libraryAddresses.upperBound
        return stop(StopEvent(thread: ThreadID(1), signal: .trap, reason: .librariesChanged))
      }
      if addresses.contains(programCounter) {
        return stop(StopEvent(thread: ThreadID(1), signal: .trap, reason: .softwareBreakpoint))
      }
    }
    return stop(StopEvent(thread: ThreadID(1), signal: .segmentation))
  }

  func stop(_ event: StopEvent) -> StopEvent {
    lastStop = event
    return event
  }
}

extension NopTarget: FileTarget, LibraryTarget, MemoryMapTarget, OSDataTarget, RestartTarget {
  var files: (any FileTarget)? { self }
  var libraries: (any LibraryTarget)? { self }
  var memoryMap: (any MemoryMapTarget)? { self }
  var osData: (any OSDataTarget)? { self }
  var restarting: (any RestartTarget)? { self }

  var executable: String? { hasProgram ? "/nop/program" : nil }

  func file(at path: String) throws(TargetError) -> TargetFile? { bytes(of: path).map { TargetFile($0) } }

  private func bytes(of path: String) -> [UInt8]? {
    switch path {
    case "/readme": readme
    case "/nop/program" where hasProgram: SmallELF(function: "nop_program", address: 0x1000).bytes
    case "/nop/library" where hasProgram, "/nop/./library" where hasProgram:
      SmallELF(function: "nop_library", address: 0x10_0000).bytes
    default: nil
    }
  }

  var loadedLibraries: [Library] {
    // Moved, a library needs another name, or gdb takes it for the one that it knows.
    let name = libraryAddress == Self.libraryAddresses.lowerBound ? "/nop/library" : "/nop/./library"
    return [Library(name: name, placement: .segments([libraryAddress]))]
  }

  var memoryRegions: [MemoryRegion] {
    [
      MemoryRegion(.ram, 0...0x2fff), MemoryRegion(.rom, 0x3000...0x3fff),
      MemoryRegion(.ram, 0x4000 ... .max),
    ]
  }

  var osDataTypes: [OSDataType] { [OSDataType(name: "cpus", description: "All <CPUs>", title: "CPUs")] }

  func osDataTable(_ name: String) throws(TargetError) -> OSDataTable? {
    name == "cpus" ? OSDataTable(columns: ["CPU", "State"], rows: [["0", "nops"], ["1", "<nops>"]]) : nil
  }

  func restart(arguments: [String]?) throws(TargetError) {
    self.arguments = arguments ?? self.arguments
    programCounter = 0x1000
    lastStop = StopEvent(thread: ThreadID(1), signal: .trap)
  }
}
