import Architecture
import Bits
import Foundation
import GDBRemote
import KernelImage
import Machine

@testable import Debugger
@testable import KernelSymbols

/// A kernel for the scripted machine: 32 KiB from the code page on, linked to the upper half.
enum KernelFixture {
  static let place = GuestPhysical(Fixture.code)..<GuestPhysical(Fixture.code + 0x8000)
  /// Where the lower addresses stand once the kernel's tables are in force, and where with KASLR.
  static let upperHalf: UInt64 = 0xFFFF_8000_0000_0000
  static let movedHalf: UInt64 = 0xFFFF_9000_0000_0000
  static let linkBase = upperHalf + Fixture.code
  /// The place of the first code that runs at virtual addresses.
  static let milestone = Fixture.code + 0x40

  /// Starts a debugger of the kernel, with a client that follows it.
  static func make(
    cpuCount: Int = 1, place: LoadedKernel.Place = .fixed(place), isFollowing: Bool = true
  ) throws -> Fixture {
    let kernel = LoadedKernel(image: try image(), place: place)
    let fixture = try Fixture(cpuCount: cpuCount, kernel: kernel, symbols: table)
    if isFollowing {
      fixture.debugger.followsLibraries = true
      _ = fixture.debugger.loadedLibraries
    }
    return fixture
  }

  private static var table: KernelSymbolTable {
    let range = GuestVirtual(linkBase)..<GuestVirtual(linkBase + 0x8000)
    let symbols = [("T_text", 0), ("Tx86_64_start_kernel", 0x40), ("Tstart_kernel", 0x100)].map { name, offset in
      (name: Array(name.utf8), address: GuestVirtual(linkBase + UInt64(offset)))
    }
    return KernelSymbolTable(
      SymbolCollector(symbols, linkRange: range), architecture: .x86_64, linkRange: range, buildID: nil, banner: nil)
  }

  /// A file to be of; what is in it does not matter.
  private static func image() throws -> KernelImage {
    let file = FileManager.default.temporaryDirectory.appending(path: "hvgdb-kernel-\(UUID())")
    try Data(repeating: 0x90, count: 4096).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let placement = KernelImage.RawPlacement(
      architecture: .x86_64, address: GuestPhysical(Fixture.code), entry: GuestPhysical(Fixture.code))
    return try KernelImage(reading: KernelFile(path: file.path), asRawAt: placement)
  }
}

extension Fixture {
  /// The names under which the client knows the kernel and its modules.
  var libraryNames: [String] { debugger.loadedLibraries.map(\.name) }

  /// The guest meets a breakpoint instruction at virtual addresses that its tables map from then on.
  func meetVirtualInstruction(at address: UInt64, in half: UInt64 = KernelFixture.upperHalf, _ cpu: Int = 0) {
    cpus[cpu].meetInstruction(at: half + address) { self.mapLowAddresses(at: half) }
  }
}
