import CPUEngine

/// An access of any width and alignment on a device whose registers are words of 32 bits.
///
/// An access narrower than a register acts on the whole of it: such a device's bus, APB, knows no narrower ones. A write
/// fills the rest of the word with zeros. One that is wider acts on one register after the other.
extension BusAccess {
  /// Answers a read where nothing is.
  func fillWithZeros() { data.initializeMemory(as: UInt8.self, repeating: 0) }

  /// Answers a read.
  ///
  /// - Parameters:
  ///   - offset: the distance in bytes from the device's first register.
  ///   - register: reads the register at an offset, which is a multiple of 4.
  func fillFromRegisters(at offset: UInt64, _ register: (UInt64) -> UInt32) {
    var word: UInt32 = 0
    for index in data.indices {
      let place = RegisterPlace(offset &+ UInt64(index))
      if index == 0 || place.lane == 0 { word = register(place.register) }
      data[index] = UInt8(truncatingIfNeeded: word >> place.shift)
    }
  }

  /// Performs a write.
  ///
  /// - Parameters:
  ///   - offset: the distance in bytes from the device's first register.
  ///   - register: writes a value to the register at an offset, which is a multiple of 4.
  func writeToRegisters(at offset: UInt64, _ register: (UInt32, UInt64) -> Void) {
    var word: UInt32 = 0
    for index in data.indices {
      let place = RegisterPlace(offset &+ UInt64(index))
      word |= UInt32(data[index]) << place.shift
      if place.lane == 3 || index == data.count - 1 {
        register(word, place.register)
        word = 0
      }
    }
  }
}

/// A byte of a register.
private struct RegisterPlace {
  /// The register's offset, a multiple of 4.
  let register: UInt64
  /// Which byte of the register, from the lowest.
  let lane: UInt64

  init(_ offset: UInt64) {
    lane = offset % 4
    register = offset - lane
  }

  var shift: UInt64 { 8 * lane }
}
