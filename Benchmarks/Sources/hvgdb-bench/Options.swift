import Glibc

/// The command line.
struct Options {
  static let usage = """
    usage: hvgdb-bench [--hvgdb FILE] [--qemu FILE] [--kernel FILE] [--append STRING]
                       [--raw] [--rounds N] [--quick] [--unix] [--poll] [--json FILE]

      --hvgdb FILE     the hvgdb to measure (default: .build/release/hvgdb)
      --qemu FILE      the QEMU to compare it to (default: \(Architecture.host.qemu))
      --kernel FILE    the guest (default: the newest vmlinuz below
                       .cache/kernels/\(Architecture.host.debianName))
      --append STRING  its command line (default: \(Architecture.host.commandLine))
      --raw            compares hvgdb to raw KVM in place of QEMU
      --rounds N       how often each server is started and measured (default: 7)
      --quick          3 short rounds
      --unix           unix sockets in place of TCP on loopback
      --json FILE      writes every sample to a file
      --poll           the client polls for a reply for 200 µs before it sleeps, which gdb does not do
    """

  var hvgdb: String
  var qemu = Architecture.host.qemu
  var kernel: String?
  /// Where a kernel is looked for when none is named.
  let kernelFolder: String
  var commandLine = Architecture.host.commandLine
  var comparesToRawKVM = false
  var rounds = 7
  var budget = Duration.milliseconds(500)
  var usesUnixSockets = false
  var pollingTime = Duration.zero
  var json: String?
  var wantsHelp = false

  init(_ arguments: some Sequence<String>) throws(BenchmarkError) {
    // The project's top folder or this package's: wherever it is started from.
    let top = access("Benchmarks", F_OK) == 0 ? "." : ".."
    hvgdb = "\(top)/.build/release/hvgdb"
    kernelFolder = "\(top)/.cache/kernels/\(Architecture.host.debianName)"
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
      case "--unix": usesUnixSockets = true
      case "--poll": pollingTime = .microseconds(200)
      case "--help", "-h": wantsHelp = true
      case "--quick": (rounds, budget) = (3, .milliseconds(150))
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
