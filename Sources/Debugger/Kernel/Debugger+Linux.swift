import Architecture
import Bits
import CPUEngine
import GDBRemote
import GuestMemory
import KernelSymbols
import Machine

/// Linux's own structures in the guest's memory.
extension Debugger {
  /// Linux as a thread's CPU sees it now; nil where it has no symbols, or nobody knows where it is.
  func linux(_ thread: ThreadID) -> LinuxMemory? {
    guard let table = symbols.table, let base = kernel?.base else { return nil }
    return LinuxMemory(symbols: table, slide: base.rawValue &- table.linkRange.lowerBound.rawValue) { address, count in
      self.kernelBytes(at: address, count, thread)
    }
  }

  /// Looks whether modules were loaded or removed, where the kernel is up.
  func followModules(_ thread: ThreadID) {
    guard follower.isFollowing, kernel?.hasBeenVirtual == true, let table = symbols.table, let linux = linux(thread)
    else { return }
    let head = symbols.offset(of: "modules").flatMap { kernel?.base.advanced(by: $0) }
    modules.update(linux, table.architecture, headAddress: head) { kernelBytes(at: $0, $1, thread) }
  }

  /// Memory as the kernel sees it, whatever the CPU executes now; nil where not all of it is there.
  private func kernelBytes(at address: GuestVirtual, _ count: Int, _ thread: ThreadID) -> [UInt8]? {
    guard let cpu = cpu(of: thread), (try? machine.finishLoading()) != nil,
      let translator = try? translator(of: cpu)
    else { return nil }
    return bytes(at: address, count, by: translator)
      ?? kernelTranslator(cpu).flatMap { bytes(at: address, count, by: $0) }
  }

  /// The translation by the kernel's own tables, which the CPU may not have while a program runs.
  private func kernelTranslator(_ cpu: any VirtualCPU) -> (any AddressTranslator)? {
    guard let kernel, kernel.hasBeenVirtual, let offset = symbols.offset(of: support.kernelTableSymbol) else {
      return nil
    }
    return try? support.translator(of: cpu, memory, kernelTable: kernel.place.lowerBound.wrapping(by: offset))
  }

  private func bytes(at address: GuestVirtual, _ count: Int, by translator: any AddressTranslator) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      guard let next = address.advanced(by: UInt64(done)),
        let translation = try? locate(next, by: translator).translation
      else { return nil }
      let length = min(count - done, Int(clamping: translation.contiguousCount))
      let read = bytes.withUnsafeMutableBytes {
        memory.read(at: translation.physical, into: UnsafeMutableRawBufferPointer(rebasing: $0[done..<done + length]))
      }
      guard read == length else { return nil }
      done += length
    }
    return bytes
  }
}
