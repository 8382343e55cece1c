import Foundation
import Testing

/// A program of the host that the tests run.
struct Tool {
  private let path: String

  static let gdb = Tool("gdb-multiarch")

  /// Finds a program by `PATH`; nil where it is not installed.
  init?(_ name: String) {
    let directories = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    let paths = directories.map { "\($0)/\(name)" }
    guard let path = paths.first(where: FileManager.default.isExecutableFile(atPath:)) else { return nil }
    self.path = path
  }

  /// Runs the program to its end and returns what it wrote to standard output and standard error.
  func run(_ arguments: [String]) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
  }
}

/// A file of the test's own, which is gone when the test lets go of it.
final class TemporaryFile {
  let path: String

  init(_ bytes: [UInt8]) throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "hvgdb-symbols-\(UUID().uuidString)")
    try Data(bytes).write(to: url)
    path = url.path
  }

  deinit { unlink(path) }
}
