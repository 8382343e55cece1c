import Glibc
import SystemPackage

/// Owns one anonymous mapping of this process.
final class Mapping {
  let base: UnsafeMutableRawPointer
  let count: Int

  /// Maps `count` bytes that read zero; the host's memory is taken when they are touched.
  init(count: Int) throws(GuestMemoryError) {
    // SAFETY: a new anonymous mapping; nothing else knows its address.
    let base = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let base, base != MAP_FAILED else {
      throw GuestMemoryError(
        "the host has no room for \(count >> 20) MiB of guest memory (\(Errno(rawValue: errno))): give less by --memory"
      )
    }
    self.base = base
    self.count = count
    // Huge pages make both the load and the guest's first touch cheaper; a host without them says no, which is fine.
    _ = madvise(base, count, MADV_HUGEPAGE)
  }

  /// Drops the contents: the bytes read zero again.
  func clear() throws(GuestMemoryError) {
    // SAFETY: the range is this mapping's own.
    guard madvise(base, count, MADV_DONTNEED) == 0 else {
      throw GuestMemoryError("the guest's memory could not be cleared (\(Errno(rawValue: errno)))")
    }
  }

  deinit {
    // SAFETY: the owner ends the mapping it made; no pointer into it outlives the memory that holds this owner.
    munmap(base, count)
  }
}
