import Architecture
import CKVM
public import CPUEngine
import Glibc
import SystemPackage

/// The host's KVM: `/dev/kvm`, opened.
public final class KVMHost: Sendable {
  let descriptor: Descriptor
  /// The length of a vCPU's shared page with its tails.
  let runPageCount: Int

  /// Opens the device.
  ///
  /// - Throws: one sentence that says what is missing and what to do about it.
  public init(path: String = "/dev/kvm") throws(EngineError) {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.explanation(of: Errno(rawValue: errno), path, on: .host) }
    self.descriptor = Descriptor(owning: descriptor)
    let version: CInt
    do throws(Errno) {
      version = try self.descriptor.control(kKVM_GET_API_VERSION)
      runPageCount = Int(try self.descriptor.control(kKVM_GET_VCPU_MMAP_SIZE))
    } catch {
      throw EngineError("\(path) is not KVM: \(error)")
    }
    guard version == KVM_API_VERSION else {
      throw EngineError("\(path) speaks version \(version) of KVM's interface; version \(KVM_API_VERSION) is needed")
    }
    guard runPageCount >= MemoryLayout<kvm_run>.size else {
      throw EngineError(
        "\(path) shares only \(runPageCount) bytes of a virtual CPU's state: the host's kernel is too old")
    }
  }

  /// The answer to a capability: 0 where the host does not have it.
  public func check(_ capability: Int32) -> Int {
    Int((try? descriptor.control(kKVM_CHECK_EXTENSION, UInt(capability))) ?? 0)
  }

  /// Checks that arm64 guests get an interrupt controller (KVM_CAP_IRQCHIP), without which no kernel runs.
  ///
  /// - Throws: one sentence where they get none.
  public func requireGIC() throws(EngineError) {
    guard check(KVM_CAP_IRQCHIP) > 0 else { throw Self.noGIC }
  }

  static let noGIC = EngineError(
    "this host's KVM has neither a GICv3 nor a GICv2 for guests: without an interrupt controller no kernel runs")

  /// Why the device cannot be opened, and what to do about it on a host of an architecture.
  static func explanation(of errno: Errno, _ path: String, on host: GuestArchitecture?) -> EngineError {
    switch errno {
    case .noSuchFileOrDirectory: EngineError("\(path) does not exist: \(whatBringsKVM(to: host))")
    case .permissionDenied:
      EngineError(
        "\(path) may not be opened by this user: join its group (usually `sudo usermod -aG kvm $USER`, then log in "
          + "again) or run as root")
    default:
      EngineError("\(path) cannot be opened: \(errno)")
    }
  }

  private static func whatBringsKVM(to host: GuestArchitecture?) -> String {
    switch host {
    case .x86_64:
      "load the kvm module (kvm_intel or kvm_amd) with virtualization enabled in the firmware, or in a virtual machine "
        + "have nested virtualization turned on"
    case .arm64:
      "it takes a kernel with CONFIG_KVM that the firmware starts at EL2, and in a virtual machine nested virtualization"
    case nil: "hvgdb uses KVM on x86-64 and arm64 hosts only"
    }
  }
}
