import ArgumentParser
import Host

/// `hvgdb doctor`.
struct DoctorCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "doctor", abstract: "Try on tiny guests what this host's KVM really does.",
      discussion: """
        Ends with status 0 where KVM's guests can be debugged on this host, and with 1 where they cannot. The software CPU \
        runs arm64 guests on every host.
        """)
  }

  @Flag(help: "Print the findings as JSON.")
  var json = false

  func run() throws {
    HostThread.blockSignals()
    let diagnosis = KVMExamination.diagnosis()
    print(json ? diagnosis.json : diagnosis.table, terminator: "")
    if !diagnosis.canDebug { throw ExitCode(Failure.status) }
  }
}
