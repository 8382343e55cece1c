import Architecture
import Bits
import GDBRemote
import KernelImage
import KernelSymbols
import Machine

/// The kernel's symbols, read out of its image when they are first asked for, and the file that a client reads them from.
final class KernelSymbolFile {
  private let kernel: LoadedKernel?
  private lazy var reading: Result<KernelSymbolTable, MachineError> = read()
  /// The symbols as a file that debuggers read: the one that the user named, or else one of the kernel's own symbols.
  private(set) lazy var file: TargetFile? = table.map { TargetFile($0.symbolFile) }

  init(_ kernel: LoadedKernel?) { self.kernel = kernel }

  /// Symbols that are known already.
  init(_ kernel: LoadedKernel?, _ table: KernelSymbolTable) {
    self.kernel = kernel
    reading = .success(table)
  }

  /// Serves a file with symbols in place of the kernel's own.
  ///
  /// - Parameter vmlinux: the file.
  /// - Returns: one sentence where nothing tells whether the file is of this kernel; nil where it is.
  /// - Throws: one sentence where it is of another, or has no symbols; it is not served then.
  func replace(by vmlinux: KernelFile) throws(MachineError) -> String? {
    do {
      let identity = try ELFIdentity { offset, count in
        guard let offset = Int(exactly: offset), let bytes = try? vmlinux.bytes(at: offset, count: count) else {
          return nil
        }
        return bytes.count == count ? bytes : nil
      }
      guard let kernel else { throw MachineError("there is no kernel that the symbol file could be of") }
      let isSame = try identity.check(isOf: table?.buildID, kernel.image.architecture)
      guard identity.hasSymbols else { throw MachineError("the symbol file has no symbol table") }
      file = TargetFile(count: vmlinux.count) { offset, count throws(TargetError) in
        do { return try vmlinux.bytes(at: offset, count: count) } catch { throw .failed("\(error)") }
      }
      return isSame ? nil : "nothing tells whether the symbol file is of this kernel: one of the two has no build id"
    } catch {
      throw MachineError("\(error)")
    }
  }

  /// The symbols; nil where the kernel has none.
  var table: KernelSymbolTable? { try? reading.get() }

  /// Why there are no symbols, or what is wrong with them: one sentence, or nil.
  var problem: String? {
    switch reading {
    case .success(let table): table.remark
    case .failure(let error): error.description
    }
  }

  /// The address of the image's first byte as it was linked to run; nil where it cannot be told.
  var linkBase: GuestVirtual? { table?.linkRange.lowerBound }

  /// How far into the image the first code is that runs at virtual addresses; nil where it is not known.
  private(set) lazy var milestone: UInt64? = firstVirtualFunctions.lazy
    .compactMap { self.offset(of: $0) }.first

  /// Where the page tables are in force: on arm64 as soon as the MMU is on, on x86-64 with the first C code.
  private var firstVirtualFunctions: [String] {
    switch kernel?.image.architecture {
    case .arm64: ["__primary_switched", "start_kernel"]
    case .x86_64: ["x86_64_start_kernel", "start_kernel"]
    case nil: []
    }
  }

  private var offsets: [String: UInt64?] = [:]

  /// How far into the image a symbol is; nil where there is none of the name.
  func offset(of name: String) -> UInt64? {
    if let known = offsets[name] { return known }
    let offset = table.flatMap { table in
      table.symbols(named: name).first.map { $0.address.rawValue &- table.linkRange.lowerBound.rawValue }
    }
    offsets[name] = .some(offset)
    return offset
  }

  private func read() -> Result<KernelSymbolTable, MachineError> {
    guard let kernel else { return .failure(MachineError("there is no kernel to read symbols from")) }
    do {
      let load = try kernel.image.load()
      let bytes = try load.contents()
      return .success(try KernelSymbolTable(reading: bytes.span.bytes, load.layout(of: kernel.image)))
    } catch {
      return .failure(MachineError("\(error)"))
    }
  }
}

extension KernelLoad {
  /// Where the parts of the kernel stand in its contents.
  fileprivate func layout(of image: KernelImage) -> KernelLayout {
    let start = imageRange.lowerBound.rawValue
    return KernelLayout(
      architecture: image.architecture,
      segments: segments.map { segment in
        KernelLayout.Segment(
          offset: Int(segment.physical.rawValue &- start), count: segment.fileCount, memoryCount: segment.memoryCount,
          virtual: segment.virtual)
      })
  }
}
