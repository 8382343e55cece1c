#if arch(arm64)
  import Bits
  import CKVM
  import CPUEngine
  import SystemPackage

  /// The versions of the Generic Interrupt Controller that KVM has.
  public enum GICVersion: Int, Sendable {
    case v2 = 2
    case v3 = 3

    var deviceType: UInt32 {
      switch self {
      case .v2: KVM_DEV_TYPE_ARM_VGIC_V2.rawValue
      case .v3: KVM_DEV_TYPE_ARM_VGIC_V3.rawValue
      }
    }
  }

  /// KVM's interrupt controller of one machine (Documentation/virt/kvm/devices/arm-vgic-v3.rst and arm-vgic.rst).
  struct GICDevice: ~Copyable {
    let version: GICVersion
    private let descriptor: Descriptor

    /// How many interrupts it has, those of CPUs among them.
    static let interruptCount: UInt32 = 128
    /// The number of the first shared peripheral interrupt.
    static let firstSharedInterrupt: UInt32 = 32

    /// Makes the newest one that the host has.
    ///
    /// - Parameter machine: the virtual machine's descriptor.
    /// - Throws: one sentence where the host has none.
    init(in machine: borrowing Descriptor) throws(EngineError) {
      for version in [GICVersion.v3, .v2] {
        var request = kvm_create_device()
        request.type = version.deviceType
        guard (try? machine.control(kKVM_CREATE_DEVICE, &request)) != nil else { continue }
        self.version = version
        descriptor = Descriptor(owning: CInt(bitPattern: request.fd))
        return
      }
      throw KVMHost.noGIC
    }

    /// Places it and turns it on; the CPUs must be there by now.
    func initialize(at placement: GICPlacement) throws(EngineError) {
      do throws(Errno) {
        switch version {
        case .v3:
          try set(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, placement.distributor.rawValue)
          try set(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, placement.redistributors.rawValue)
        case .v2:
          try set(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_DIST, placement.distributor.rawValue)
          try set(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V2_ADDR_TYPE_CPU, placement.cpuInterface.rawValue)
        }
        try set(KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, Self.interruptCount)
        var attribute = kvm_device_attr()
        attribute.group = UInt32(KVM_DEV_ARM_VGIC_GRP_CTRL)
        attribute.attr = UInt64(KVM_DEV_ARM_VGIC_CTRL_INIT)
        try descriptor.control(kKVM_SET_DEVICE_ATTR, &attribute)
      } catch {
        throw EngineError("to set up the interrupt controller", error)
      }
    }

    private func set<Value: BitwiseCopyable>(_ group: Int32, _ number: Int32, _ value: Value) throws(Errno) {
      try set(group: UInt32(group), UInt64(number), value)
    }

    // MARK: Registers

    /// Reads an attribute of a group; `initial` gives its length.
    func get<Value: BitwiseCopyable>(group: UInt32, _ number: UInt64, _ initial: Value) throws(Errno) -> Value {
      var value = initial
      var attribute = kvm_device_attr()
      attribute.group = group
      attribute.attr = number
      // SAFETY: the value lives across the call, and its type is the one that the group's attributes have.
      try withUnsafeMutablePointer(to: &value) { pointer throws(Errno) in
        attribute.addr = UInt64(UInt(bitPattern: pointer))
        try descriptor.control(kKVM_GET_DEVICE_ATTR, &attribute)
      }
      return value
    }

    /// Sets an attribute of a group.
    func set<Value: BitwiseCopyable>(group: UInt32, _ number: UInt64, _ value: Value) throws(Errno) {
      var value = value
      var attribute = kvm_device_attr()
      attribute.group = group
      attribute.attr = number
      // SAFETY: as for reading.
      try withUnsafeMutablePointer(to: &value) { pointer throws(Errno) in
        attribute.addr = UInt64(UInt(bitPattern: pointer))
        try descriptor.control(kKVM_SET_DEVICE_ATTR, &attribute)
      }
    }
  }
#endif
