import CKVMHeader
import Glibc

/// The yardstick: how fast this host's KVM steps, with nothing around it but one `KVM_GET_REGS` after each step.
///
/// The guest is one vCPU in real mode in the `StepLoop`, with no devices and no interrupt controller.
final class RawKVM {
  private static let memorySize = 64 << 10
  private static let loopStart: UInt64 = 0x8000

  private let descriptors: (system: CInt, machine: CInt, cpu: CInt)
  private let memory: UnsafeMutableRawPointer
  private let run: UnsafeMutablePointer<kvm_run>
  private let runSize: Int
  private var registers = kvm_regs()

  init() throws(BenchmarkError) {
    let system = open("/dev/kvm", O_RDWR | O_CLOEXEC)
    guard system >= 0 else { throw .system("/dev/kvm") }
    let machine = ioctl(system, kKVM_CREATE_VM, 0)
    // Intel's VMX wants three pages for real mode, anywhere the guest has nothing else (KVM API, 4.35).
    guard machine >= 0, ioctl(machine, kKVM_SET_TSS_ADDR, 0xf_d000) == 0 else { throw .system("KVM_CREATE_VM") }
    let cpu = ioctl(machine, kKVM_CREATE_VCPU, 0)
    guard cpu >= 0 else { throw .system("KVM_CREATE_VCPU") }
    descriptors = (system, machine, cpu)

    runSize = Int(ioctl(system, kKVM_GET_VCPU_MMAP_SIZE, 0))
    memory = try Self.map(Self.memorySize, MAP_PRIVATE | MAP_ANONYMOUS, -1)
    run = try Self.map(runSize, MAP_SHARED, cpu).assumingMemoryBound(to: kvm_run.self)
    try prepare()
  }

  /// Steps `count` times.
  func step(_ count: Int) throws(BenchmarkError) {
    for _ in 0..<count {
      guard ioctl(descriptors.cpu, kKVM_RUN, 0) == 0, run.pointee.exit_reason == UInt32(KVM_EXIT_DEBUG) else {
        throw BenchmarkError("KVM_RUN left a step by exit \(run.pointee.exit_reason)")
      }
      try control(kKVM_GET_REGS, &registers)
    }
  }

  /// Whether the guest is where so many steps lead.
  func isWhere(steps: Int) -> Bool { registers.rip == Self.loopStart + StepLoop.offset(afterSteps: steps) }

  private func prepare() throws(BenchmarkError) {
    memory.advanced(by: Int(Self.loopStart)).copyMemory(from: StepLoop.code, byteCount: StepLoop.code.count)
    var region = kvm_userspace_memory_region()
    region.memory_size = UInt64(Self.memorySize)
    region.userspace_addr = UInt64(UInt(bitPattern: memory))
    guard ioctl(descriptors.machine, kKVM_SET_USER_MEMORY_REGION, &region) == 0 else {
      throw .system("KVM_SET_USER_MEMORY_REGION")
    }
    var segments = kvm_sregs()
    try control(kKVM_GET_SREGS, &segments)
    segments.cs.base = 0
    segments.cs.selector = 0
    try control(kKVM_SET_SREGS, &segments)
    registers.rip = Self.loopStart
    registers.rflags = 2
    try control(kKVM_SET_REGS, &registers)
    var debug = kvm_guest_debug()
    debug.control = UInt32(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP)
    try control(kKVM_SET_GUEST_DEBUG, &debug)
  }

  private func control<Argument: BitwiseCopyable>(_ request: UInt, _ argument: inout Argument) throws(BenchmarkError) {
    guard ioctl(descriptors.cpu, request, &argument) == 0 else { throw .system("a vCPU ioctl") }
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
    close(descriptors.cpu)
    close(descriptors.machine)
    close(descriptors.system)
  }
}
