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

  /// The decompressor's last jumps; what it unpacks comes to stand over them once it has moved itself away.
  var decompressorExits: [Breakpoints.Milestone] {
    (decompressor?.exits ?? []).map {
      Breakpoints.Milestone(place: $0, instruction: KernelDecompressor.exitInstruction)
    }
  }

  /// Whether the decompressor may have taken a breakpoint instruction of ours along when it moved itself.
  var mayMeetMovedExit: Bool { kernel == nil && hasMarkedExits }

  /// Finds the kernel by a place in its code.
  ///
  /// The decompressor's own code tells nothing: before the kernel's segments are moved apart, what it unpacks has the
  /// kernel's entry in it already, but not in its place.
  func findUnpackedKernel(near place: GuestPhysical) {
    guard let decompressor, memory.bytes(at: place) != nil else { return }
    let alignment = KernelDecompressor.alignment
    var start = place.alignedDown(to: alignment)
    while place.rawValue &- start.rawValue < decompressor.codeCount {
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
