#if arch(x86_64)
  import CKVM
  import CPUEngine
  import SystemPackage
  import X86

  /// The CPUID leaves that the host's KVM can give a guest.
  enum SupportedCPUID {
    /// How many leaves are made room for: KVM's own maximum (KVM_MAX_CPUID_ENTRIES).
    private static let capacity = 256

    static func entries(of host: borrowing Descriptor) throws(EngineError) -> [CPUIDEntry] {
      var buffer = CPUIDBuffer(capacity: capacity)
      do throws(Errno) { try host.control(kKVM_GET_SUPPORTED_CPUID, &buffer.words) } catch {
        throw EngineError("KVM_GET_SUPPORTED_CPUID", error)
      }
      return buffer.entries
    }

    static func install(_ entries: [CPUIDEntry], on cpu: borrowing Descriptor) throws(EngineError) {
      var buffer = CPUIDBuffer(entries)
      do throws(Errno) { try cpu.control(kKVM_SET_CPUID2, &buffer.words) } catch {
        throw EngineError("the CPUID leaves chosen for the guest (KVM_SET_CPUID2)", error)
      }
    }
  }

  /// `struct kvm_cpuid2` in 32-bit words: the count, padding, and ten words an entry, three of them padding.
  private struct CPUIDBuffer {
    private static let headerCount = 2
    private static let entryCount = 10
    var words: [UInt32]

    init(capacity: Int) {
      words = [UInt32](repeating: 0, count: Self.headerCount + Self.entryCount * capacity)
      words[0] = UInt32(capacity)
    }

    init(_ entries: [CPUIDEntry]) {
      words = [UInt32(entries.count), 0]
      for entry in entries {
        words += [entry.function, entry.index, entry.flags, entry.eax, entry.ebx, entry.ecx, entry.edx, 0, 0, 0]
      }
    }

    var entries: [CPUIDEntry] {
      (0..<min(Int(words[0]), words.count / Self.entryCount)).map { index in
        let entry = words[(Self.headerCount + index * Self.entryCount)...].prefix(7).map { $0 }
        return CPUIDEntry(
          function: entry[0], index: entry[1], flags: entry[2], eax: entry[3], ebx: entry[4], ecx: entry[5],
          edx: entry[6])
      }
    }
  }
#endif
