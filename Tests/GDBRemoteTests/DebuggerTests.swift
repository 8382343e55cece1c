import Foundation
import GDBRemote
import Glibc
import Testing

/// Serves one client on a loopback port, as simply as a driver can.
private final class Server: @unchecked Sendable {
  // The socket is made before the thread that serves it starts, and is not changed after.
  private let listener: Int32
  let port: UInt16

  init?() {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return bind(listener, $0, length) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    if !isBound { return nil }
  }

  deinit { close(listener) }

  func serve(hasProgram: Bool) {
    let client = accept(listener, nil, nil)
    guard client >= 0 else { return }
    defer { close(client) }
    let target = NopTarget(hasProgram: hasProgram)
    var session = Session(target: target, serverName: "test", serverVersion: "1")
    var buffer = [UInt8](repeating: 0, count: 0x1_0000)
    while !session.hasEnded {
      let count = read(client, &buffer, buffer.count)
      guard count > 0 else { return }
      buffer[..<count].withUnsafeBytes { session.receive($0) }
      var effect: SessionEffect
      repeat {
        effect = session.next()
        switch effect {
        case .resume(let request):
          Array("running\n".utf8).withUnsafeBytes { session.console($0) }
          session.stopped(target.run(request))
        case .interrupt: session.stopped(target.stop(StopEvent(thread: ThreadID(1), signal: .interrupt)))
        case .awaitInput, .sendOutput, .detach, .kill: break
        }
        while session.outputCount > 0 {
          let sent = session.withOutput { write(client, $0.baseAddress, $0.count) }
          guard sent > 0 else { return }
          session.discardOutput(sent)
        }
      } while effect != .awaitInput
    }
  }
}

/// What gdb itself makes of the protocol.
@Suite("gdb")
struct DebuggerTests {
  static let debugger = "/usr/bin/gdb-multiarch"

  private static let isInstalled = FileManager.default.isExecutableFile(atPath: debugger)

  @Test(
    "gdb-multiarch works with a session", .enabled(if: isInstalled, "gdb-multiarch is not installed"),
    arguments: [
      ("remote", false, exchanges), ("extended-remote", false, extendedExchanges), ("remote", true, symbolExchanges),
    ])
  func session(_ target: String, hasProgram: Bool, _ exchanges: [(command: String, reply: String)]) throws {
    let server = try #require(Server())
    Thread.detachNewThread { server.serve(hasProgram: hasProgram) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    process.arguments =
      ["-k", "1", "60", Self.debugger, "-nx", "-batch", "-ex", "target \(target) 127.0.0.1:\(server.port)"]
      + exchanges.flatMap { ["-ex", $0.command] }
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(output)")
    for line in ["Truncated", "warning: Architecture", "Could not load XML", "rror in packet"] {
      #expect(!output.contains(line), "\(output)")
    }
    var rest = output[...]
    for (command, reply) in exchanges {
      guard let found = rest.firstRange(of: reply) else {
        Issue.record("\(command) does not show \(reply) after what came before it:\n\(output)")
        return
      }
      rest = rest[found.upperBound...]
    }
  }

  /// Commands, and a part of what each shows.
  static let exchanges: [(command: String, reply: String)] = [
    ("p/x $rip", "$1 = 0x1000"),
    ("stepi", "0x0000000000001001 in ?? ()"),
    ("set var *(unsigned char *) 0x2000 = 0x7d", ""),
    ("set var $rax = 0x123456789abcdef0", ""),
    ("p/x $rax", "= 0x123456789abcdef0"),
    ("x/4xb 0x1fff", "0x90\t0x7d\t0x90\t0x90"),
    ("set var $control.whole = 0x0807060504030201", ""),
    ("p $control.bytes", "{1, 2, 3, 4, 5, 6, 7, 8}"),
    ("p $unknown", "<unavailable>"),
    ("set var $eflags = 0x3201", ""),
    ("p $eflags", "[ CF IF IOPL=3 ]"),
    ("break *0x1010", "Breakpoint 1 at 0x1010"),
    ("continue", "running\n\nThread 1 hit Breakpoint 1"),
    ("hbreak *0x1020", "Hardware assisted breakpoint 2 at 0x1020"),
    ("continue", "Thread 1 hit Breakpoint 2"),
    ("delete", ""),
    ("info threads", "(CPU 1 <ring 0>)"),
    ("monitor hello", "you said hello"),
    ("find /b 0x1000, 0xffff, 0x7d", "0x2000\n1 pattern found."),
    ("x/2xb 0xfffe", "0x90\t0x90"),
    ("dump binary memory /dev/null 0 0x10000", ""),
    ("thread 2", "Switching to thread 2"),
    ("stepi", "0x0000000000001021 in ?? ()"),
    ("set var $rip = 0xfff0", ""),
    ("continue", "received signal SIGSEGV"),
    ("maint print xml-tdesc", "<feature name=\"org.example.system\">"),
    ("detach", "detached"),
  ]

  /// What gdb, which was given no file, reads from the target, and what follows when a library moves.
  static let symbolExchanges: [(command: String, reply: String)] = [
    ("info files", "target:/nop/program"),
    ("info symbol $pc", "nop_program in section .text"),
    ("info symbol 0x4008", "nop_library + 8 in section .text of target:/nop/library"),
    ("break nop_library", "Breakpoint 1 at 0x4000"),
    ("continue", "Breakpoint 1, 0x0000000000005000 in nop_library ()"),
    ("info sharedlibrary", "target:/nop/./library"),
    ("p (long) nop_library", "= 20480"),
  ]

  /// What a user does with a program of their own, and what only some targets have.
  static let extendedExchanges: [(command: String, reply: String)] = [
    ("info sharedlibrary", "/nop/library"),
    ("info mem", "0x0000000000003000 0x0000000000004000 ro"),
    ("info os", "cpus       All <CPUs>"),
    ("info os cpus", "1          <nops>"),
    ("remote get /readme /dev/stdout", "read me: #$}*"),
    ("remote get /etc/hostname /dev/stdout", "No such file or directory"),
    ("remote put /dev/null /readme", "Read-only file system"),
    ("break *0x1010", "Breakpoint 1 at 0x1010"),
    ("break *0x3010", "Note: automatically using hardware breakpoints"),
    ("run console=ttyS0 a=\"b c\"", "Breakpoint 1, 0x0000000000001010"),
    ("monitor arguments", "[\"console=ttyS0\", \"a=b c\"]"),
    ("show args", "is \"console=ttyS0 a=\"b c\"\""),
    ("kill", "killed"),
    ("info threads", "No threads"),
    ("monitor hello", "you said hello"),
    ("starti", "0x0000000000001000"),
    ("monitor arguments", "[\"console=ttyS0\", \"a=b c\"]"),
    ("continue", "Breakpoint 1, 0x0000000000001010"),
    ("continue", "Breakpoint 2, 0x0000000000003010"),
    ("set args", ""),
    ("run \"\"", "Breakpoint 1, 0x0000000000001010"),
    ("monitor arguments", "[\"\"]"),
  ]
}
