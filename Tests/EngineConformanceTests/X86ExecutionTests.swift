#if arch(x86_64)
  import Bits
  import CPUEngine
  import Dispatch
  import GuestMemory
  import KVMEngine
  import Synchronization
  import Testing
  import X86

  @testable import HVGDBCommand

  /// What only x86-64 does: I/O ports, triple faults, INIT and SIPI.
  @Suite("x86-64 execution", .needsX86Engine)
  struct X86ExecutionTests {
    @Test("port accesses of every size bring and take their bytes")
    func ports() throws {
      let guest = try X86Guest([
        0xEE,  // out dx, al
        0x66, 0xEF,  // out dx, ax
        0xEF,  // out dx, eax
        0xEC,  // in al, dx
        0x66, 0xED,  // in ax, dx
        0xED,  // in eax, dx
        0xEB, 0xFE,  // jmp to itself
      ])
      try guest.set(.general(.rdx), 0x5678)
      try guest.set(.general(.rax), 0x4433_2211)
      for size in [1, 2, 4] {
        let access = try port(guest)
        #expect(access.isWrite && access.address == 0x5678 && access.size == size && access.count == 1)
        #expect(Array(access.data) == Array([0x11, 0x22, 0x33, 0x44].prefix(size)))
      }
      for (size, expected) in [(1, 0x4433_2291), (2, 0x4433_9291), (4, 0x9493_9291)] as [(Int, UInt64)] {
        let access = try port(guest)
        #expect(!access.isWrite && access.address == 0x5678 && access.size == size)
        for offset in 0..<size { access.data[offset] = UInt8(0x91 + offset) }
        _ = try guest.cpu.settle()
        #expect(try guest[.general(.rax)] == expected)
      }
    }

    @Test("a repeated output brings all its units in order")
    func repeatedOutput() throws {
      let guest = try X86Guest([0xF3, 0x6E, 0xEB, 0xFE])  // rep outsb; jmp to itself
      let text = Array("hypervisor".utf8)
      guest.write(text, at: 0x20_0000)
      try guest.set([(.general(.rsi), 0x20_0000), (.general(.rcx), UInt64(text.count)), (.general(.rdx), 0xE9)])
      var brought: [UInt8] = []
      while brought.count < text.count {
        let access = try port(guest)
        #expect(access.isWrite && access.size == 1 && access.data.count == access.count)
        brought += Array(access.data)
      }
      #expect(brought == text)
      _ = try guest.cpu.settle()
      // The instruction may still be at its end, with nothing left to do.
      _ = try guest.session.stepped()
      #expect(try guest[.general(.rcx)] == 0)
    }

    @Test("steps over port accesses end behind them")
    func portSteps() throws {
      let guest = try X86Guest([0xEE, 0xEC, 0xE6, 0x80, 0xEB, 0xFE])  // out dx, al; in al, dx; out 0x80, al; jmp
      try guest.set(.general(.rdx), 0x5678)
      var control = DebugControl()
      control.singleStep = true
      try guest.cpu.setDebug(control)
      for end in [1, 2, 4] as [UInt64] {
        _ = try port(guest)
        guard case .debug(let event) = try guest.session.exit() else {
          Issue.record("the step did not end at offset \(end)")
          return
        }
        #expect(event == DebugEvent(programCounter: guest.session.kit.address(end), isSingleStep: true))
      }
    }

    @Test("a triple fault is a failure of its own, with registers that can be read")
    func tripleFault() throws {
      let guest = try X86Guest([0x48, 0xFF, 0xC3, 0x0F, 0x0B])  // inc rbx; ud2
      // No exception can be delivered.
      try guest.set(.tableLimit(.idtr), 0)
      guard case .failure(.tripleFault) = try guest.session.exit() else {
        Issue.record("no triple fault")
        return
      }
      // VMX keeps the state; AMD's processors leave it undefined at a shutdown, so that KVM makes it INIT's (APM volume 2, 15.14.3).
      let isInitialized = try guest[.rip] == 0xFFF0
      #expect(try isInitialized || guest[.rip] == guest.session.kit.address(3).rawValue)
      #expect(try isInitialized || guest[.general(.rbx)] == 1)
    }

    @Test("a machine goes on after a triple fault when it is reset")
    func resetAfterTripleFault() throws {
      let guest = try X86Guest([0x0F, 0x0B])  // ud2
      try guest.set(.tableLimit(.idtr), 0)
      _ = try guest.session.exit()
      try guest.machine.reset()
      _ = try guest.session.kit.load(.counting, into: guest.machine, on: guest.cpu, privilege: .kernel)
      #expect(try guest.session.stepped().programCounter == guest.session.address(1))
    }

    @Test("the handler of the guest's INT3 finds the address behind it")
    func returnAddress() throws {
      let guest = try X86Guest([0xCC, 0xEB, 0xFE])  // int3; jmp to itself
      _ = try guest.session.rung()
      _ = try guest.cpu.settle()
      let stack = GuestPhysical(try guest[.general(.rsp)])
      #expect(guest.machine.memory.load(at: stack, as: UInt64.self) == guest.session.kit.address(1).rawValue)
    }

    @Test("INIT and SIPI start a CPU, and each stops by its own kick")
    func secondCPU() throws {
      let guest = try X86Guest(
        [
          0xBF, 0x00, 0x00, 0xE0, 0xFE,  // mov edi, 0xfee00000: the local APIC
          0xC7, 0x87, 0xF0, 0x00, 0x00, 0x00, 0xFF, 0x01, 0x00, 0x00,  // mov dword [rdi + 0xf0], 0x1ff: software enable
          0xC7, 0x87, 0x10, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,  // mov dword [rdi + 0x310], 1 << 24: APIC 1
          0xC7, 0x87, 0x00, 0x03, 0x00, 0x00, 0x00, 0x45, 0x00, 0x00,  // mov dword [rdi + 0x300], 0x4500: INIT
          0xC7, 0x87, 0x00, 0x03, 0x00, 0x00, 0x08, 0x46, 0x00, 0x00,  // mov dword [rdi + 0x300], 0x4608: SIPI, 0x8000
          0x48, 0x89, 0x1E,  // mov [rsi], rbx
          0xEB, 0xFE,  // jmp to itself
        ], cpuCount: 2)
      guest.write([0x43, 0xEB, 0xFD], at: 0x8000)  // inc bx; jmp back
      let other = guest.machine.cpus[1]
      #expect(guest.cpu.activity == .running)
      #expect(other.activity == .waitingForStartup)

      let runner = Runner(other)
      _ = try guest.session.rung()
      let counter = try guest.index(.general(.rbx))
      // The guest on CPU 0 has no part in it any more; CPU 1 gets its time now.
      var count: UInt64 = 0
      for _ in 0..<1000 where count == 0 {
        pause(microseconds: 1000)
        count = try runner.whileStopped { try $0.value(of: counter) }
      }
      #expect(count > 0)
      #expect(runner.whileStopped { $0.activity } == .running)
      let code = try runner.whileStopped { try $0.value(of: guest.index(.base(.cs))) }
      #expect(code == 0x8000)
      runner.end()
      // CPU 0 has not moved while CPU 1 ran.
      #expect(try guest[.rip] < guest.session.kit.entry.rawValue + 0x50)
    }

    private func port(_ guest: X86Guest) throws -> BusAccess {
      let exit = try guest.session.exit()
      guard case .port(let access) = exit else { throw UnexpectedExit(exit) }
      return access
    }
  }

  /// Runs a CPU on a thread of its own until somebody wants to look at it.
  private final class Runner: Sendable {
    private enum Wish { case run, stop, end }

    private let cpu: any VirtualCPU
    private let wish = Mutex(Wish.run)
    private let stopped = DispatchSemaphore(value: 0)
    private let resumed = DispatchSemaphore(value: 0)

    init(_ cpu: any VirtualCPU) {
      self.cpu = cpu
      inBackground { [self] in
        while true {
          guard case .interrupted? = try? cpu.run() else { continue }
          let wish = wish.withLock { $0 }
          guard wish != .run else { continue }
          stopped.signal()
          if wish == .end { return }
          resumed.wait()
        }
      }
    }

    /// Has the CPU stopped while `body` looks at it.
    func whileStopped<Value>(_ body: (any VirtualCPU) throws -> Value) rethrows -> Value {
      ask(for: .stop)
      defer {
        wish.withLock { $0 = .run }
        resumed.signal()
      }
      return try body(cpu)
    }

    /// Stops the CPU for good.
    func end() { ask(for: .end) }

    private func ask(for wanted: Wish) {
      wish.withLock { $0 = wanted }
      cpu.kick()
      stopped.wait()
    }
  }
#endif
