/// An initial RAM disk: a file that goes into the guest's memory as it is.
public struct InitialRAMDisk: Sendable {
  /// Its length in bytes when it was opened.
  public var count: Int { file.count }

  private let file: KernelFile

  /// Opens a regular file.
  ///
  /// - Parameter path: where it is.
  /// - Throws: `KernelImageError` where it cannot be read, is no regular file, or is empty.
  public init(path: String) throws(KernelImageError) {
    file = try KernelFile(path: path, role: "initial RAM disk")
    guard file.count > 0 else { throw KernelImageError("the initial RAM disk `\(path)` is empty") }
  }

  /// Copies it to where the guest finds it.
  ///
  /// - Parameter memory: the host's bytes of the place, at least `count`.
  /// - Throws: `KernelImageError` where it cannot be read any more, or has become shorter.
  public func copy(into memory: UnsafeMutableRawBufferPointer) throws(KernelImageError) {
    let place = UnsafeMutableRawBufferPointer(rebasing: memory.prefix(count))
    guard place.count == count, try file.read(at: 0, into: place) == count else {
      throw KernelImageError("the initial RAM disk was cut short while it was read")
    }
  }
}
