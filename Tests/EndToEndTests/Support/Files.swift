import Architecture
import Foundation

/// What the tests need and `make test` has built or fetched.
enum Files {
  /// The package's directory: this file stands three below it.
  static let root: URL = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }

  /// The program under test: `HVGDB_TEST_BINARY`, or the newest in the build directory.
  static let hvgdb: String? = {
    if let path = ProcessInfo.processInfo.environment["HVGDB_TEST_BINARY"] { return existing(path) }
    let candidates = ["release", "debug"].compactMap { existing(root.path + "/.build/\($0)/hvgdb") }
    return candidates.max { modification($0) < modification($1) }
  }()

  /// Debian's kernel: `HVGDB_TEST_KERNEL`, or the one that `make kernels` fetched.
  static let kernel: String? = existing(
    ProcessInfo.processInfo.environment["HVGDB_TEST_KERNEL"] ?? root.path + "/.cache/kernels/amd64/vmlinuz")

  /// Debian's U-Boot for QEMU's arm64 board, as `Tests/Support/u-boot.sh` fetches it.
  static let uBoot: String? = existing(root.path + "/.cache/arm64/u-boot.bin")

  static let gdb: String? = ["/usr/bin/gdb-multiarch", "/usr/local/bin/gdb-multiarch"].lazy.compactMap(existing).first

  /// Whether the guests of an architecture are built, or those of this host's.
  static func hasGuests(for architecture: GuestArchitecture? = .host) -> Bool {
    existing(guest("counter", for: architecture)) != nil
  }

  static var hasKVM: Bool { access("/dev/kvm", R_OK | W_OK) == 0 }

  /// Whether the processor shows VMX or SVM; without, KVM emulates ring 0.
  static let hasHardwareVirtualization =
    text(of: "/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("flags") }?
    .split(whereSeparator: \.isWhitespace).contains { $0 == "vmx" || $0 == "svm" } == true

  /// A guest of Tests/Guests, as `make guests` builds it; for this host's architecture where none is said.
  static func guest(_ name: String, for architecture: GuestArchitecture? = .host) -> String {
    root.path + "/.build/guests/\(architecture?.description ?? "unknown")/\(name).elf"
  }

  /// A file of the project, by its path in it.
  static func project(_ path: String) -> String { root.path + "/" + path }

  private static func existing(_ path: String) -> String? { access(path, R_OK) == 0 ? path : nil }

  private static func modification(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mtim.tv_sec : 0
  }
}

/// A directory of a test's own, removed with all that is in it.
struct TemporaryDirectory: ~Copyable {
  let path: String

  init() throws {
    var template = Array((NSTemporaryDirectory() + "/hvgdb-test.XXXXXX").utf8CString)
    guard let made = mkdtemp(&template) else { throw EndToEndError("no temporary directory: errno \(errno)") }
    path = String(cString: made)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// The bytes of a file; none where there is no such file.
func contents(of path: String) -> [UInt8] { FileManager.default.contents(atPath: path).map(Array.init) ?? [] }

/// A file's bytes as text.
func text(of path: String) -> String { String(decoding: contents(of: path), as: UTF8.self) }
