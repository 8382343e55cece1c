public import CPUEngine
public import Devices
import Host
import Synchronization
import X86

/// The x86-64 board: the I/O ports of a PC and what answers there.
///
/// The interrupt controllers and the PIT are the engine's. A port where nothing answers reads all ones.
public final class PCBoard: Board {
  /// The devices on the port bus.
  enum Device: String, Sendable {
    case uart = "16550"
    case keyboardData = "i8042 data"
    case keyboardCommand = "i8042 command"
    case clock = "CMOS clock"
    case powerManagement = "ACPI power management"
    case resetControl = "reset control"
    case debugExit = "isa-debug-exit"
    case video = "VGA text"

    /// The line that it drives (ACPI 6.5, section 5.2.15, and the PC's own).
    var interrupt: UInt32? {
      switch self {
      case .keyboardData: 1
      case .uart: 4
      case .clock: 8
      case .powerManagement: 9
      case .keyboardCommand, .resetControl, .debugExit, .video: nil
      }
    }
  }

  /// All of the board's state, plain: copied out and put back it is the same board.
  public struct State: Equatable, Sendable {
    var uart = UART16550()
    var keyboard = I8042()
    var clock: CMOSClock
    var powerManagement = ACPIPowerManagement(softOffSleepType: ACPITables.softOffSleepType)
    var resetControl = ResetControl()
    var video = VGAText()
    /// What was typed and the UART had no room for yet.
    var typed: ArraySlice<UInt8> = []
    var lines = InterruptLines()
  }

  /// Memory below and above the hole under 4 GiB, in bytes, as the CMOS tells it.
  public struct MemorySize: Equatable, Sendable {
    let below4GiB: UInt64
    let above4GiB: UInt64

    /// Makes it of the two sizes in bytes.
    public init(below4GiB: UInt64, above4GiB: UInt64) {
      self.below4GiB = below4GiB
      self.above4GiB = above4GiB
    }
  }

  /// `pc`, as the design calls it.
  public let name = "pc"
  private let bus: Bus<Device>
  private let memorySize: MemorySize
  private let console: Console
  private let driveLine: @Sendable (UInt32, Bool) -> Void
  private let devices: Mutex<State>
  private let typingBacklog = TypingBacklog()
  /// Has the clock's interrupts come in time: it is set to the next one.
  private let clockAlarm = Alarm("cmos clock", clock: .realTime)
  /// Has the PM timer's interrupts come in time.
  private let powerAlarm = Alarm("pm timer", clock: .monotonic)

  /// Makes the board.
  ///
  /// - Parameters:
  ///   - memorySize: how much RAM the CMOS reports.
  ///   - console: where COM1 prints.
  ///   - driveLine: sets an ISA interrupt line; called whenever one changes, on the thread that changed it.
  /// - Throws: `BusError` where two devices claim a port.
  public init(
    memorySize: MemorySize, console: Console, driveLine: @escaping @Sendable (UInt32, Bool) -> Void
  ) throws(BusError) {
    self.memorySize = memorySize
    self.console = console
    self.driveLine = driveLine
    var bus = Bus<Device>()
    func attach(_ device: Device, _ port: UInt16, count: UInt64) throws(BusError) {
      try bus.attach(device, at: UInt64(port), count: count)
    }
    try attach(.keyboardData, PCPortLayout.keyboardData, count: 1)
    try attach(.keyboardCommand, PCPortLayout.keyboardCommand, count: 1)
    try attach(.clock, PCPortLayout.clock, count: CMOSClock.count)
    try attach(.debugExit, PCPortLayout.debugExit, count: 4)
    try attach(.uart, PCPortLayout.uart, count: UART16550.count)
    try attach(.powerManagement, PCPortLayout.powerManagement, count: ACPIPowerManagement.count)
    try attach(.resetControl, PCPortLayout.resetControl, count: 1)
    try bus.attach(.video, at: VGAText.firstPort, count: VGAText.count)
    self.bus = bus
    devices = Mutex(Self.powerOn(memorySize))
  }

