import Bits
public import CPUEngine
public import Devices
import Synchronization

/// The arm64 board: a PL011, a PL031 and, in the engine, a GIC.
///
/// An address where nothing answers reads zero and takes writes without effect.
public final class VirtBoard: Board {
  /// The devices on the bus.
  enum Device: String, Sendable {
    case uart = "PL011"
    case clock = "PL031"
  }

  /// All of the board's state, plain: copied out and put back it is the same board.
  public struct State: Equatable, Sendable {
    var uart = PL011.setUpByFirmware(clock: VirtMemoryMap.peripheralClock)
    var clock: PL031
    /// What was typed and the UART had no room for yet.
    var typed: ArraySlice<UInt8> = []
    var lines = InterruptLines()
  }

  /// `virt`, as the design calls it.
  public let name = "virt"
  private let bus: Bus<Device>
  private let console: Console
  private let stopsAtUnmapped: Bool
  private let reports: AccessReports
  private let driveLine: @Sendable (UInt32, Bool) -> Void
  private let devices: Mutex<State>
  private let typingBacklog = TypingBacklog()
  /// What was typed and waits for its turn, in bytes.
  private let announced = Mutex(0)
  private let announceTyping: (@Sendable ([UInt8]) -> Void)?
  /// The PL031's time; its alarm is set to the next interrupt.
  private let time: any GuestClock

  /// Makes the board.
  ///
  /// - Parameters:
  ///   - console: where the PL011 prints.
  ///   - strictMMIO: whether an access where nothing is stops the machine.
  ///   - clock: the time that the PL031 goes by; nil for the host's.
  ///   - announceTyping: has bytes that were typed be given to `receive` at a time of its own; nil for at once.
  ///   - report: takes a line about an access to what is not there, once for each page or register.
  ///   - driveLine: sets the line of an SPI; called whenever one changes, on the thread that changed it.
  /// - Throws: `BusError` where two devices claim an address.
  public init(
    console: Console, strictMMIO: Bool = false, clock: (any GuestClock)? = nil,
    announceTyping: (@Sendable ([UInt8]) -> Void)? = nil, report: @escaping @Sendable (String) -> Void,
    driveLine: @escaping @Sendable (UInt32, Bool) -> Void
  ) throws(BusError) {
    self.console = console
    self.driveLine = driveLine
    self.announceTyping = announceTyping
    time = clock ?? HostGuestClock("pl031")
    stopsAtUnmapped = strictMMIO
    reports = AccessReports(report)
    var bus = Bus<Device>()
    try bus.attach(.uart, at: VirtMemoryMap.uart.start.rawValue, count: VirtMemoryMap.uart.count)
    try bus.attach(.clock, at: VirtMemoryMap.clock.start.rawValue, count: VirtMemoryMap.clock.count)
    self.bus = bus
    devices = Mutex(State(clock: PL031(now: time.now)))
  }

  deinit { time.cancelAlarm() }

  private func powerOn() -> State { State(clock: PL031(now: time.now)) }

  /// The devices' state; set while no CPU runs.
  public var state: State {
    get { devices.withLock { $0 } }
    set {
      devices.withLock {
        let lines = $0.lines
        $0 = newValue
        $0.lines = lines
        noteBacklog($0)
        driveLines(&$0)
        setClockAlarm($0)
      }
    }
  }

  // MARK: Board

  /// Performs an access to an I/O port, which no arm64 CPU has: reads give zeros.
  public func port(_ access: BusAccess) -> StopReport.Cause? {
    if !access.isWrite { access.fillWithZeros() }
    return nil
  }

  /// Performs an access to a physical address without RAM.
  public func mmio(_ access: BusAccess) -> StopReport.Cause? {
    guard let location = bus[access.address] else { return performUnmapped(access) }
    devices.withLock { state in
      if access.isWrite {
        access.writeToRegisters(at: location.offset) { write($0, to: location.device, at: $1, &state) }
      } else {
        access.fillFromRegisters(at: location.offset) { read(location.device, at: $0, &state) }
      }
      switch location.device {
      case .uart: exchange(&state)
      case .clock: setClockAlarm(state)
      }
      driveLines(&state)
    }
    return nil
  }

