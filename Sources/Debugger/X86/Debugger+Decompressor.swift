import Architecture
import Bits
import CPUEngine
import GuestMemory
import KernelImage
import Machine

/// A bzImage that unpacks itself puts the kernel where it likes, and by KASLR that differs from boot to boot.
extension Debugger {
  /// What unpacks the kernel; nil where it stands in its place from the start.
  var decompressor: KernelDecompressor? {
    if case .chosen(let decompressor) = machine.kernel?.place { decompressor } else { nil }
  }

  /// Finds the kernel by an address that a CPU executes in it, or in what has unpacked it.
  func findUnpackedKernel(near place: GuestPhysical) {
    guard let decompressor else { return }
    let alignment = KernelDecompressor.alignment
    var start = place.alignedDown(to: alignment)
    while place.rawValue &- start.rawValue < decompressor.imageCount {
      if noteUnpackedKernel(at: start, by: decompressor) || start.rawValue < alignment { return }
      start = start.wrapping(by: 0 &- alignment)
    }
  }

  /// Takes note of the kernel if it starts at a place.
  private func noteUnpackedKernel(at start: GuestPhysical, by decompressor: KernelDecompressor) -> Bool {
    guard let bytes = memory.bytes(at: start.wrapping(by: decompressor.entryOffset)),
      decompressor.isEntry(UnsafeRawBufferPointer(bytes)), let end = start.advanced(by: decompressor.imageCount)
    else { return false }
    kernel = KernelLocator(place: start..<end)
    return true
  }

  /// Makes the decompressor's last jump where our instruction stood in its place, which it took along when it moved.
  ///
  /// - Parameters:
  ///   - cpu: the CPU that met a breakpoint instruction.
  ///   - place: where that stands.
  /// - Returns: whether it was that jump.
  /// - Throws: what the engine could not do.
  func leaveDecompressor(_ cpu: any VirtualCPU, at place: GuestPhysical) throws(EngineError) -> Bool {
    guard kernel == nil, let decompressor, !decompressor.exits.isEmpty, let bytes = memory.bytes(at: place),
      let counter = registers.index(named: "rip"), let target = registers.index(named: "rax")
    else { return false }
    let instruction = KernelDecompressor.exitInstruction
    let ours = support.breakpointInstruction + instruction.dropFirst(support.breakpointInstruction.count)
    guard bytes.starts(with: ours) || bytes.starts(with: instruction) else { return false }
    instruction.withUnsafeBytes { machine.virtualMachine.patchMemory(at: place, from: $0) }
    let entry = try cpu.value(of: target)
    try cpu.setValue(entry, of: counter)
    invalidateTranslations()
    _ = noteUnpackedKernel(
      at: GuestPhysical(entry).wrapping(by: 0 &- decompressor.entryOffset), by: decompressor)
    return true
  }
}
