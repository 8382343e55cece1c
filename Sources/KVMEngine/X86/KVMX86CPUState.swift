#if arch(x86_64)
  import CKVM
  import CPUEngine
  import SystemPackage

  /// All of a CPU's state as KVM tells it, to be put back exactly.
  struct KVMX86CPUState {
    /// A structure of KVM's: the request that sets it and its bytes, in the order in which KVM wants them set.
    private var structures: [(request: UInt, bytes: [UInt8])] = []
    private var msrs: MSRBuffer

    /// Copies it out.
    init(of cpu: borrowing Descriptor, msrs indexes: [UInt32]) throws(EngineError) {
      let requests: [(get: UInt, set: UInt, count: Int)] = [
        (kKVM_GET_SREGS, kKVM_SET_SREGS, MemoryLayout<kvm_sregs>.size),
        (kKVM_GET_XSAVE, kKVM_SET_XSAVE, MemoryLayout<kvm_xsave>.size),
        (kKVM_GET_XCRS, kKVM_SET_XCRS, MemoryLayout<kvm_xcrs>.size),
        (kKVM_GET_REGS, kKVM_SET_REGS, MemoryLayout<kvm_regs>.size),
        (kKVM_GET_LAPIC, kKVM_SET_LAPIC, MemoryLayout<kvm_lapic_state>.size),
        (kKVM_GET_DEBUGREGS, kKVM_SET_DEBUGREGS, MemoryLayout<kvm_debugregs>.size),
        (kKVM_GET_VCPU_EVENTS, kKVM_SET_VCPU_EVENTS, MemoryLayout<kvm_vcpu_events>.size),
        (kKVM_GET_MP_STATE, kKVM_SET_MP_STATE, MemoryLayout<kvm_mp_state>.size),
      ]
      for request in requests {
        structures.append((request.set, try Self.get(request.get, request.count, from: cpu)))
      }
      msrs = MSRBuffer(indexes)
      msrs.load(from: cpu)
    }

    /// Puts it back.
    func restore(to cpu: borrowing Descriptor) throws(EngineError) {
      for structure in structures { try Self.set(structure.request, structure.bytes, on: cpu) }
      msrs.store(to: cpu)
    }

    private static func get(
      _ request: UInt, _ count: Int, from cpu: borrowing Descriptor
    ) throws(EngineError) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      try control(request, &bytes, on: cpu, "to tell a CPU's state")
      return bytes
    }

    private static func set(_ request: UInt, _ bytes: [UInt8], on cpu: borrowing Descriptor) throws(EngineError) {
      var bytes = bytes
      try control(request, &bytes, on: cpu, "to set a CPU's state")
    }

    private static func control(
      _ request: UInt, _ bytes: inout [UInt8], on cpu: borrowing Descriptor, _ purpose: String
    ) throws(EngineError) {
      do throws(Errno) { try cpu.control(request, &bytes) } catch { throw EngineError(purpose, error) }
    }
  }

  /// Model-specific registers with their values.
  struct MSRBuffer {
    private var indexes: [UInt32]
    private var values: [UInt64]

    init(_ indexes: [UInt32]) {
      self.indexes = indexes
      values = [UInt64](repeating: 0, count: indexes.count)
    }

    /// Reads them all; those that the host lists but will not read are dropped.
    mutating func load(from cpu: borrowing Descriptor) {
      var kept: [UInt32] = []
      var read: [UInt64] = []
      for index in indexes {
        guard let value = Self.read(index, from: cpu) else { continue }
        kept.append(index)
        read.append(value)
      }
      indexes = kept
      values = read
    }

    /// Writes them all; one that the host will not write keeps its value.
    func store(to cpu: borrowing Descriptor) {
      for (index, value) in zip(indexes, values) { _ = Self.write(value, to: index, on: cpu) }
    }

    /// A register's value, or nil where the host does not tell it.
    static func read(_ index: UInt32, from cpu: borrowing Descriptor) -> UInt64? {
      var message = Message(index: index, value: 0)
      guard (try? cpu.control(kKVM_GET_MSRS, &message)) == 1 else { return nil }
      return message.value
    }

    /// Sets a register; false where the host refuses the register or the value.
    static func write(_ value: UInt64, to index: UInt32, on cpu: borrowing Descriptor) -> Bool {
      var message = Message(index: index, value: value)
      return (try? cpu.control(kKVM_SET_MSRS, &message)) == 1
    }

    /// `struct kvm_msrs` with one entry.
    private struct Message: BitwiseCopyable {
      var count: UInt32 = 1
      var padding: UInt32 = 0
      var index: UInt32
      var reserved: UInt32 = 0
      var value: UInt64

      init(index: UInt32, value: UInt64) {
        self.index = index
        self.value = value
      }
    }
  }

  extension MSRBuffer {
    /// The MSRs that the host saves and restores (KVM_GET_MSR_INDEX_LIST).
    static func supported(by host: KVMHost) throws(EngineError) -> [UInt32] {
      // The first call, with room for none, fails with E2BIG and says how many there are.
      var buffer: [UInt32] = [0]
      _ = try? host.descriptor.control(kKVM_GET_MSR_INDEX_LIST, &buffer)
      buffer = [buffer[0]] + [UInt32](repeating: 0, count: Int(buffer[0]))
      do throws(Errno) { try host.descriptor.control(kKVM_GET_MSR_INDEX_LIST, &buffer) } catch {
        throw EngineError("KVM_GET_MSR_INDEX_LIST", error)
      }
      return Array(buffer.dropFirst())
    }
  }
#endif
