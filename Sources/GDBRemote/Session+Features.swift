extension Session {
  /// `qSupported[:feature;…]`: takes note of the client's features and tells ours.
  mutating func exchangeFeatures(_ packet: inout PacketReader) {
    client = ClientFeatures()
    _ = packet.skip(":")
    while !packet.isAtEnd {
      switch packet.field(endingAt: ";") {
      case "error-message+": client.acceptsErrorMessages = true
      case "swbreak+": client.acceptsSoftwareBreakpointReason = true
      case "hwbreak+": client.acceptsHardwareBreakpointReason = true
      default: break
      }
      _ = packet.skip(";")
    }
    encoder.append("PacketSize=")
    encoder.append(number: UInt64(Self.packetSize))
    encoder.append(";QStartNoAckMode+;vContSupported+;binary-upload+;qXfer:features:read+;qXfer:threads:read+")
    if target.breakpoints != nil { encoder.append(";swbreak+;hwbreak+") }
    if target.files != nil { encoder.append(";qXfer:exec-file:read+") }
    if target.libraries != nil { encoder.append(";qXfer:libraries:read+") }
    if target.memoryMap != nil { encoder.append(";qXfer:memory-map:read+") }
    if target.osData != nil { encoder.append(";qXfer:osdata:read+") }
  }

  /// `QStartNoAckMode`: the transport is reliable.
  mutating func stopAcknowledging() {
    acknowledges = false
    encoder.keepsLastPacket = false
    encoder.append("OK")
  }

  /// `qGDBServerVersion`: who we are (lldb's extension).
  mutating func reportVersion() {
    encoder.append("name:")
    encoder.append(plainText: serverName)
    encoder.append(";version:")
    encoder.append(plainText: serverVersion)
    encoder.append(";")
  }

  /// `qqemu.Supported`: which of QEMU's own packets there are.
  mutating func reportQEMUFeatures() {
    if target.physicalMemory != nil { encoder.append("PhyMemMode") }
  }
}