  /// The PL011 and the PL031.
  public var deviceFacts: [DeviceFacts] {
    let lines = devices.withLock { $0.lines }
    return bus.devices.map { device, addresses in
      let line = device == .uart ? VirtInterrupt.uart : VirtInterrupt.clock
      return DeviceFacts(
        name: device.rawValue, addresses: addresses, isOnPorts: false, interrupt: line, isAsserted: lines[line])
    }
  }

  /// Puts every device back to the state after power-on.
  public func reset() { state = powerOn() }

  /// Types bytes on the PL011; what its FIFO has no room for waits for the guest.
  public func type(_ bytes: [UInt8]) {
    guard let announceTyping else { return receive(bytes) }
    announced.withLock { $0 += bytes.count }
    devices.withLock { noteBacklog($0) }
    announceTyping(bytes)
  }

  /// Takes bytes that were announced.
  public func receive(_ bytes: [UInt8]) {
    announced.withLock { $0 = max(0, $0 - bytes.count) }
    devices.withLock {
      $0.typed.append(contentsOf: bytes)
      exchange(&$0)
      driveLines(&$0)
    }
  }

  /// Waits until at most `count` bytes of what was typed still wait for the guest.
  public func waitForTyping(leaving count: Int) { typingBacklog.wait(leaving: count) }

  // MARK: Dispatch

  private func read(_ device: Device, at offset: UInt64, _ state: inout State) -> UInt32 {
    let value =
      switch device {
      case .uart: state.uart.read(at: offset)
      case .clock: state.clock.read(at: offset, now: time.now)
      }
    if value == nil { reports.noteUnknownRegister(of: device, at: offset, isWrite: false) }
    return value ?? 0
  }

  private func write(_ value: UInt32, to device: Device, at offset: UInt64, _ state: inout State) {
    let isKnown =
      switch device {
      case .uart: state.uart.write(value, at: offset)
      case .clock: state.clock.write(value, at: offset, now: time.now)
      }
    if !isKnown { reports.noteUnknownRegister(of: device, at: offset, isWrite: true) }
  }

  private func performUnmapped(_ access: BusAccess) -> StopReport.Cause? {
    if !access.isWrite { access.fillWithZeros() }
    let facts = UnmappedAccess(
      address: GuestPhysical(access.address), size: access.size, isWrite: access.isWrite)
    if stopsAtUnmapped { return .unmapped(facts) }
    reports.noteUnmapped(facts)
    return nil
  }

  /// Prints what the UART sends and hands on what was typed, as far as there is room.
  private func exchange(_ state: inout State) {
    while var byte = state.uart.send() { withUnsafeBytes(of: &byte) { console.write($0) } }
    while let byte = state.typed.first, state.uart.receive(byte) { state.typed.removeFirst() }
    noteBacklog(state)
    // The line is silent now, either for want of bytes or for want of room.
    state.uart.noteIdleInput()
  }

  private func noteBacklog(_ state: State) { typingBacklog.update(state.typed.count + announced.withLock { $0 }) }

  private func driveLines(_ state: inout State) {
    var lines = InterruptLines()
    lines[VirtInterrupt.uart] = state.uart.interruptRequest
    lines[VirtInterrupt.clock] = state.clock.interruptRequest
    state.lines.change(to: lines, driveLine)
  }

  /// Sets the alarm to the clock's next interrupt; one that is raised already waits for the guest alone.
  private func setClockAlarm(_ state: State) {
    let next = state.clock.interruptRequest ? nil : state.clock.nextInterrupt(after: time.now)
    time.setAlarm(next) { [weak self] in self?.raiseClockInterrupt() }
  }

  private func raiseClockInterrupt() {
    devices.withLock {
      $0.clock.advance(to: time.now)
      driveLines(&$0)
      setClockAlarm($0)
    }
  }
}
