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
    // Far above any kernel, and low enough that no sum of offsets in the file overflows.
    guard status.size <= 1 << 48 else { throw KernelImageError("the kernel file is larger than any kernel") }
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

  /// A piece of the file.
  ///
  /// - Parameters:
  ///   - offset: where it starts; never negative.
  ///   - count: how many bytes; never negative.
  /// - Returns: its bytes, fewer only where the file ends before.
  /// - Throws: `KernelImageError` where the host cannot read the file.
  public func bytes(at offset: Int, count: Int) throws(KernelImageError) -> [UInt8] {
    var failure: KernelImageError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, read in
      do throws(KernelImageError) {
        read = try self.read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// The whole file.
  ///
  /// - Returns: its bytes.
  /// - Throws: `KernelImageError` where it cannot be read, or became shorter.
  public func contents() throws(KernelImageError) -> [UInt8] { try bytes(at: 0, count: count) }
}
