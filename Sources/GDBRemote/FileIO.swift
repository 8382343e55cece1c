/// The errors of file operations by the protocol's own numbers (GDB manual, "Errno Values").
enum FileError: UInt64, Error {
  case noSuchFile = 2
  case inputOutput = 5
  case badDescriptor = 9
  case invalidArgument = 22
  case tooManyOpenFiles = 24
  case readOnlyFileSystem = 30
}

/// How a file is opened (GDB manual, "Open Flags").
struct FileOpenFlags: OptionSet {
  let rawValue: UInt64

  /// The low bits hold how the file is accessed; reading alone is 0.
  static let accessMode = FileOpenFlags(rawValue: 0x3)
  static let append = FileOpenFlags(rawValue: 0x8)
  static let create = FileOpenFlags(rawValue: 0x200)
  static let truncate = FileOpenFlags(rawValue: 0x400)

  /// Whether the file could become another one by being opened so.
  var canChange: Bool { !isDisjoint(with: [.accessMode, .append, .create, .truncate]) }
}

/// What is known of a file, as the protocol lays it out (GDB manual, "struct stat").
struct FileStatus {
  /// A regular file that everybody may read (`S_IFREG`, `S_IRUSR | S_IRGRP | S_IROTH`; "mode_t Values").
  private static let mode: UInt32 = 0o100444
  /// The unit of its count of blocks, in bytes.
  private static let blockSize: UInt64 = 512

  /// The file's length in bytes.
  let size: UInt64

  /// The structure, big-endian and without padding.
  var bytes: [UInt8] {
    // st_dev, st_ino, st_mode, st_nlink, st_uid, st_gid, st_rdev
    let identity: [UInt32] = [0, 0, Self.mode, 1, 0, 0, 0]
    // st_size, st_blksize, st_blocks
    let blockCount = size / Self.blockSize + (size % Self.blockSize == 0 ? 0 : 1)
    let extent = [size, Self.blockSize, blockCount]
    // st_atime, st_mtime, st_ctime
    let times: [UInt32] = [0, 0, 0]
    return identity.flatMap(Self.bigEndian) + extent.flatMap(Self.bigEndian) + times.flatMap(Self.bigEndian)
  }

  private static func bigEndian(_ field: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: field.bigEndian) { Array($0) }
  }
}

/// The files that a client has open, by descriptor; their number is bounded.
struct OpenFiles {
  /// How many files may be open.
  private static let limit = 16

  private var files: [UInt64: TargetFile] = [:]

  /// Keeps a file; nil where too many are open.
  mutating func open(_ file: TargetFile) -> UInt64? {
    guard let descriptor = (0..<UInt64(Self.limit)).first(where: { files[$0] == nil }) else { return nil }
    files[descriptor] = file
    return descriptor
  }

  /// Lets a file go; false where it is not open.
  mutating func close(_ descriptor: UInt64) -> Bool { files.removeValue(forKey: descriptor) != nil }

  /// An open file; nil where it is not open.
  subscript(descriptor: UInt64) -> TargetFile? { files[descriptor] }
}
