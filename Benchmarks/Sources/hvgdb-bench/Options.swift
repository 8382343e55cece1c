import Glibc

/// The command line.
struct Options {
  static let usage = """
    usage: hvgdb-bench [--hvgdb FILE] [--qemu FILE] [--kernel FILE] [--append STRING]
                       [--raw] [--soft] [--rounds N] [--quick] [--unix] [--poll] [--json FILE]

      --hvgdb FILE     the hvgdb to measure (default: .build/release/hvgdb)
      --qemu FILE      the QEMU to compare it to (default: \(Architecture.host.qemu);
                       with --soft \(Architecture.arm64.qemu))
      --kernel FILE    the guest (default: the newest vmlinuz below
                       .cache/kernels/\(Architecture.host.debianName); with --soft
                       .cache/kernels/arm64/trixie)
      --append STRING  its command line (default: \(Architecture.host.commandLine);
                       with --soft \(Architecture.arm64.commandLine))
      --raw            compares hvgdb to raw KVM in place of QEMU
      --soft           compares the software CPUs of hvgdb and QEMU, in a guest
                       whose first file system is in .build/linux
      --rounds N       how often each server is started and measured (default: 7)
      --quick          3 short rounds
      --unix           unix sockets in place of TCP on loopback
      --json FILE      writes every sample to a file
      --poll           the client polls for a reply for 200 µs before it sleeps, which gdb does not do
    """

  var hvgdb: String
  var qemu: String
  var kernel: String?
  /// Where a kernel is looked for when none is named.
  let kernelFolder: String
  /// Where the guest of software CPUs has its first file system, and the programs in it.
  let linuxFolder: String
  var commandLine: String
  var comparesToRawKVM = false
  let measuresSoftwareCPU: Bool
  var rounds = 7
  var budget = Duration.milliseconds(500)
  /// How many instructions each loop in user space is to take, about.
  var loopInstructions = 500_000_000
  var usesUnixSockets = false
  var pollingTime = Duration.zero
  var json: String?
  var wantsHelp = false

  init(_ arguments: some Collection<String>) throws(BenchmarkError) {
    // The project's top folder or this package's: wherever it is started from.
    let top = access("Benchmarks", F_OK) == 0 ? "." : ".."
    measuresSoftwareCPU = arguments.contains("--soft")
    let architecture = measuresSoftwareCPU ? Architecture.arm64 : .host
    hvgdb = "\(top)/.build/release/hvgdb"
    qemu = architecture.qemu
    kernelFolder = "\(top)/.cache/kernels/\(architecture.debianName)"
    linuxFolder = "\(top)/.build/linux"
    commandLine = architecture.commandLine
    if measuresSoftwareCPU { kernel = "\(kernelFolder)/trixie" }
    var rest = arguments.makeIterator()
    func value(of option: String) throws(BenchmarkError) -> String {
      guard let value = rest.next() else { throw BenchmarkError("\(option) needs a value") }
      return value
    }
    while let option = rest.next() {
      switch option {
      case "--hvgdb": hvgdb = try value(of: option)
      case "--qemu": qemu = try value(of: option)
      case "--kernel": kernel = try value(of: option)
      case "--append": commandLine = try value(of: option)
      case "--json": json = try value(of: option)
      case "--raw": comparesToRawKVM = true
      case "--soft": break
      case "--unix": usesUnixSockets = true
      case "--poll": pollingTime = .microseconds(200)
      case "--help", "-h": wantsHelp = true
      case "--quick": (rounds, budget, loopInstructions) = (3, .milliseconds(150), 100_000_000)
      case "--rounds":
        guard let count = Int(try value(of: option)), (1...1000).contains(count) else {
          throw BenchmarkError("--rounds takes a number from 1 to 1000")
        }
        rounds = count
      default: throw BenchmarkError("no option \(option)")
      }
    }
  }
}
