import ArgumentParser
import KernelImage

/// `hvgdb inspect FILE`.
struct InspectCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(commandName: "inspect", abstract: "Print what a kernel image is and where it would go.")
  }

  @Argument(help: "The kernel image.", completion: .file())
  var file: String

  func run() throws {
    try reportingFailures {
      let report = try KernelImage(reading: KernelFile(path: file)).report()
      print(report.text, terminator: "")
    }
  }
}
