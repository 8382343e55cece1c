public import ArgumentParser
import Glibc
import Machine

/// The command line.
public struct HVGDB: ParsableCommand {
  static let version = "0.1.0"

  /// What the parser is told of the command.
  public static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "hvgdb",
      abstract: "A hypervisor whose first interface is a debugger.",
      discussion: """
        Stops a kernel at its first instruction and lets gdb attach:

            hvgdb --kernel vmlinuz --append 'console=ttyS0' --listen :1234
            gdb-multiarch -ex 'target remote :1234'
        """,
      version: version,
      subcommands: [RunCommand.self, DoctorCommand.self, InspectCommand.self],
      defaultSubcommand: RunCommand.self)
  }

  /// Makes the command; the parser fills it in.
  public init() {}
}

/// Says one line on standard error and ends with a status.
struct Failure: Error, CustomStringConvertible {
  let description: String

  /// What the machine or a file is at fault for.
  static let status: Int32 = 1
}

/// Runs `body`; what it throws becomes one sentence on standard error and the exit status 1.
func reportingFailures(_ body: () throws -> Void) throws {
  do { try body() } catch let exit as ExitCode { throw exit } catch {
    complain("\(error)")
    throw ExitCode(Failure.status)
  }
}

/// Writes a line to standard error.
func complain(_ line: String) {
  let bytes = Array("hvgdb: \(line)\n".utf8)
  _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
