/// A target that can be started again, as `run` does to a program.
public protocol RestartTarget: AnyObject {
  /// Starts the guest again, whether it has ended or not, and leaves it stopped at its first instruction.
  ///
  /// - Parameter arguments: the words behind `run`, the client's quotation marks undone; nil keeps what they were.
  /// - Throws: why it cannot be started; there is no guest to be looked at then, and another try may have one.
  func restart(arguments: [String]?) throws(TargetError)
}
