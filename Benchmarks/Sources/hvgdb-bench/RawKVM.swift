import CLinux
import Glibc

/// The yardstick: how fast this host's KVM is, with nothing around it.
///
/// The guest is one vCPU in the `StepLoop`, without address translation, devices or an interrupt controller. What is the
/// architecture's own of it is in a file for each, so that the same measures run on every host.
final class RawKVM {
  static let loopStart: UInt64 = 0x8000
  private static let memorySize = 64 << 10

  let machine: CInt
  let cpu: CInt
  private let system: CInt
  private let memory: UnsafeMutableRawPointer
  private let run: UnsafeMutablePointer<kvm_run>
  private let runSize: Int
  /// The program counter at the last stop.
  private var programCounter = loopStart

  init() throws(BenchmarkError) {
    system = open("/dev/kvm", O_RDWR | O_CLOEXEC)
    guard system >= 0 else { throw .system("/dev/kvm") }
    machine = ioctl(system, kKVM_CREATE_VM, 0)
    guard machine >= 0 else { throw .system("KVM_CREATE_VM") }
    try Self.prepare(machine: machine)
    cpu = ioctl(machine, kKVM_CREATE_VCPU, 0)
    guard cpu >= 0 else { throw .system("KVM_CREATE_VCPU") }

    runSize = Int(ioctl(system, kKVM_GET_VCPU_MMAP_SIZE, 0))
    memory = try Self.map(Self.memorySize, MAP_PRIVATE | MAP_ANONYMOUS, -1)
    run = try Self.map(runSize, MAP_SHARED, cpu).assumingMemoryBound(to: kvm_run.self)
    try fillMemory()
    try enterLoop()
  }

  /// Has the guest stop after each instruction.
  func trapSteps() throws(BenchmarkError) {
    var debug = kvm_guest_debug()
    debug.control = UInt32(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP)
    try control(kKVM_SET_GUEST_DEBUG, &debug)
  }

  /// Has the guest stop at the loop's start, by a hardware breakpoint.
  func trapBreakpoint() throws(BenchmarkError) {
    var debug = kvm_guest_debug()
    debug.control = UInt32(KVM_GUESTDBG_ENABLE) | Self.breakpointControl
    Self.setBreakpoint(at: Self.loopStart, in: &debug)
    try control(kKVM_SET_GUEST_DEBUG, &debug)
  }

  /// Runs until the guest stops, and looks where.
  func resume() throws(BenchmarkError) {
    guard ioctl(cpu, kKVM_RUN, 0) == 0, run.pointee.exit_reason == UInt32(KVM_EXIT_DEBUG) else {
      throw BenchmarkError("KVM_RUN left the loop by exit \(run.pointee.exit_reason)")
    }
    programCounter = try readProgramCounter()
  }

  /// Whether the guest is where so many steps from the loop's start lead.
  func isWhere(steps: Int) -> Bool {
    programCounter == Self.loopStart + Architecture.host.stepLoop.offset(afterSteps: steps)
  }

  /// A request to the vCPU.
  func control<Argument: BitwiseCopyable>(_ request: UInt, _ argument: inout Argument) throws(BenchmarkError) {
    guard ioctl(cpu, request, &argument) == 0 else { throw .system("a vCPU ioctl") }
  }

  private func fillMemory() throws(BenchmarkError) {
    let code = Architecture.host.stepLoop.code
    memory.advanced(by: Int(Self.loopStart)).copyMemory(from: code, byteCount: code.count)
    var region = kvm_userspace_memory_region()
    region.memory_size = UInt64(Self.memorySize)
    region.userspace_addr = UInt64(UInt(bitPattern: memory))
    guard ioctl(machine, kKVM_SET_USER_MEMORY_REGION, &region) == 0 else {
      throw .system("KVM_SET_USER_MEMORY_REGION")
    }
  }

  private static func map(
    _ size: Int, _ flags: CInt, _ descriptor: CInt
  ) throws(BenchmarkError)
    -> UnsafeMutableRawPointer
  {
    // SAFETY: a new mapping, unmapped only by its owner.
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, flags, descriptor, 0), base != MAP_FAILED else {
      throw .system("mmap")
    }
    return base
  }

  deinit {
    // SAFETY: the owner ends its own mappings, and no pointer into them leaves it.
    munmap(run, runSize)
    munmap(memory, Self.memorySize)
    close(cpu)
    close(machine)
    close(system)
  }
}