  deinit {
    clockAlarm.cancel()
    powerAlarm.cancel()
  }

  private static func powerOn(_ memorySize: MemorySize) -> State {
    State(
      clock: CMOSClock(
        memoryBelow4GiB: memorySize.below4GiB, memoryAbove4GiB: memorySize.above4GiB, now: HostClock.realTime.now))
  }

  /// The devices' state; set while no CPU runs.
  public var state: State {
    get { devices.withLock { $0 } }
    set {
      devices.withLock {
        let lines = $0.lines
        $0 = newValue
        $0.lines = lines
        typingBacklog.update($0.typed.count)
        driveLines(&$0)
        setClockAlarm($0)
        setPowerAlarm($0)
      }
    }
  }

  // MARK: Board

  /// Performs an access to an I/O port; one where nothing answers reads all ones.
  public func port(_ access: BusAccess) -> StopReport.Cause? {
    guard let location = bus[access.address] else {
      if !access.isWrite { fillWithOnes(access.data) }
      return nil
    }
    return devices.withLock { state in
      var request: MachineRequest?
      for unit in 0..<access.count {
        let data = UnsafeMutableRawBufferPointer(rebasing: access.data[unit * access.size..<(unit + 1) * access.size])
        request = perform(access, data, at: location, &state) ?? request
      }
      driveLines(&state)
      feed(&state)
      switch location.device {
      case .clock: setClockAlarm(state)
      // Only a write changes what the timer interrupts for; the timer is read often.
      case .powerManagement where access.isWrite: setPowerAlarm(state)
      default: break
      }
      return request.map { .request($0) }
    }
  }

  /// Performs an access to a physical address without RAM, where no device is: reads give all ones.
  public func mmio(_ access: BusAccess) -> StopReport.Cause? {
    if !access.isWrite { fillWithOnes(access.data) }
    return nil
  }

  /// Every device that has ports.
  public var deviceFacts: [DeviceFacts] {
    let lines = devices.withLock { $0.lines }
    return bus.devices.map { device, addresses in
      DeviceFacts(
        name: device.rawValue, addresses: addresses, isOnPorts: true, interrupt: device.interrupt,
        isAsserted: device.interrupt.map { lines[$0] } ?? false)
    }
  }

  /// Puts every device back to the state after power-on.
  public func reset() { state = Self.powerOn(memorySize) }

  /// Types bytes on COM1; what its FIFO has no room for waits for the guest.
  public func type(_ bytes: [UInt8]) {
    devices.withLock {
      $0.typed.append(contentsOf: bytes)
      feed(&$0)
    }
  }

  /// Waits until at most `count` bytes of what was typed still wait for the guest.
  public func waitForTyping(leaving count: Int) { typingBacklog.wait(leaving: count) }

  // MARK: Dispatch

  /// Performs one unit of an access; one wider than a byte goes on to the ports after it, as on the ISA bus.
  private func perform(
    _ access: BusAccess, _ data: UnsafeMutableRawBufferPointer, at location: Bus<Device>.Location, _ state: inout State
  ) -> MachineRequest? {
    if location.device == .powerManagement {
      return managePower(access, data, at: location.offset, &state)
    }
    var request: MachineRequest?
    for lane in data.indices {
      let byteLocation = lane == 0 ? location : bus[access.address &+ UInt64(lane)]
      guard let byteLocation else {
        if !access.isWrite { data[lane] = 0xFF }
        continue
      }
      if access.isWrite {
        request = write(data[lane], to: byteLocation, &state) ?? request
      } else {
        data[lane] = read(byteLocation, &state)
      }
    }
    return request
  }

