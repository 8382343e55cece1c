import ArgumentParser

/// `hvgdb doctor`.
struct DoctorCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "doctor", abstract: "Try on a tiny guest what this host's KVM really does.")
  }

  @Flag(help: "Print the findings as JSON.")
  var json = false

  func run() throws {}
}
