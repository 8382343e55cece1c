import GDBRemote
import Machine

/// The commands of `monitor` for the guest's console.
enum ConsoleMonitor {
  static let commands: [MonitorCommand] = [
    MonitorCommand("console", "", "what the guest printed last") { context throws(TargetError) in
      MonitorReply(String(decoding: context.debugger.machine.console.history, as: UTF8.self))
    },
    MonitorCommand("type", "TEXT", "type TEXT and Enter on the guest's console, or no Enter where it ends with \\c") {
      context throws(TargetError) in
      guard !context.text.isEmpty else { throw context.usageError("what is to be typed") }
      context.debugger.machine.board.type(try keys(of: context))
      return MonitorReply("")
    },
  ]

  /// What the keyboard would send: the text with its escapes replaced, and Enter behind it.
  private static func keys(of context: MonitorContext) throws(TargetError) -> [UInt8] {
    var keys: [UInt8] = []
    var rest = context.text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        keys.append(byte)
        continue
      }
      switch rest.popFirst().map({ Character(UnicodeScalar($0)) }) {
      case "n": keys.append(0x0A)
      case "r": keys.append(0x0D)
      case "t": keys.append(0x09)
      case "e": keys.append(0x1B)
      case "\\": keys.append(UInt8(ascii: "\\"))
      case "x":
        let digits = rest.prefix(2)
        guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
          throw context.usageError("two hexadecimal digits follow \\x")
        }
        keys.append(value)
        rest = rest.dropFirst(2)
      case "c" where rest.isEmpty: return keys
      default: throw context.usageError("the escapes are \\n \\r \\t \\e \\xNN \\\\ and, at the end, \\c")
      }
    }
    return keys + [0x0D]
  }
}
