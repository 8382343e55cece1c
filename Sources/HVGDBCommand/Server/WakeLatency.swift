import Glibc
import Host
import Synchronization

/// Keeps the host's CPUs from sleeping deeply while packets follow each other closely (Linux's PM QoS interface,
/// Documentation/power/pm_qos_interface.rst).
///
/// An answer takes some microseconds; the client that waits for it would need many times that to be woken from an idle
/// CPU, in a virtual machine above all. The request is withdrawn soon after the last close packets. The kernel takes it
/// from root only, unless the device's permissions say otherwise; without it hvgdb is slower and nothing else.
final class WakeLatency: Sendable {
  private static let device = "/dev/cpu_dma_latency"
  /// How long the request outlives the last use, in microseconds; less than anybody notices.
  private static let linger: UInt32 = 20_000

  private let isUsed = Atomic(false)
  /// Whether a request can be made: none is made now, and none was refused.
  private let canRequest = Atomic(true)

  /// Tells that a packet followed another one closely.
  func noteClosePackets() {
    isUsed.store(true, ordering: .relaxed)
    guard canRequest.load(ordering: .acquiring) else { return }
    canRequest.store(false, ordering: .relaxed)
    request()
  }

  /// Asks for wake-ups without delay, and leaves it to a thread to take that back.
  private func request() {
    let descriptor = open(Self.device, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    var microseconds: Int32 = 0
    guard write(descriptor, &microseconds, MemoryLayout<Int32>.size) == MemoryLayout<Int32>.size,
      HostThread.start("wake latency", { self.withdrawWhenUnused(descriptor) }) != nil
    else {
      close(descriptor)
      return
    }
  }

  private func withdrawWhenUnused(_ descriptor: CInt) {
    repeat {
      isUsed.store(false, ordering: .relaxed)
      usleep(Self.linger)
    } while isUsed.load(ordering: .relaxed)
    close(descriptor)
    canRequest.store(true, ordering: .releasing)
  }
}
