import Architecture
import Bits
import CPUEngine
public import GDBRemote
import KernelSymbols
import Machine

/// The kernel is a library to gdb: libraries may move while the program runs, and take symbols and breakpoints along.
extension Debugger: LibraryTarget {
  /// The kernel, under a name that tells where it is: a client places it anew when the name is another one.
  public var loadedLibraries: [Library] {
    follow(currentThread)
    tellProblem()
    guard let base = kernelBase, let linkBase = symbols.linkBase else { return [] }
    followModules(currentThread)
    follower.knownBase = base
    follower.knownModules = modules.changeCount
    let kernel = Library(name: FileName.kernel(at: base, linkedTo: linkBase), placement: .segments([base.rawValue]))
    return [kernel] + modules.libraries
  }

  /// Whether the client reads the list, and so wants to be told when the kernel is elsewhere.
  public var followsLibraries: Bool {
    get { follower.isFollowing }
    set { follower.isFollowing = newValue }
  }

  /// Says once why there are no symbols.
  private func tellProblem() {
    guard !hasToldProblem, machine.kernel != nil else { return }
    hasToldProblem = true
    if let problem = symbols.problem { announce("symbols: \(problem)") }
  }
}

extension Debugger: FileTarget {
  /// A file that stands for the guest; its symbols are in the libraries, which can move.
  public var executable: String? { machine.kernel == nil ? nil : FileName.executable }

  /// The kernel's symbols under each of its names, and the file that stands for the guest.
  public func file(at path: String) throws(TargetError) -> TargetFile? {
    if let bytes = modules.files[path] { return TargetFile(bytes) }
    if path == FileName.executable { return TargetFile(EmptyProgram.bytes(for: machine.virtualMachine.architecture)) }
    guard path.hasPrefix(FileName.kernel) else { return nil }
    guard let file = symbols.file else { throw .failed(symbols.problem ?? "the kernel has no symbols") }
    return file
  }
}

/// The names under which a client finds the kernel's files.
enum FileName {
  /// What stands for the guest as a program.
  static let executable = "/guest"
  /// The kernel's symbols; what follows tells where the kernel is.
  static let kernel = "/vmlinux"

  /// The name of the kernel's symbols while its first byte is at `base`.
  static func kernel(at base: GuestVirtual, linkedTo linkBase: GuestVirtual) -> String {
    if base == linkBase { return kernel }
    guard base.isInUpperHalf else { return "\(kernel)@\(base)" }
    return base > linkBase
      ? "\(kernel)+0x\(hex(base.rawValue &- linkBase.rawValue))"
      : "\(kernel)-0x\(hex(linkBase.rawValue &- base.rawValue))"
  }
}

extension Debugger: MemoryMapTarget {
  /// All of the address space, as memory that can be written: what is mapped changes while the guest runs, and software
  /// breakpoints can be set everywhere.
  public var memoryRegions: [MemoryRegion] { [MemoryRegion(.ram, 0 ... .max)] }
}
