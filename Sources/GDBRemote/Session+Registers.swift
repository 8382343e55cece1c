import Architecture

/// The register table as packets need it: how long each value is.
struct RegisterLayout {
  let table: RegisterTable
  /// The length in bytes of each register's value, by number.
  let sizes: [Int]
  /// The length of all values that the `g` packet carries.
  let generalByteCount: Int

  init(_ table: RegisterTable) {
    self.table = table
    sizes = table.registers.map(\.byteCount)
    generalByteCount = sizes.prefix(table.generalCount).reduce(0, +)
  }

  /// The register of this number with its length, or nil where there is none.
  func register(numbered number: UInt64) -> (index: RegisterIndex, size: Int)? {
    guard let number = Int(exactly: number), number < sizes.count else { return nil }
    return (RegisterIndex(number), sizes[number])
  }
}

extension Session {
  /// `g`: the general registers, `x` for each digit that is not known.
  mutating func readGeneralRegisters(_ packet: inout PacketReader) throws(TargetError) {
    try packet.requireEnd()
    let values = scratch.prepare(registers.generalByteCount)
    // The values that stand in front of `offset` and are not written to the packet yet begin at `pending`.
    var pending = 0
    var offset = 0
    for number in 0..<registers.table.generalCount {
      let size = registers.sizes[number]
      let value = UnsafeMutableRawBufferPointer(rebasing: values[offset..<offset + size])
      let isKnown = target.readRegister(RegisterIndex(number), of: selectedThread, into: value)
      if !isKnown {
        encoder.append(hex: UnsafeRawBufferPointer(rebasing: values[pending..<offset]))
        encoder.append(UInt8(ascii: "x"), times: 2 * size)
        pending = offset + size
      }
      offset += size
    }
    encoder.append(hex: UnsafeRawBufferPointer(rebasing: values[pending...]))
  }

  /// `G hex`: sets the general registers, except those whose digits are `x`.
  ///
  /// The last ones come first: the state that they hold decides what earlier ones stand for, as arm64's CPSR decides
  /// which stack pointer SP is.
  mutating func writeGeneralRegisters(_ packet: inout PacketReader) throws(TargetError) {
    let digits = packet.remainingDigits()
    guard digits.count == 2 * registers.generalByteCount else {
      throw .invalid("the packet does not hold the \(registers.generalByteCount) bytes of the general registers")
    }
    let values = scratch.prepare(registers.generalByteCount)
    var offset = registers.generalByteCount
    for number in (0..<registers.table.generalCount).reversed() {
      let size = registers.sizes[number]
      offset -= size
      let value = UnsafeMutableRawBufferPointer(rebasing: values[offset..<offset + size])
      let text = UnsafeRawBufferPointer(rebasing: digits[2 * offset..<2 * (offset + size)])
      if text.allSatisfy({ $0 == UInt8(ascii: "x") }) { continue }
      guard Hex.decode(text, into: value) else { throw .invalid("a register's value is not hexadecimal") }
      try target.writeRegister(RegisterIndex(number), of: selectedThread, from: UnsafeRawBufferPointer(value))
    }
    encoder.append("OK")
  }

  /// `p number`.
  mutating func readRegister(_ packet: inout PacketReader) throws(TargetError) {
    let register = try registerNumber(&packet)
    try packet.requireEnd()
    if !appendRegister(register.index, size: register.size) {
      encoder.append(UInt8(ascii: "x"), times: 2 * register.size)
    }
  }

  /// `P number=hex`.
  mutating func writeRegister(_ packet: inout PacketReader) throws(TargetError) {
    let register = try registerNumber(&packet)
    try packet.require("=")
    let value = try packet.remainingHex()
    guard value.count == register.size else {
      throw .invalid("the register has \(register.size) bytes, and not the \(value.count) of the packet")
    }
    try target.writeRegister(register.index, of: selectedThread, from: value)
    encoder.append("OK")
  }

  private func registerNumber(
    _ packet: inout PacketReader
  ) throws(TargetError) -> (index: RegisterIndex, size: Int) {
    let number = try packet.number()
    guard let register = registers.register(numbered: number) else {
      throw .invalid("there is no register \(number)")
    }
    return register
  }

  /// Appends a register's value; false, and nothing appended, where it is not known.
  mutating func appendRegister(_ index: RegisterIndex, size: Int) -> Bool {
    let value = scratch.prepare(size)
    guard target.readRegister(index, of: selectedThread, into: value) else { return false }
    encoder.append(hex: UnsafeRawBufferPointer(value))
    return true
  }
}
