public import GDBRemote
import Machine

extension Debugger: RestartTarget {
  /// Starts the kernel again, with a new command line where there are arguments.
  public func restart(arguments: [String]?) throws(TargetError) {
    let previous = machine.commandLine
    if let arguments { machine.commandLine = try Self.commandLine(of: arguments) }
    do throws(MachineError) { try resetMachine() } catch {
      machine.commandLine = previous
      throw .failed(error.description)
    }
  }

  /// The command line that the kernel takes apart into these words (Linux, lib/cmdline.c, `next_arg`).
  ///
  /// The client has undone the quotation marks that its user typed. The kernel knows them too, so that a word with
  /// spaces gets them back, around its value; it knows no other way, and a word that has some already is left alone.
  static func commandLine(of arguments: [String]) throws(TargetError) -> [UInt8] {
    let words = arguments.map { word in
      guard word.contains(where: \.isWhitespace), !word.contains("\"") else { return word }
      guard let sign = word.firstIndex(of: "="), !word[..<sign].contains(where: \.isWhitespace) else {
        return "\"\(word)\""
      }
      return "\(word[...sign])\"\(word[word.index(after: sign)...])\""
    }
    let line = Array(words.joined(separator: " ").utf8)
    guard !line.contains(0) else { throw .invalid("a command line cannot have a zero byte") }
    return line
  }
}
