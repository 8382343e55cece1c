/// The architecture of a guest: a value, since one build debugs guests of every architecture.
public enum GuestArchitecture: String, Sendable, CaseIterable, CustomStringConvertible {
  case arm64
  // swift-format-ignore: AlwaysUseLowerCamelCase
  case x86_64 = "x86-64"

  /// The name as the command line and messages spell it.
  public var description: String { rawValue }

  /// The architecture of the machine that this program runs on, or nil where it is neither.
  public static var host: GuestArchitecture? {
    // The one place outside the KVM engine that may ask: what the host is cannot be a value of the guest's.
    #if arch(arm64)
      .arm64
    #elseif arch(x86_64)
      .x86_64
    #else
      nil
    #endif
  }
}
