import Bits
import GuestMemory
import KernelImage

extension KernelLoad {
  /// The slow part of a boot: copies the kernel and the initial RAM disk into the guest's memory.
  ///
  /// - Parameters:
  ///   - memory: the guest's RAM.
  ///   - disk: the initial RAM disk; nil for none.
  ///   - place: where it goes.
  /// - Returns: the work, to be done on a thread of its own.
  func work(
    into memory: GuestRAM, _ disk: InitialRAMDisk?, at place: Range<GuestPhysical>?
  ) -> @Sendable () throws(MachineError) -> Void {
    { () throws(MachineError) in
      do throws(KernelImageError) {
        if let place, let bytes = memory.bytes(at: place.lowerBound) { try disk?.copy(into: bytes) }
        try copy { address, count in
          guard let bytes = memory.bytes(at: address), bytes.count >= count else { return nil }
          return bytes
        }
      } catch {
        throw MachineError(error.description)
      }
    }
  }
}
