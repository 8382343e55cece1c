import Architecture
import Bits
import KernelImage
import KernelSymbols
import Machine

/// The kernel's symbols, read out of its image when they are first asked for.
final class KernelSymbolFile {
  private let kernel: LoadedKernel?
  private lazy var reading: Result<KernelSymbolTable, MachineError> = read()
  /// The symbols as a file that debuggers read.
  private(set) lazy var bytes: [UInt8]? = table?.symbolFile

  init(_ kernel: LoadedKernel?) { self.kernel = kernel }

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
  private(set) lazy var milestone: UInt64? = offset(of: firstVirtualFunctions)

  /// Where the page tables are in force: on arm64 as soon as the MMU is on, on x86-64 with the first C code.
  private var firstVirtualFunctions: [String] {
    switch kernel?.image.architecture {
    case .arm64: ["__primary_switched", "start_kernel"]
    case .x86_64: ["x86_64_start_kernel", "start_kernel"]
    case nil: []
    }
  }

  /// How far into the image the first of these symbols is that there is.
  private func offset(of names: [String]) -> UInt64? {
    guard let table else { return nil }
    let symbol = names.lazy.compactMap { table.symbols(named: $0).first }.first
    return symbol.map { $0.address.rawValue &- table.linkRange.lowerBound.rawValue }
  }

  private func read() -> Result<KernelSymbolTable, MachineError> {
    guard let kernel else { return .failure(MachineError("there is no kernel to read symbols from")) }
    do {
      let load = try kernel.image.load()
      let bytes = try load.contents()
      return .success(try KernelSymbolTable(reading: bytes.span.bytes, load.layout(in: bytes.count, kernel.image)))
    } catch {
      return .failure(MachineError("\(error)"))
    }
  }
}

extension KernelLoad {
  /// Where the parts of the kernel stand in its contents.
  fileprivate func layout(in count: Int, _ image: KernelImage) -> KernelLayout {
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
