import Architecture
import Bits
import CPUEngine
import GDBRemote
import GuestMemory
import KernelImage

/// What a client knows of where the kernel is.
struct KernelFollower {
  /// Whether the client reads the list of libraries, and so can be told that the kernel is elsewhere now.
  var isFollowing = false
  /// The address of the image's first byte that the client was told last.
  var knownBase: GuestVirtual?
  /// How often the modules had changed when the client was told of them last.
  var knownModules = 0
  /// A stop that the client is told of once it knows where the kernel is.
  var heldEvent: StopEvent?
}

/// What gave a virtual address its place.
enum AddressRule {
  /// The CPU's own translation.
  case tables
  /// The kernel's link addresses: its page tables are not in force yet.
  case linkAddress
}

extension Debugger {
  /// Looks where a thread's CPU executes, and with it where the kernel is.
  func follow(_ thread: ThreadID) {
    guard let cpu = cpu(of: thread), let counter = instructionAddress(of: cpu) else { return }
    follow(cpu, at: counter)
  }

  private func follow(_ cpu: any VirtualCPU, at counter: GuestVirtual) {
    if decompressor != nil, kernel == nil {
      for address in [counter] + support.kernelEntries(of: cpu) where kernel == nil {
        if let place = try? translator(of: cpu).translate(address).physical { findUnpackedKernel(near: place) }
      }
    }
    let hasMoved = kernel?.follow(counter) {
      support.kernelEntries(of: cpu)
    } translate: { address in
      try? self.translator(of: cpu).translate(address).physical
    }
    if hasMoved == true { announceSlide() }
  }

  /// Says once a boot how far the kernel has moved from where it was linked to run.
  private func announceSlide() {
    guard !hasAnnouncedSlide, let kernel, !kernel.isPhysical, let linkBase = symbols.linkBase else { return }
    hasAnnouncedSlide = true
    guard kernel.base != linkBase else { return }
    announce("the kernel has moved itself: \(slideInWords(from: linkBase, to: kernel.base)) (KASLR)")
  }

  // MARK: News for a client that follows

  /// Notes a stop for the client; one that follows the kernel learns first where that is now.
  func report(_ event: StopEvent) -> StopEvent {
    noteStop(event)
    // Noted with the stop: every step comes here, and a register's value is not had for nothing.
    let counter = cpu(of: event.thread).flatMap { reportedAddresses[$0.index] }
    if let cpu = cpu(of: event.thread), let counter { follow(cpu, at: counter) }
    if event.reason != .signal || event.signal != .trap { followModules(event.thread) }
    if let news = newsForFollower(of: event.thread, before: event) { return news }
    // The client knows its breakpoint by another address and would not take this one for it.
    return event.reason.isBreakpoint && counter.flatMap { placements.reason(at: $0) } == nil
      ? StopEvent(thread: event.thread, signal: event.signal) : event
  }

  /// The stop by which the client learns that the kernel is elsewhere; nil where it knows, or does not care.
  ///
  /// - Parameters:
  ///   - thread: the thread that is said to have stopped.
  ///   - event: what the client is told after that, when it goes on.
  /// - Returns: the stop to be reported now.
  func newsForFollower(of thread: ThreadID, before event: StopEvent? = nil) -> StopEvent? {
    guard follower.isFollowing, let base = kernelBase,
      base != follower.knownBase || modules.changeCount != follower.knownModules
    else { return nil }
    follower.knownBase = base
    follower.knownModules = modules.changeCount
    follower.heldEvent = event
    return StopEvent(thread: thread, signal: .trap, reason: .librariesChanged)
  }

  /// The stop that was held back for news; nil where there is none, or the client has taken away what it was for.
  func takeHeldEvent() -> StopEvent? {
    guard let event = follower.heldEvent.take() else { return nil }
    switch event.reason {
    case .softwareBreakpoint, .hardwareBreakpoint:
      return breakpointReason(of: event.thread)
        .map { StopEvent(thread: event.thread, signal: event.signal, reason: $0) }
    case .watchpoint(let kind, let address):
      return placements.watches.contains { $0.kind == kind && $0.address.rawValue == address } ? event : nil
    case .signal, .librariesChanged, .exited: return event
    }
  }

  private func breakpointReason(of thread: ThreadID) -> StopEvent.Reason? {
    cpu(of: thread).flatMap { instructionAddress(of: $0) }.flatMap { placements.reason(at: $0) }
  }

  // MARK: Addresses

  /// The address of the kernel's first byte as its symbols are to be understood now; nil where nothing tells it.
  var kernelBase: GuestVirtual? { kernel?.base ?? (decompressor == nil ? nil : symbols.linkBase) }

  /// Whether the code at an address will run at another one as well: the kernel has not turned on its page tables.
  func isBound(_ address: GuestVirtual) -> Bool {
    guard let kernel else { return false }
    return kernel.isPhysical && kernel.contains(address)
  }

  /// Places that the guest passes when the kernel comes to be elsewhere, and where a client's breakpoints move with it:
  /// the decompressor's last jump, and the first code that runs at virtual addresses.
  var milestones: [Breakpoints.Milestone] {
    guard follower.isFollowing, !placements.isEmpty else { return [] }
    guard let kernel else { return decompressorExits }
    guard kernel.isPhysical, let offset = symbols.milestone else { return [] }
    return [Breakpoints.Milestone(place: kernel.place.lowerBound.wrapping(by: offset))]
  }

  /// A virtual address's place as a CPU sees it, or as the kernel will once its page tables are in force.
  func locate(
    _ address: GuestVirtual, by translator: any AddressTranslator
  ) throws(TranslationFault) -> (translation: Translation, rule: AddressRule) {
    let fault: TranslationFault
    do throws(TranslationFault) {
      let translation = try translator.translate(address)
      if memory.bytes(at: translation.physical) != nil { return (translation, .tables) }
      fault = TranslationFault("no RAM at physical \(translation.physical)")
    } catch { fault = error }
    guard let place = linkedPlace(of: address) else { throw fault }
    let page = Translation(physical: place, pageSize: 4096, isWritable: true, isExecutable: true, isUser: false)
    return (page, .linkAddress)
  }

  /// A virtual address's place, or nil where it has none.
  func place(of address: GuestVirtual, by translator: any AddressTranslator) -> GuestPhysical? {
    (try? locate(address, by: translator))?.translation.physical
  }

  /// The place of one of the kernel's link addresses, as long as nothing else gives them a meaning.
  private func linkedPlace(of address: GuestVirtual) -> GuestPhysical? {
    guard let kernel, !kernel.hasBeenVirtual, address.isInUpperHalf, let linkBase = symbols.linkBase else { return nil }
    let place = kernel.place.lowerBound.wrapping(by: address.rawValue &- linkBase.rawValue)
    return kernel.place.contains(place) ? place : nil
  }
}

extension StopEvent.Reason {
  fileprivate var isBreakpoint: Bool { self == .softwareBreakpoint || self == .hardwareBreakpoint }
}

/// How far a kernel runs from where it was linked to run, such as `0x1a00000 up, from 0x… to 0x…`.
func slideInWords(from linkBase: GuestVirtual, to base: GuestVirtual) -> String {
  let up = base.rawValue &- linkBase.rawValue
  let distance = base >= linkBase ? "0x\(hex(up)) up" : "0x\(hex(0 &- up)) down"
  return "\(distance), from \(linkBase) to \(base)"
}
