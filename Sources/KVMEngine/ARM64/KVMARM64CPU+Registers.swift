#if arch(arm64)
  import ARM64
  public import Architecture
  import Bits
  import CKVM
  public import CPUEngine
  import SystemPackage

  // Registers by the architecture's table: each ARM64Register has its name, or its place in one, towards KVM.
  extension KVMARM64CPU {
    /// Writes a register's value to the start of `buffer`.
    public func readRegister(
      _ index: RegisterIndex, into buffer: UnsafeMutableRawBufferPointer
    ) throws(EngineError) {
      guard let description = registerFile.table[index], buffer.count >= description.byteCount else {
        throw EngineError("a buffer of \(buffer.count) bytes does not fit register \(index.rawValue)")
      }
      let register = registerFile.registers[index.rawValue]
      let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<description.byteCount])
      if let name = longName(of: register) {
        try withLongRegister(name, register) { bytes throws(Errno) in
          try descriptor.read(name, into: bytes)
          target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<target.count]))
        }
      } else {
        let value = try integer(register)
        for offset in target.indices {
          target[offset] = offset < 8 ? UInt8(truncatingIfNeeded: value >> UInt64(8 * offset)) : 0
        }
      }
    }

    /// Sets a register in KVM.
    public func writeRegister(_ index: RegisterIndex, from bytes: UnsafeRawBufferPointer) throws(EngineError) {
      guard let description = registerFile.table[index], bytes.count >= description.byteCount else {
        throw EngineError("a value of \(bytes.count) bytes does not fit register \(index.rawValue)")
      }
      let register = registerFile.registers[index.rawValue]
      let source = UnsafeRawBufferPointer(rebasing: bytes[..<description.byteCount])
      if let name = longName(of: register) {
        try withLongRegister(name, register) { bytes throws(Errno) in
          // What the vector is shorter than KVM's register keeps its value.
          try descriptor.read(name, into: bytes)
          bytes.copyMemory(from: source)
          try descriptor.write(name, from: UnsafeRawBufferPointer(bytes))
        }
      } else {
        var value: UInt64 = 0
        for offset in 0..<min(8, source.count) { value |= UInt64(source[offset]) << UInt64(8 * offset) }
        try setInteger(register, value)
      }
    }

    /// Sets registers one after another; none of them depends on another one's value.
    public func setValues(_ values: [(RegisterIndex, UInt64)]) throws(EngineError) {
      for (index, value) in values { try setValue(value, of: index) }
    }

    // MARK: Vectors and predicates

    /// KVM's name of a register that is longer than 64 bits, or that SVE makes so.
    private func longName(of register: ARM64Register) -> OneRegister? {
      switch register {
      case .vector(let number): vectorLength == nil ? .vector(number) : .scalableVector(number)
      case .scalableVector(let number): .scalableVector(number)
      case .predicate(let number): .predicate(number)
      case .ffr: .firstFault
      default: nil
      }
    }

    private func withLongRegister(
      _ name: OneRegister, _ register: ARM64Register,
      _ body: (UnsafeMutableRawBufferPointer) throws(Errno) -> Void
    ) throws(EngineError) {
      let failure: Errno? = withUnsafeTemporaryAllocation(byteCount: name.byteCount, alignment: 16) { bytes in
        do throws(Errno) {
          try body(bytes)
          return nil
        } catch { return error }
      }
      if let failure { throw EngineError("register \(register)", failure) }
    }

    // MARK: Integers

    private func integer(_ register: ARM64Register) throws(EngineError) -> UInt64 {
      switch register {
      case .general(let number): return try value(of: .general(number))
      case .sp: return try value(of: try stackPointer)
      case .pc: return try value(of: .programCounter)
      case .pstate: return try value(of: .processState)
      case .fpsr: return try value(named: .floatingPointStatus, register)
      case .fpcr: return try value(named: .floatingPointControl, register)
      case .vg: return UInt64((vectorLength ?? 0) / 8)
      case .pointerMask(let mask):
        return PointerAuthentication(tcr: TCR(rawValue: try systemRegister(.tcrEL1))).value(mask)
      case .system(let register): return try systemRegister(register)
      case .vector, .scalableVector, .predicate, .ffr: throw EngineError("register \(register) is no integer")
      }
    }

    private func setInteger(_ register: ARM64Register, _ value: UInt64) throws(EngineError) {
      switch register {
      case .general(let number): try setValue(value, of: .general(number))
      case .sp: try setValue(value, of: try stackPointer)
      case .pc: try setValue(value, of: .programCounter)
      case .pstate:
        // The register table has the low half alone.
        var state = try self.value(of: .processState)
        state[bits: 0...31] = value
        try setValue(state, of: .processState)
      case .fpsr: try setValue(value, named: .floatingPointStatus, register)
      case .fpcr: try setValue(value, named: .floatingPointControl, register)
      case .system(let register): try setSystemRegister(register, value)
      case .vg, .pointerMask:
        // A client that puts all registers back sets these to what they are.
        guard try integer(register) == value else {
          throw EngineError("register \(register) follows from others and cannot be set")
        }
      case .vector, .scalableVector, .predicate, .ffr: throw EngineError("register \(register) is no integer")
      }
    }

    /// The stack pointer that PSTATE selects.
    private var stackPointer: CoreRegisters.Name {
      get throws(EngineError) {
        let mode = PSTATE(rawValue: try value(of: .processState)).mode
        return mode?.usesOwnStackPointer == true ? .stackPointer1 : .stackPointer0
      }
    }

    // MARK: By KVM's names

    func value(of name: CoreRegisters.Name) throws(EngineError) -> UInt64 {
      if let value = core[name] { return value }
      let value = try named("KVM_GET_ONE_REG of \(name)") { () throws(Errno) in try descriptor.value(of: name.register)
      }
      core[name] = value
      return value
    }

    func setValue(_ value: UInt64, of name: CoreRegisters.Name) throws(EngineError) {
      core[name] = nil
      try named("KVM_SET_ONE_REG of \(name)") { () throws(Errno) in try descriptor.setValue(value, of: name.register) }
      core[name] = value
    }

    /// A system register's value.
    func systemRegister(_ register: SystemRegister) throws(EngineError) -> UInt64 {
      try value(named: OneRegister(register), .system(register))
    }

    /// Sets a system register.
    func setSystemRegister(_ register: SystemRegister, _ value: UInt64) throws(EngineError) {
      try setValue(value, named: OneRegister(register), .system(register))
      // It may be one that KVM keeps with the general ones, or one that translates.
      forget()
    }

    private func value(named name: OneRegister, _ register: ARM64Register) throws(EngineError) -> UInt64 {
      do throws(Errno) { return try descriptor.value(of: name) } catch {
        throw EngineError("KVM does not tell \(register.spelling): \(error)")
      }
    }

    private func setValue(_ value: UInt64, named name: OneRegister, _ register: ARM64Register) throws(EngineError) {
      do throws(Errno) { try descriptor.setValue(value, of: name) } catch {
        throw EngineError("KVM refuses 0x\(String(value, radix: 16)) in \(register.spelling): \(error)")
      }
    }
  }

  extension ARM64Register {
    /// The register's name in a sentence.
    fileprivate var spelling: String {
      if case .system(let register) = self { "\(register)" } else { "\(self)" }
    }
  }
#endif