  private func managePower(
    _ access: BusAccess, _ data: UnsafeMutableRawBufferPointer, at offset: UInt64, _ state: inout State
  ) -> MachineRequest? {
    let now = HostClock.monotonic.now
    if access.isWrite {
      let value = data.indices.reduce(UInt32(0)) { $0 | UInt32(data[$1]) << UInt32(8 * ($1 & 3)) }
      return state.powerManagement.write(value, at: offset, size: data.count, now: now)
    }
    let value = state.powerManagement.read(at: offset, size: data.count, now: now)
    for lane in data.indices { data[lane] = UInt8(truncatingIfNeeded: value >> UInt32(8 * lane)) }
    return nil
  }

  private func read(_ location: Bus<Device>.Location, _ state: inout State) -> UInt8 {
    switch location.device {
    case .uart: state.uart.read(at: location.offset)
    case .keyboardData: state.keyboard.readData()
    case .keyboardCommand: state.keyboard.readStatus()
    case .clock: state.clock.read(at: location.offset, now: HostClock.realTime.now)
    case .resetControl: state.resetControl.read()
    case .video: state.video.read(at: location.offset)
    case .debugExit, .powerManagement: 0xFF
    }
  }

  private func write(_ value: UInt8, to location: Bus<Device>.Location, _ state: inout State) -> MachineRequest? {
    switch location.device {
    case .uart:
      if var byte = state.uart.write(value, at: location.offset) {
        withUnsafeBytes(of: &byte) { console.write($0) }
      }
      return nil
    case .keyboardData: return state.keyboard.writeData(value)
    case .keyboardCommand: return state.keyboard.writeCommand(value)
    case .clock:
      state.clock.write(value, at: location.offset, now: HostClock.realTime.now)
      return nil
    case .resetControl: return state.resetControl.write(value)
    case .debugExit: return location.offset == 0 ? DebugExit().write(UInt32(value)) : nil
    case .video:
      state.video.write(value, at: location.offset)
      return nil
    case .powerManagement: return nil
    }
  }

  /// Hands on what waits, after the lines were driven: an edge-triggered line must be seen low between two interrupts.
  private func feed(_ state: inout State) {
    while let byte = state.typed.first, state.uart.receive(byte) { state.typed.removeFirst() }
    typingBacklog.update(state.typed.count)
    state.keyboard.refill()
    driveLines(&state)
  }

  private func driveLines(_ state: inout State) {
    var lines = InterruptLines()
    func set(_ device: Device, _ isAsserted: Bool) {
      if let line = device.interrupt { lines[line] = isAsserted }
    }
    set(.keyboardData, state.keyboard.interruptRequest)
    set(.uart, state.uart.interruptRequest)
    set(.clock, state.clock.interruptRequest)
    set(.powerManagement, state.powerManagement.interruptRequest)
    state.lines.change(to: lines, driveLine)
  }

  /// Sets the alarm to the clock's next interrupt; one that is raised already waits for the guest alone.
  private func setClockAlarm(_ state: State) {
    let next = state.clock.interruptRequest ? nil : state.clock.nextInterrupt(after: HostClock.realTime.now)
    clockAlarm.set(next) { [weak self] in self?.raiseClockInterrupt() }
  }

  private func raiseClockInterrupt() {
    devices.withLock {
      $0.clock.advance(to: HostClock.realTime.now)
      driveLines(&$0)
      setClockAlarm($0)
    }
  }

  /// Sets the alarm to the PM timer's next interrupt.
  private func setPowerAlarm(_ state: State) {
    powerAlarm.set(state.powerManagement.nextInterrupt(after: HostClock.monotonic.now)) { [weak self] in
      self?.raisePowerInterrupt()
    }
  }

  private func raisePowerInterrupt() {
    devices.withLock {
      $0.powerManagement.advance(to: HostClock.monotonic.now)
      driveLines(&$0)
      setPowerAlarm($0)
    }
  }

  private func fillWithOnes(_ data: UnsafeMutableRawBufferPointer) {
    for index in data.indices { data[index] = 0xFF }
  }
}
