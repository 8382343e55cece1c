import CPUEngine
import Devices
import GDBRemote
import Machine

/// How the guest came to its end, as its user is told.
enum GuestEnd: Sendable, Equatable {
  case failure(GuestFailure)
  case request(MachineRequest)

  /// The signal of the stop reply.
  var signal: StopSignal {
    switch self {
    case .failure(.tripleFault): .segmentation
    case .failure(.emulationFailure): .illegal
    case .failure(.undecodedAccess): .bus
    case .failure: .abort
    case .request: .terminated
    }
  }

  /// The exit status of a guest that ended in an orderly way.
  var exitStatus: UInt8? {
    switch self {
    case .request(.powerOff): 0
    case .request(.exit(let status)): UInt8(truncatingIfNeeded: status)
    default: nil
    }
  }

  /// One line of why, for a CPU whose next instruction is at `address`.
  func explanation(cpu: Int, at address: String) -> String {
    let place = "CPU \(cpu) at \(address)"
    return switch self {
    case .failure(let failure): Self.words(failure, place)
    case .request(.powerOff): "the guest powered off (\(place))"
    case .request(.reset): "the guest asked for a reset (\(place))"
    case .request(.exit(let status)): "the guest ended itself with status \(status) (\(place))"
    }
  }

  /// What a debugger's user can do now.
  var advice: String {
    switch self {
    case .failure: "all state is kept; `monitor reset` starts the guest again"
    case .request(.reset): "`continue` performs it"
    case .request: "`continue` ends it, `monitor reset` starts it again"
    }
  }

  private static func words(_ failure: GuestFailure, _ place: String) -> String {
    switch failure {
    case .tripleFault: return "triple fault on \(place): an exception came while a double fault was delivered"
    case .emulationFailure(let instruction):
      let bytes = instruction.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
      return "the engine cannot execute the instruction of \(place): \(bytes.joined(separator: " "))"
    case .internalError(let suberror, let data):
      let words = data.map { "0x" + String($0, radix: 16) }
      return "the engine met an internal error on \(place): suberror \(suberror), data \(words.joined(separator: " "))"
    case .entryFailure(let reason):
      return "the processor refused the state of \(place): reason 0x\(String(reason, radix: 16))"
    case .undecodedAccess(let physical, let syndrome):
      return
        "\(place) accessed \(physical) in a way that its syndrome 0x\(String(syndrome, radix: 16)) does not describe"
    case .reportedCrash: return "the guest reported its own crash on \(place)"
    case .hostRefusal(let errno): return "the host refused to run \(place): errno \(errno)"
    case .unknownExit(let reason):
      return "the engine stopped \(place) for a reason that hvgdb does not know: exit \(reason)"
    }
  }
}
