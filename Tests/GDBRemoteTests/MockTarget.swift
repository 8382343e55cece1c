import Architecture
import GDBRemote

/// A target with memory that has holes, registers that cannot be read, and every capability.
final class MockTarget: DebugTarget {
  /// Registers: four of 64 bits, of which the third cannot be read, one of 32 and one of 128 beyond the `g` packet.
  static let table = RegisterTable(
    gdbArchitecture: "i386:x86-64",
    features: [
      RegisterFeature(
        name: "org.example.core",
        types: [.flags(id: "example_flags", byteCount: 4, fields: [("IF", 9...9, nil), ("IOPL", 12...13, nil)])],
        registers: [
          RegisterDescription(name: "r0", bitWidth: 64, type: "int64"),
          RegisterDescription(name: "sp", bitWidth: 64, type: "data_ptr"),
          RegisterDescription(name: "hidden", bitWidth: 64, type: "int64"),
          RegisterDescription(name: "pc", bitWidth: 64, type: "code_ptr"),
          RegisterDescription(name: "flags", bitWidth: 32, type: "example_flags"),
        ]),
      RegisterFeature(
        name: "org.example.vector",
        types: [
          .vector(id: "v4f", element: "ieee_single", count: 4),
          .union(id: "vec", fields: [("v4_float", "v4f"), ("uint128", "uint128")]),
        ],
        registers: [
          RegisterDescription(name: "v<0>", bitWidth: 128, type: "vec", group: "vector", isSavedAroundCalls: false)
        ]),
    ],
    generalCount: 5, expedited: ["pc", "hidden", "sp"], programCounter: "pc", stackPointer: "sp")

  var registers: RegisterTable { Self.table }
  var threads = [ThreadID(1), ThreadID(2), ThreadID(10)]
  var currentThread = ThreadID(1)
  var lastStop = StopEvent(thread: ThreadID(1), signal: .trap)

  /// The values of thread 1; other threads' first byte has the thread's number added.
  var values: [[UInt8]] = [
    [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [],
    [0x00, 0x10, 0, 0, 0, 0, 0, 0],
    [0x02, 0x02, 0, 0],
    [UInt8](repeating: 0xff, count: 16),
  ]

  /// Memory: 128 KiB at 0x10000, and 4 KiB behind a hole.
  static let low = 0x1_0000
  static let high = 0x4_0000
  var lowMemory = [UInt8](repeating: 0, count: 0x2_0000)
  var highMemory = [UInt8](repeating: 0, count: 0x1000)

  var usesPhysicalAddresses = false
  var inserted: [String] = []
  var lastWriter: ThreadID?
  /// The registers that were set, in order.
  var written: [Int] = []
  var hasCapabilities = true
  var capabilities = MockCapabilities()
  var monitorText = "done\n"

  var breakpoints: (any BreakpointTarget)? { hasCapabilities ? self : nil }
  var physicalMemory: (any PhysicalMemoryTarget)? { hasCapabilities ? self : nil }
  var monitor: (any MonitorTarget)? { hasCapabilities ? self : nil }

  func describe(_ thread: ThreadID) -> String { "CPU \(thread.rawValue - 1) [\"ring 0\" & <idle>]" }

  func readRegister(_ index: RegisterIndex, of thread: ThreadID, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    let value = values[index.rawValue]
    if value.isEmpty { return false }
    buffer.copyBytes(from: value)
    buffer[0] &+= UInt8(thread.rawValue - 1)
    return true
  }

  func writeRegister(
    _ index: RegisterIndex, of thread: ThreadID, from bytes: UnsafeRawBufferPointer
  ) throws(TargetError) {
    if values[index.rawValue].isEmpty { throw .failed("hidden cannot be written") }
    values[index.rawValue] = Array(bytes)
    written.append(index.rawValue)
    lastWriter = thread
  }

  /// The bytes of memory from an address to the end of their stretch.
  private func stretch(at address: UInt64) throws(TargetError) -> (isLow: Bool, range: Range<Int>) {
    if let offset = Int(exactly: address).map({ $0 - Self.low }), lowMemory.indices.contains(offset) {
      return (true, offset..<lowMemory.count)
    }
    if let offset = Int(exactly: address).map({ $0 - Self.high }), highMemory.indices.contains(offset) {
      return (false, offset..<highMemory.count)
    }
    throw .unreachable("nothing is at #\(address)")
  }

  func readMemory(
    at address: UInt64, of thread: ThreadID, into buffer: UnsafeMutableRawBufferPointer
  ) throws(TargetError) -> Int {
    let (isLow, range) = try stretch(at: address)
    let count = min(buffer.count, range.count)
    buffer.copyBytes(from: (isLow ? lowMemory : highMemory)[range].prefix(count))
    return count
  }

  func writeMemory(at address: UInt64, of thread: ThreadID, from bytes: UnsafeRawBufferPointer) throws(TargetError) {
    let (isLow, range) = try stretch(at: address)
    guard bytes.count <= range.count else { throw .unreachable("the end is not there") }
    let target = range.lowerBound..<range.lowerBound + bytes.count
    if isLow { lowMemory.replaceSubrange(target, with: bytes) } else { highMemory.replaceSubrange(target, with: bytes) }
    lastWriter = thread
  }
}

extension MockTarget: BreakpointTarget, PhysicalMemoryTarget, MonitorTarget {
  func insertBreakpoint(
    _ kind: BreakpointKind, at address: UInt64, length: UInt64, of thread: ThreadID
  ) throws(TargetError) {
    if inserted.count == 4 { throw .exhausted("all four are in use") }
    inserted.append("\(kind) \(address) \(length) \(thread.rawValue)")
  }

  func removeBreakpoint(
    _ kind: BreakpointKind, at address: UInt64, length: UInt64, of thread: ThreadID
  ) throws(TargetError) {
    inserted.removeAll { $0 == "\(kind) \(address) \(length) \(thread.rawValue)" }
  }

  func removeAllBreakpoints() { inserted.removeAll() }

  func monitor(_ command: String, of thread: ThreadID) throws(TargetError) -> MonitorReply {
    switch command {
    case "quit": return MonitorReply("bye\n", endsSession: true)
    case "echo": return MonitorReply(monitorText)
    default: throw .invalid("there is no command \(command)")
    }
  }
}
