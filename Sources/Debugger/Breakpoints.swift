import Architecture
import Bits
import CPUEngine
import GDBRemote
import GuestMemory

/// What the client has set, and where it is while the guest runs.
///
/// While the machine is stopped guest memory holds none of our instructions: they are placed when it goes on and taken
/// out when it stops. So no read ever shows one, a client that vanishes leaves nothing behind, and what the guest wrote
/// over one is seen at the next stop.
struct Breakpoints {
  /// A watchpoint as the client set it.
  struct Watch: Equatable {
    let kind: WatchKind
    let address: GuestVirtual
    let count: UInt64
  }

  /// A place that the guest is to be met at although the client has set no breakpoint there.
  struct Milestone: Equatable {
    let place: GuestPhysical
    /// The instruction there, without which the place means nothing any more; empty where it is not known.
    var instruction: [UInt8] = []
  }

  /// A breakpoint instruction in guest memory.
  private struct Placed {
    /// Where the client has set it; nil where it has not.
    let address: GuestVirtual?
    let physical: GuestPhysical
    let original: [UInt8]
    /// What stands there in its place.
    let ours: [UInt8]
  }

  /// How many breakpoints in memory a client may have: each costs at every stop.
  static let limit = 10_000

  /// The addresses of `Z0`, in the order in which they were set.
  private(set) var software: [GuestVirtual] = []
  /// The addresses of `Z1`.
  private(set) var hardware: [GuestVirtual] = []
  private(set) var watches: [Watch] = []
  /// The address space that a breakpoint is limited to, by its address.
  private var spaces: [GuestVirtual: GuestPhysical] = [:]

  /// The `Z0` that have neither a debug register nor, so far, a page to be placed in.
  private(set) var pending: [GuestVirtual] = []
  /// The watch that each of the debug registers' watchpoints belongs to.
  private var owners: [Watch] = []
  private var placed: [Placed] = []
  /// The places of the last placement's instructions; they are told until the next one.
  private var occupied: Set<GuestPhysical> = []
  /// Those of them that are meant whatever address they are met at.
  private var bound: Set<GuestPhysical> = []
  private let instruction: [UInt8]

  init(instruction: [UInt8]) { self.instruction = instruction }

  var isEmpty: Bool { software.isEmpty && hardware.isEmpty && watches.isEmpty }

  mutating func insert(software address: GuestVirtual) {
    if !software.contains(address) { software.append(address) }
  }

  mutating func insert(hardware address: GuestVirtual) {
    if !hardware.contains(address) { hardware.append(address) }
  }

  mutating func insert(_ watch: Watch) {
    if !watches.contains(watch) { watches.append(watch) }
  }

  mutating func remove(software address: GuestVirtual) { software.removeAll { $0 == address } }
  mutating func remove(hardware address: GuestVirtual) { hardware.removeAll { $0 == address } }
  mutating func remove(_ watch: Watch) { watches.removeAll { $0 == watch } }

  /// Removes breakpoints and watchpoints; limits are kept for those that come.
  mutating func removeAll() {
    software = []
    hardware = []
    watches = []
  }

  /// Has breakpoints at an address stop the guest in one address space alone, or in any again.
  mutating func limit(_ address: GuestVirtual, to space: GuestPhysical?) { spaces[address] = space }

  mutating func removeLimits() { spaces = [:] }

  /// The address space that breakpoints at an address are limited to; nil for none.
  func space(of address: GuestVirtual) -> GuestPhysical? { spaces[address] }

  /// What the client calls a breakpoint at an address, or nil where it has none.
  func reason(at address: GuestVirtual) -> StopEvent.Reason? {
    if software.contains(address) { return .softwareBreakpoint }
    return hardware.contains(address) ? .hardwareBreakpoint : nil
  }

  /// The watch that a debug register of the last placement belongs to; nil where the client has taken it away since.
  func watch(ofRegister index: Int) -> Watch? {
    guard owners.indices.contains(index), watches.contains(owners[index]) else { return nil }
    return owners[index]
  }

  /// Whether one of the last placement's instructions stood at a place.
  func hadInstruction(at place: GuestPhysical) -> Bool { occupied.contains(place) }

  /// Whether it stood there for the place's sake, and is hit at any address.
  func hadBoundInstruction(at place: GuestPhysical) -> Bool { bound.contains(place) }

  // MARK: Placement

