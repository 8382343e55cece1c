import Architecture
import Bits
import CPUEngine
public import GDBRemote
import GuestMemory
import Machine

extension Debugger {
  /// Reads guest memory as the thread's CPU translates it, or physical memory (`usesPhysicalAddresses`).
  public func readMemory(
    at address: UInt64, of thread: ThreadID, into buffer: UnsafeMutableRawBufferPointer
  ) throws(TargetError) -> Int {
    guard !buffer.isEmpty else { return 0 }
    var done = 0
    try forEachPiece(at: address, count: buffer.count, of: thread) { physical, count in
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
      let read = memory.read(at: physical, into: piece)
      done += read
      return read == count
    }
    return done
  }

  /// Writes guest memory as the thread's CPU translates it, whatever the page's rights, or physical memory.
  public func writeMemory(
    at address: UInt64, of thread: ThreadID, from bytes: UnsafeRawBufferPointer
  ) throws(TargetError) {
    // All of it or nothing: the pieces are found first.
    var pieces: [(physical: GuestPhysical, count: Int)] = []
    var found = 0
    try forEachPiece(at: address, count: bytes.count, of: thread) { physical, count in
      guard let room = memory.bytes(at: physical), room.count >= count else { return false }
      pieces.append((physical, count))
      found += count
      return true
    }
    guard found == bytes.count else {
      throw .unreachable("no RAM at 0x\(String(address &+ UInt64(found), radix: 16))")
    }
    var done = 0
    for piece in pieces {
      machine.virtualMachine.patchMemory(
        at: piece.physical, from: UnsafeRawBufferPointer(rebasing: bytes[done..<done + piece.count]))
      done += piece.count
    }
  }

  /// Calls `body` for each stretch of memory that is contiguous in physical addresses, until it says false.
  ///
  /// - Throws: where not even the first byte has a physical address with RAM.
  private func forEachPiece(
    at address: UInt64, count: Int, of thread: ThreadID, _ body: (GuestPhysical, Int) -> Bool
  ) throws(TargetError) {
    let cpu = try existingCPU(thread)
    do throws(MachineError) { try machine.finishLoading() } catch { throw .failed(error.description) }
    let translator: (any AddressTranslator)?
    do throws(EngineError) { translator = usesPhysicalAddresses ? nil : try self.translator(of: cpu) } catch {
      throw .failed(error.description)
    }
    var done = 0
    while done < count {
      let next = address &+ UInt64(done)
      var physical = GuestPhysical(next)
      var length = UInt64(count - done)
      do throws(TranslationFault) {
        if let translator {
          let translation = try locate(GuestVirtual(next), by: translator).translation
          physical = translation.physical
          length = min(length, translation.contiguousCount)
        }
      } catch {
        if done == 0 { throw .unreachable(error.description) }
        return
      }
      if done == 0, memory.bytes(at: physical) == nil {
        throw .unreachable("no RAM at physical \(physical)")
      }
      guard body(physical, Int(length)) else { return }
      done += Int(length)
    }
  }
}
