/// Placeholder of the session; see DebugTarget.swift for the seam.
public enum SessionEffect: Sendable, Equatable {
  /// Every whole packet is answered; more bytes are needed.
  case awaitInput
  /// The target shall run; the session is *running* until `stopped(_:)` is called.
  case resume(ResumeRequest)
  /// The client sent Ctrl-C while the target runs; the driver stops it and calls `stopped(_:)`.
  case interrupt
  /// The client lets go of the target, which runs on; the connection ends when the output is sent.
  case detach
  /// The client ends the guest; the connection ends when the output is sent.
  case kill
}
