extension Session {
  /// `m addr,length`: memory in hexadecimal, as much as can be read.
  mutating func readMemory(_ packet: inout PacketReader) throws(TargetError) {
    let memory = try readMemory(&packet, limit: Self.packetSize / 2)
    // No digits at all would be the empty reply, which says that the packet is not supported.
    guard !memory.isEmpty else { throw .invalid("the packet asks for no memory") }
    encoder.append(hex: memory)
  }

  /// `x addr,length`: memory in binary behind a `b`, as much as can be read.
  mutating func readMemoryBinary(_ packet: inout PacketReader) throws(TargetError) {
    let memory = try readMemory(&packet, limit: Self.packetSize)
    encoder.append("b")
    encoder.append(binary: memory)
  }

  /// Reads the memory that the packet names, or the first part of it, to the scratch buffer.
  private mutating func readMemory(
    _ packet: inout PacketReader, limit: Int
  ) throws(TargetError) -> UnsafeRawBufferPointer {
    let address = try packet.number()
    try packet.require(",")
    let length = try packet.number()
    try packet.requireEnd()
    return try readMemory(at: address, count: Int(min(length, UInt64(limit))))
  }

  /// Reads memory to the scratch buffer, whose contents are good until its next use; fewer bytes where it ends.
  mutating func readMemory(at address: UInt64, count: Int) throws(TargetError) -> UnsafeRawBufferPointer {
    let buffer = scratch.prepare(count)
    guard count > 0 else { return UnsafeRawBufferPointer(buffer) }
    let readable = try target.readMemory(at: address, of: selectedThread, into: buffer)
    return UnsafeRawBufferPointer(rebasing: buffer[..<min(max(readable, 0), count)])
  }

  /// `M addr,length:hex`.
  mutating func writeMemory(_ packet: inout PacketReader) throws(TargetError) {
    let (address, length) = try destination(&packet)
    try write(try packet.remainingHex(), at: address, length: length)
  }

  /// `X addr,length:binary`; with length 0 the client asks whether the packet is known, whatever is at the address.
  mutating func writeMemoryBinary(_ packet: inout PacketReader) throws(TargetError) {
    let (address, length) = try destination(&packet)
    try write(try packet.remainingBinary(), at: address, length: length)
  }

  private func destination(_ packet: inout PacketReader) throws(TargetError) -> (address: UInt64, length: UInt64) {
    let address = try packet.number()
    try packet.require(",")
    let length = try packet.number()
    try packet.require(":")
    return (address, length)
  }

  private mutating func write(
    _ bytes: UnsafeRawBufferPointer, at address: UInt64, length: UInt64
  ) throws(TargetError) {
    guard bytes.count == length else { throw .invalid("the packet's data is not as long as it says") }
    if length > 0 { try target.writeMemory(at: address, of: selectedThread, from: bytes) }
    encoder.append("OK")
  }

  /// `qqemu.PhyMemMode`: whether memory packets take physical addresses.
  mutating func reportPhysicalMode() {
    guard let physical = target.physicalMemory else { return }
    encoder.append(physical.usesPhysicalAddresses ? "1" : "0")
  }

  /// `Qqemu.PhyMemMode:value`: 0 for virtual addresses, all else for physical ones.
  mutating func setPhysicalMode(_ packet: inout PacketReader) throws(TargetError) {
    guard let physical = target.physicalMemory else { return }
    try packet.require(":")
    let mode = try packet.number()
    try packet.requireEnd()
    physical.usesPhysicalAddresses = mode != 0
    encoder.append("OK")
  }
}
