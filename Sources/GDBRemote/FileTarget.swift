/// A file of a target's own, read in pieces: one with debug information may have a gigabyte.
public struct TargetFile {
  /// Its length in bytes.
  public let count: Int
  private let readPiece: (_ offset: Int, _ count: Int) throws(TargetError) -> [UInt8]

  /// Makes a file that `read` gives the bytes of.
  ///
  /// - Parameters:
  ///   - count: its length in bytes.
  ///   - read: the bytes of a piece that lies inside it.
  public init(count: Int, read: @escaping (_ offset: Int, _ count: Int) throws(TargetError) -> [UInt8]) {
    self.count = count
    readPiece = read
  }

  /// Makes a file of its bytes.
  public init(_ bytes: [UInt8]) {
    self.init(count: bytes.count) { offset, count throws(TargetError) in Array(bytes[offset..<offset + count]) }
  }

  /// The bytes from an offset on, `limit` of them where there are as many.
  func bytes(at offset: UInt64, limit: Int) throws(TargetError) -> [UInt8] {
    let start = min(Int(clamping: offset), count)
    return try readPiece(start, min(max(limit, 0), count - start))
  }
}

/// A target with virtual files of its own, among them the one that it executes.
///
/// The session serves these and nothing else: never a file of the host's, whatever path a client names.
public protocol FileTarget: AnyObject {
  /// The absolute path of the file that the guest executes, as the client names it; nil where there is none.
  ///
  /// A client that was given no file opens this one (`qXfer:exec-file`).
  var executable: String? { get }

  /// The target's own file of this path; it is kept for as long as a client has it open.
  ///
  /// - Parameter path: the path as the client names it.
  /// - Returns: the file; nil where the target has none of that path.
  /// - Throws: why a file that is there cannot be had.
  func file(at path: String) throws(TargetError) -> TargetFile?
}
