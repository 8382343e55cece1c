import Architecture
import Bits
import CPUEngine
import GDBRemote
import KernelSymbols
import Machine

/// The commands of `monitor` that know the guest's kernel.
enum KernelMonitor {
  static let commands: [MonitorCommand] = [
    MonitorCommand("kaslr", "", "where the kernel is, and how far it has moved itself") { context throws(TargetError) in
      MonitorReply(try describePlace(context))
    },
    MonitorCommand("symbols", "[NAME|ADDRESS]", "the kernel's symbols: what is known of them, or one of them") {
      context throws(TargetError) in
      MonitorReply(try describeSymbols(context))
    },
    MonitorCommand("modules", "", "the modules that Linux has loaded") { context throws(TargetError) in
      context.debugger.followModules(context.thread)
      return MonitorReply(context.debugger.modules.all.map { "\($0.name): \(words($0))\n" }.joined())
    },
    MonitorCommand("dmesg", "", "Linux's log, read out of its memory") { context throws(TargetError) in
      MonitorReply(try log(context))
    },
  ]

  private static func words(_ module: LinuxModule) -> String {
    let places = module.sections.filter(\.isCode).map { "\($0.name) at \($0.range.lowerBound)" }
    return ([module.state == .live ? "loaded" : "\(module.state)"] + places).joined(separator: ", ")
  }

  private static func log(_ context: MonitorContext) throws(TargetError) -> String {
    do throws(MachineError) { try context.debugger.machine.finishLoading() } catch { throw .failed(error.description) }
    context.debugger.follow(context.thread)
    guard let linux = context.debugger.linux(context.thread) else {
      throw .failed(context.debugger.symbols.problem ?? "it is not known where the kernel is in memory")
    }
    do throws(LinuxError) {
      let log = try LinuxLog.read(from: linux, types: try? linux.types())
      let lost = log.lost == 0 ? "" : "\(log.lost) messages are lost\n"
      return log.text + lost
    } catch { throw .failed(error.description) }
  }

  private static func describeSymbols(_ context: MonitorContext) throws(TargetError) -> String {
    let debugger = context.debugger
    guard let table = debugger.symbols.table else { throw .failed(debugger.symbols.problem ?? "there are none") }
    let slide = (debugger.kernelBase ?? table.linkRange.lowerBound).rawValue &- table.linkRange.lowerBound.rawValue
    if let name = context.arguments.first {
      let named = table.symbols(named: name)
      let found =
        named.isEmpty ? table.symbol(at: GuestVirtual(try context.number(0) &- slide)).map { [$0] } ?? [] : named
      guard !found.isEmpty else { throw .invalid("no symbol of the kernel is at \(name)") }
      return found.map { symbol in
        "\(symbol.address.wrapping(by: slide)) \(symbol.size) bytes: \(symbol.name)\n"
      }.joined()
    }
    let sections = table.sections.map { section in
      "\(section.range.lowerBound.wrapping(by: slide)) to \(section.range.upperBound.wrapping(by: slide)): \(section.name)\n"
    }
    return "\(table.count) symbols of the kernel's own, build id \(table.buildID?.description ?? "not stated")\n"
      + (table.banner.map { "\($0)\n" } ?? "") + sections.joined()
  }

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
