import CKVM
import CPUEngine
import Glibc
import SystemPackage

/// Owns one of KVM's file descriptors and issues ioctls on it.
struct Descriptor: ~Copyable {
  let rawValue: CInt

  /// Takes over an open descriptor.
  init(owning rawValue: CInt) { self.rawValue = rawValue }

  deinit { close(rawValue) }

  /// Issues an ioctl whose argument is an integer.
  ///
  /// - Returns: the ioctl's own, which is not negative.
  /// - Throws: the errno.
  @discardableResult
  func control(_ request: UInt, _ argument: UInt = 0) throws(Errno) -> CInt {
    let result = ckvm_ioctl(rawValue, request, argument)
    guard result >= 0 else { throw Errno(rawValue: errno) }
    return result
  }

  /// Issues an ioctl that reads and writes a structure.
  @discardableResult
  func control<Argument>(_ request: UInt, _ argument: inout Argument) throws(Errno) -> CInt {
    // SAFETY: the structure is the one that the kernel's header gives for this request; it lives across the call.
    let result = withUnsafeMutablePointer(to: &argument) {
      ckvm_ioctl(rawValue, request, UInt(bitPattern: UnsafeMutableRawPointer($0)))
    }
    guard result >= 0 else { throw Errno(rawValue: errno) }
    return result
  }

  /// Issues an ioctl on a structure that stands in an array, which has at least its length.
  @discardableResult
  func control<Element: BitwiseCopyable>(_ request: UInt, _ buffer: inout [Element]) throws(Errno) -> CInt {
    // SAFETY: the array lives, unmoved, across the call.
    let result = buffer.withUnsafeMutableBytes { ckvm_ioctl(rawValue, request, UInt(bitPattern: $0.baseAddress)) }
    guard result >= 0 else { throw Errno(rawValue: errno) }
    return result
  }
}

extension EngineError {
  /// An ioctl that failed where it must not.
  init(_ request: String, _ errno: Errno) {
    self.init("KVM refused \(request): \(errno)")
  }
}

/// Runs `body`, which issues ioctls, and names them in the error where one fails.
@discardableResult
func named<Result: ~Copyable>(
  _ request: String, _ body: () throws(Errno) -> Result
) throws(EngineError) -> Result {
  do throws(Errno) { return try body() } catch { throw EngineError(request, error) }
}