  /// Fills the debug registers and puts instructions into memory for what does not fit into them.
  ///
  /// - Parameters:
  ///   - registers: how many the CPUs have.
  ///   - pieces: the debug registers that a watch needs; none where the debugger compares by itself.
  ///   - isBound: whether the code at an address will be executed at other addresses too: a debug register would miss
  ///     it there, an instruction in its place does not.
  ///   - milestones: places that are to be met although the client knows nothing of them.
  ///   - translate: a virtual address's place, or nil where no page is.
  ///   - machine: the machine in whose memory the instructions go.
  /// - Returns: what every CPU's debug hardware is to do.
  mutating func place(
    in registers: DebugRegisters, pieces: (Watch) -> [HardwareWatchpoint], isBound: (GuestVirtual) -> Bool,
    milestones: [Milestone], translate: (GuestVirtual) -> GuestPhysical?, _ machine: any VirtualMachine
  ) -> DebugControl {
    var control = placeWatches(pieces)
    control.breakpoints = hardware
    var free = registers.freeBreakpoints(besides: control.breakpoints.count, control.watchpoints.count)

    pending = []
    for address in software + hardware where isBound(address) {
      guard let place = translate(address), putInstruction(at: address, place, machine) else { continue }
      bound.insert(place)
    }
    for milestone in milestones {
      _ = putInstruction(at: nil, milestone.place, over: milestone.instruction, machine)
    }
    var inMemory = software.filter { !hardware.contains($0) && !isBound($0) }
    if inMemory.count > free {
      // A register needs no page: those without one come first.
      let isMapped = inMemory.map { translate($0) != nil }
      let unmapped = zip(inMemory, isMapped).filter { !$0.1 }
      inMemory = (unmapped + zip(inMemory, isMapped).filter { $0.1 }).map(\.0)
    }
    for address in inMemory {
      if free > 0 {
        control.breakpoints.append(address)
        free -= 1
      } else if translate(address).map({ putInstruction(at: address, $0, machine) }) != true {
        pending.append(address)
      }
    }
    control.trapsSoftwareBreakpoints = !placed.isEmpty
    return control
  }

  /// Fills the debug registers with the watches alone: no breakpoint is in force.
  ///
  /// - Parameter pieces: the debug registers that a watch needs; none where the debugger compares by itself.
  /// - Returns: what every CPU's debug hardware is to do.
  mutating func placeWatches(_ pieces: (Watch) -> [HardwareWatchpoint]) -> DebugControl {
    var control = DebugControl()
    occupied = []
    bound = []
    owners = []
    for watch in watches {
      for piece in pieces(watch) {
        control.watchpoints.append(piece)
        owners.append(watch)
      }
    }
    return control
  }

  private mutating func putInstruction(
    at address: GuestVirtual?, _ physical: GuestPhysical, over expected: [UInt8] = [], _ machine: any VirtualMachine
  ) -> Bool {
    let ours = instruction + expected.dropFirst(instruction.count)
    guard let bytes = machine.memory.bytes(at: physical), bytes.count >= ours.count else { return false }
    // Two virtual addresses may be one place, where our instruction stands already.
    guard !occupied.contains(physical) else { return true }
    let original = Array(bytes[..<ours.count])
    guard original.starts(with: expected) else { return false }
    occupied.insert(physical)
    ours.withUnsafeBytes { machine.patchMemory(at: physical, from: $0) }
    placed.append(Placed(address: address, physical: physical, original: original, ours: ours))
    return true
  }

  /// How long the guest may run before its breakpoints are looked after, in nanoseconds; nil for ever.
  ///
  /// The page of a pending one may come at any time, and is left without its breakpoint for a millisecond at most. One in
  /// memory may be written over: a kernel patches its own code.
  var restTime: UInt64? { !pending.isEmpty ? 1_000_000 : placed.isEmpty ? nil : 10_000_000 }

  /// Whether placing all anew may do good: a breakpoint is pending, or was written over.
  func wantsPlacing(in memory: GuestRAM) -> Bool {
    !pending.isEmpty || placed.contains { !isIntact($0, memory) }
  }

  private func isIntact(_ place: Placed, _ memory: GuestRAM) -> Bool {
    guard let bytes = memory.bytes(at: place.physical), bytes.count >= place.ours.count else { return true }
    return bytes.starts(with: place.ours)
  }

  /// Takes all instructions out of memory.
  ///
  /// - Returns: the client's addresses where the guest had written over ours; what it wrote stays.
  mutating func takeOut(of machine: any VirtualMachine) -> [GuestVirtual] {
    var overwritten: [GuestVirtual] = []
    for place in placed.reversed() {
      if isIntact(place, machine.memory) {
        place.original.withUnsafeBytes { machine.patchMemory(at: place.physical, from: $0) }
      } else if let address = place.address {
        overwritten.append(address)
      }
    }
    placed = []
    return overwritten
  }
}

extension DebugRegisters {
  /// How many breakpoints more fit.
  func freeBreakpoints(besides breakpoints: Int, _ watchpoints: Int) -> Int {
    switch self {
    case .shared(let count): max(0, count - breakpoints - watchpoints)
    case .separate(let count, _): max(0, count - breakpoints)
    case .unlimited: .max
    }
  }

  /// Whether that many fit together.
  func fits(breakpoints: Int, watchpoints: Int) -> Bool {
    switch self {
    case .shared(let count): breakpoints + watchpoints <= count
    case .separate(let breakpointCount, let watchpointCount):
      breakpoints <= breakpointCount && watchpoints <= watchpointCount
    case .unlimited: true
    }
  }
}
