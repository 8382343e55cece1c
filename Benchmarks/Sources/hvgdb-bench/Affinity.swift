import CLinux
import Foundation

/// Where threads run (sched_setaffinity(2)).
///
/// A wake-up from one CPU to another that is idle takes tens of microseconds on a virtual host, more than a server's
/// own work for a small packet, and whether one happens depends on what else the host does. On one CPU there is none.
struct Affinity {
  /// The CPUs that this thread could use at first, a bit each.
  private let all: UInt64

  /// Remembers what this thread may use now.
  init() throws(BenchmarkError) {
    all = clinux_cpus()
    guard all != 0 else { throw .system("sched_getaffinity") }
  }

  /// Lets this thread, and the processes that it starts, run everywhere again.
  func useEveryCPU() throws(BenchmarkError) { try set(all, of: 0) }

  /// Puts this thread and all of a process's on the first CPU.
  func shareOneCPU(with process: pid_t) throws(BenchmarkError) {
    guard let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task") else {
      throw BenchmarkError("process \(process) has no threads")
    }
    for thread in [0] + threads.compactMap({ pid_t($0) }) { try set(all & (0 &- all), of: thread) }
  }

  private func set(_ cpus: UInt64, of thread: pid_t) throws(BenchmarkError) {
    guard clinux_set_cpus(thread, cpus) == 0 else { throw .system("sched_setaffinity") }
  }
}
