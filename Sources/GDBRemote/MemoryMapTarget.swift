/// A stretch of the address space that the client may access in one way.
public struct MemoryRegion: Sendable, Equatable {
  /// What kind of memory it is.
  public enum Kind: Sendable, Equatable {
    /// Read and written; breakpoints are of either kind.
    case ram
    /// Only read; the client sets hardware breakpoints by itself.
    case rom
    /// Written by erasing blocks of this many bytes.
    case flash(blockSize: UInt64)
  }

  /// What kind of memory it is.
  public let kind: Kind
  /// Its virtual addresses, up to the very last of the address space.
  public let addresses: ClosedRange<UInt64>

  /// Makes the facts of a stretch of memory.
  public init(_ kind: Kind, _ addresses: ClosedRange<UInt64>) {
    self.kind = kind
    self.addresses = addresses
  }
}

/// A target that tells the client which memory there is (GDB manual, "Memory Map Format").
public protocol MemoryMapTarget: AnyObject {
  /// The stretches of memory, none of which overlaps another.
  ///
  /// The client takes what no stretch covers for inaccessible and does not even ask for it.
  var memoryRegions: [MemoryRegion] { get }
}

extension MemoryRegion {
  /// The document of `qXfer:memory-map` (GDB manual, "Memory Map Format").
  static func document(mapping regions: [MemoryRegion]) -> [UInt8] {
    var xml = XMLText(
      documentType: "memory-map PUBLIC \"+//IDN gnu.org//DTD GDB Memory Map V1.0//EN\" "
        + "\"http://sourceware.org/gdb/gdb-memory-map.dtd\"")
    xml.element("memory-map") { xml in
      for region in regions { region.append(to: &xml) }
    }
    return xml.bytes
  }

  private func append(to xml: inout XMLText) {
    let (start, distance) = (addresses.lowerBound, addresses.upperBound - addresses.lowerBound)
    guard distance < .max else {
      // The length of the whole address space has no number of 64 bits.
      let half = UInt64(1) << 63
      MemoryRegion(kind, 0...half - 1).append(to: &xml)
      MemoryRegion(kind, half ... .max).append(to: &xml)
      return
    }
    let place = [("start", "0x" + String(start, radix: 16)), ("length", "0x" + String(distance + 1, radix: 16))]
    switch kind {
    case .ram: xml.element("memory", [("type", "ram")] + place)
    case .rom: xml.element("memory", [("type", "rom")] + place)
    case .flash(let blockSize):
      xml.element("memory", [("type", "flash")] + place) { xml in
        xml.element("property", [("name", "blocksize")], text: "0x" + String(blockSize, radix: 16))
      }
    }
  }
}
