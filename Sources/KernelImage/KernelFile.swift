import SystemPackage

/// An open kernel file, read by position.
///
/// It is never mapped: a mapped file that someone shortens raises SIGBUS where it is read, and its pages count as this
/// process's memory. Reads carry their position, so that one file serves several threads at once.
public final class KernelFile: Sendable {
  /// Its length in bytes when it was opened.
  public let count: Int
  private let descriptor: FileDescriptor
  /// What errors call it.
  private let role: String

  /// Opens a regular file.
  ///
  /// - Parameters:
  ///   - path: where it is; a relative path starts at the working directory.
  ///   - role: what errors call it.
  /// - Throws: `KernelImageError` where it cannot be read, or is a directory, pipe or device.
  public init(path: String, role: String = "kernel") throws(KernelImageError) {
    self.role = role
    let descriptor: FileDescriptor
    do {
      // Without nonBlocking, opening a FIFO that has no writer waits for one.
      descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
    } catch {
      throw KernelImageError("the \(role) file `\(path)` cannot be opened (\(error))")
    }
    do throws(KernelImageError) {
      count = try Self.regularFileSize(of: descriptor, role)
    } catch {
      try? descriptor.close()
      throw error
    }
    self.descriptor = descriptor
  }

  private static func regularFileSize(of descriptor: FileDescriptor, _ role: String) throws(KernelImageError) -> Int {
    let status: Stat
    do {
      status = try descriptor.stat()
    } catch {
      throw KernelImageError("the \(role) file's size cannot be read (\(error))")
    }
    guard status.type == .regular else {
      let what = status.type == .directory ? "a directory" : "a pipe, socket or device"
      throw KernelImageError("the \(role) is \(what) where a regular file is needed")
    }
    return Int(status.size)
  }

  /// Reads bytes up to the buffer's end or the file's.
  ///
  /// - Parameters:
  ///   - offset: where in the file; never negative.
  ///   - buffer: where the bytes go.
  /// - Returns: how many bytes were read; fewer than asked for only at the end of the file.
  /// - Throws: `KernelImageError` where the host cannot read the file.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(KernelImageError) -> Int {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count: Int
      do {
        count = try descriptor.read(fromAbsoluteOffset: Int64(offset) &+ Int64(done), into: rest)
      } catch {
        throw KernelImageError("the \(role) file cannot be read at offset \(hex(offset &+ done)) (\(error))")
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  deinit { try? descriptor.close() }
}

/// A stretch of a kernel file; every position is checked against its bounds.
struct FileSlice: Sendable {
  let file: KernelFile
  /// Where it starts in the file, and its length: inside the file as it was when opened.
  let offset: Int
  let count: Int

  init(_ file: KernelFile) {
    self.file = file
    self.offset = 0
    self.count = file.count
  }

  private init(file: KernelFile, offset: Int, count: Int) {
    self.file = file
    self.offset = offset
    self.count = count
  }

  /// The part of `count` bytes from `offset` on, or nil where this slice ends before it does.
  func slice(at offset: Int, count: Int) -> FileSlice? {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else { return nil }
    return FileSlice(file: file, offset: self.offset + offset, count: count)
  }

  /// Fills the buffer with the bytes at `position`.
  func read(at position: Int, into buffer: UnsafeMutableRawBufferPointer) throws(KernelImageError) {
    guard position >= 0, position <= count, buffer.count <= count - position else {
      throw KernelImageError("the file ends at \(hex(offset + count)), before the bytes that it announces")
    }
    let done = try file.read(at: offset + position, into: buffer)
    guard done == buffer.count else {
      throw KernelImageError("the file was cut short to \(hex(offset + position + done)) bytes while it was read")
    }
  }

  /// The first bytes, at most `limit` of them.
  func prefix(_ limit: Int) throws(KernelImageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: min(limit, count))
    try bytes.fill { buffer throws(KernelImageError) in try read(at: 0, into: buffer) }
    return bytes
  }
}

extension [UInt8] {
  /// Has `body` overwrite the bytes; an error of `body` is thrown on.
  mutating func fill(
    by body: (UnsafeMutableRawBufferPointer) throws(KernelImageError) -> Void
  ) throws(KernelImageError) {
    let result: Result<Void, KernelImageError> = withUnsafeMutableBytes { buffer in
      do throws(KernelImageError) { return .success(try body(buffer)) } catch { return .failure(error) }
    }
    try result.get()
  }
}
