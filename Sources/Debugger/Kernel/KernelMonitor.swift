import Architecture
import Bits
import CPUEngine
import GDBRemote
import Machine

/// The commands of `monitor` that know the guest's kernel.
enum KernelMonitor {
  static let commands: [MonitorCommand] = [
    MonitorCommand("kaslr", "", "where the kernel is, and how far it has moved itself") { context throws(TargetError) in
      MonitorReply(try describePlace(context))
    }
  ]

  private static func describePlace(_ context: MonitorContext) throws(TargetError) -> String {
    let debugger = context.debugger
    debugger.follow(context.thread)
    guard let kernel = debugger.kernel else { throw .failed("it is not known where the kernel is in memory") }
    let place = "physical \(kernel.place.lowerBound) to \(kernel.place.upperBound)"
    guard let linkBase = debugger.symbols.linkBase else {
      return "the kernel is at \(place), addressed from \(kernel.base) on; where it was linked to run is not known\n"
    }
    let state =
      if kernel.isPhysical {
        "it still runs at its physical addresses; it was linked for \(linkBase)"
      } else if kernel.base == linkBase {
        "it runs where it was linked to, at \(linkBase)"
      } else {
        "it has moved itself: \(slideInWords(from: linkBase, to: kernel.base))"
      }
    return "the kernel is at \(place); \(state)\n"
  }
}
