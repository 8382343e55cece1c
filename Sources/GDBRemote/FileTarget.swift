/// A target with virtual files of its own, among them the one that it executes.
///
/// The session serves these and nothing else: never a file of the host's, whatever path a client names.
public protocol FileTarget: AnyObject {
  /// The absolute path of the file that the guest executes, as the client names it; nil where there is none.
  ///
  /// A client that was given no file opens this one (`qXfer:exec-file`).
  var executable: String? { get }

  /// The bytes of the target's own file of this path; they are kept for as long as a client has it open.
  ///
  /// - Parameter path: the path as the client names it.
  /// - Returns: all of the file; nil where the target has none of that path.
  /// - Throws: why a file that is there cannot be had.
  func contents(of path: String) throws(TargetError) -> [UInt8]?
}
