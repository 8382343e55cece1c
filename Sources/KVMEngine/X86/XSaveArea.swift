#if arch(x86_64)
  import Bits
  import CKVM

  /// The XSAVE area in its standard format, as KVM_GET_XSAVE gives it (SDM Vol 1, 13.4).
  struct XSaveArea {
    var storage = [UInt8](repeating: 0, count: MemoryLayout<kvm_xsave>.size)

    /// Offsets in the area: the legacy region is FXSAVE's (SDM Vol 1, table 10-2).
    private enum Offset {
      static let control = 0
      static let status = 2
      static let abridgedTag = 4
      static let opcode = 6
      static let instruction = 8
      static let operand = 16
      static let mxcsr = 24
      static let stack = 32
      static let xmm = 160
      static let header = 512
      static let ymmHigh = 576
    }

    /// State components (SDM Vol 1, 13.1).
    private enum Component {
      static let x87 = 0
      static let sse = 1
      static let avx = 2
    }

    /// The parts of the area, as the register table names them.
    enum Field {
      case control, status, tag, opcode, instructionOffset, instructionSelector, operandOffset, operandSelector
      case mxcsr
      case stack(Int)
      case xmm(Int)
      case ymmHigh(Int)
    }

    func read(_ field: Field, into buffer: UnsafeMutableRawBufferPointer) {
      storage.withUnsafeBytes { area in
        switch field {
        case .tag:
          buffer.storeLittleEndian(UInt32(Self.fullTag(area)), at: 0)
        default:
          let (offset, count) = Self.place(of: field)
          for index in 0..<buffer.count { buffer[index] = index < count ? area[offset + index] : 0 }
        }
      }
    }

    mutating func write(_ field: Field, from bytes: UnsafeRawBufferPointer) {
      storage.withUnsafeMutableBytes { area in
        switch field {
        case .tag:
          area[Offset.abridgedTag] = Self.abridged(bytes.littleEndian(at: 0, as: UInt16.self) ?? 0xFFFF)
        default:
          let (offset, count) = Self.place(of: field)
          for index in 0..<min(count, bytes.count) { area[offset + index] = bytes[index] }
        }
        // What is not marked as in use is taken as in its initial state, whatever the bytes say (SDM Vol 1, 13.8).
        area[Offset.header] |= 1 << Self.component(of: field)
      }
    }

    private static func component(of field: Field) -> Int {
      switch field {
      case .mxcsr, .xmm: Component.sse
      case .ymmHigh: Component.avx
      default: Component.x87
      }
    }

    private static func place(of field: Field) -> (offset: Int, count: Int) {
      switch field {
      case .control: (Offset.control, 2)
      case .status: (Offset.status, 2)
      case .tag: (Offset.abridgedTag, 1)
      case .opcode: (Offset.opcode, 2)
      case .instructionOffset: (Offset.instruction, 4)
      case .instructionSelector: (Offset.instruction + 4, 2)
      case .operandOffset: (Offset.operand, 4)
      case .operandSelector: (Offset.operand + 4, 2)
      case .mxcsr: (Offset.mxcsr, 4)
      case .stack(let index): (Offset.stack + 16 * (index & 7), 10)
      case .xmm(let index): (Offset.xmm + 16 * (index & 15), 16)
      case .ymmHigh(let index): (Offset.ymmHigh + 16 * (index & 15), 16)
      }
    }

    /// FSAVE's two bits a register out of FXSAVE's one: 0 valid, 1 zero, 2 special, 3 empty (SDM Vol 1, 8.1.7).
    private static func fullTag(_ area: UnsafeRawBufferPointer) -> UInt16 {
      let top = Int(area[Offset.status + 1] >> 3) & 7
      var tag: UInt16 = 0
      for physical in 0..<8 {
        let bits: UInt16 =
          area[Offset.abridgedTag][bit: physical]
          ? classify(area, Offset.stack + 16 * ((physical - top) & 7)) : 3
        tag |= bits << UInt16(2 * physical)
      }
      return tag
    }

    private static func classify(_ area: UnsafeRawBufferPointer, _ offset: Int) -> UInt16 {
      let mantissa = area.littleEndian(at: offset, as: UInt64.self) ?? 0
      let exponent = (area.littleEndian(at: offset + 8, as: UInt16.self) ?? 0) & 0x7FFF
      if exponent == 0 { return mantissa == 0 ? 1 : 2 }
      return exponent == 0x7FFF || !mantissa[bit: 63] ? 2 : 0
    }

    private static func abridged(_ tag: UInt16) -> UInt8 {
      (0..<8).reduce(0) { result, index in
        (tag >> UInt16(2 * index)) & 3 == 3 ? result : result | 1 << UInt8(index)
      }
    }
  }
#endif
