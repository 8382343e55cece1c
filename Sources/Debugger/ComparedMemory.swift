import Architecture
import Bits
import GuestMemory

/// The bytes of a watchpoint that no debug register sees: they are compared after each step.
struct ComparedMemory {
  /// How many bytes one such watchpoint may have.
  static let limit: UInt64 = 4096

  let watch: Breakpoints.Watch
  private var bytes: [UInt8?]

  /// Takes the bytes as they are now; one that has no place counts as unknown.
  init(_ watch: Breakpoints.Watch, _ translator: any AddressTranslator, _ memory: GuestRAM) {
    self.watch = watch
    bytes = Self.read(watch, translator, memory)
  }

  /// Whether a known byte has another value now; takes the bytes as they are for the next time.
  mutating func hasChanged(_ translator: any AddressTranslator, _ memory: GuestRAM) -> Bool {
    let now = Self.read(watch, translator, memory)
    defer { bytes = now }
    return zip(bytes, now).contains { before, after in
      if let before, let after { before != after } else { false }
    }
  }

  private static func read(
    _ watch: Breakpoints.Watch, _ translator: any AddressTranslator, _ memory: GuestRAM
  ) -> [UInt8?] {
    var result: [UInt8?] = []
    result.reserveCapacity(Int(watch.count))
    while result.count < Int(watch.count) {
      let address = watch.address.wrapping(by: UInt64(result.count))
      let left = UInt64(Int(watch.count) - result.count)
      guard let translation = try? translator.translate(address), let host = memory.bytes(at: translation.physical)
      else {
        result.append(nil)
        continue
      }
      let count = min(left, translation.contiguousCount, UInt64(host.count))
      result.append(contentsOf: host[..<Int(count)].lazy.map { Optional($0) })
    }
    return result
  }
}
