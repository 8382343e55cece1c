/// What a file operation replies with.
private enum FileResult {
  /// A number: a descriptor, or 0 for success.
  case value(UInt64)
  /// Bytes behind their count.
  case data([UInt8])
  case failure(FileError)
}

extension Session {
  /// `vFile:operation:parameter…`: operations on the target's own files (GDB manual, "Host I/O Packets").
  ///
  /// No file of the host's is ever opened, and none is ever written.
  mutating func operateOnFile(_ packet: inout PacketReader) throws(TargetError) {
    guard let files = target.files else { return }
    try packet.require(":")
    let operation = packet.field(endingAt: ":")
    try packet.require(":")
    switch operation {
    case "setfs": append(try selectFileSystem(&packet))
    case "open": append(try openFile(&packet, files))
    case "pread": append(try readFile(&packet))
    case "fstat": append(try reportOpenFile(&packet))
    case "stat", "lstat": append(try reportFile(&packet, files))
    case "readlink": append(try readLink(&packet, files))
    case "close": append(try closeFile(&packet))
    case "pwrite", "unlink": append(.failure(.readOnlyFileSystem))
    default: break
    }
  }

  private mutating func append(_ result: FileResult) {
    encoder.append("F")
    switch result {
    case .value(let value): encoder.append(number: value)
    case .data(let bytes):
      encoder.append(number: UInt64(bytes.count))
      encoder.append(";")
      bytes.withUnsafeBytes { encoder.append(binary: $0) }
    case .failure(let error):
      encoder.append("-1,")
      encoder.append(number: error.rawValue)
    }
  }

  /// `vFile:setfs:pid`: every process has the same files.
  private func selectFileSystem(_ packet: inout PacketReader) throws(TargetError) -> FileResult {
    _ = try packet.number()
    try packet.requireEnd()
    return .value(0)
  }

  /// `vFile:open:filename,flags,mode`.
  private mutating func openFile(
    _ packet: inout PacketReader, _ files: any FileTarget
  ) throws(TargetError) -> FileResult {
    let path = try packet.hexText(endingAt: ",")
    try packet.require(",")
    let flags = FileOpenFlags(rawValue: try packet.number())
    try packet.require(",")
    _ = try packet.number()
    try packet.requireEnd()
    guard !flags.canChange else { return .failure(.readOnlyFileSystem) }
    switch Self.lookUp(path, files) {
    case .success(let file): return openFiles.open(file).map(FileResult.value) ?? .failure(.tooManyOpenFiles)
    case .failure(let error): return .failure(error)
    }
  }

  /// `vFile:pread:fd,count,offset`: as much as a packet holds, and nothing at the file's end.
  private func readFile(_ packet: inout PacketReader) throws(TargetError) -> FileResult {
    let descriptor = try packet.number()
    try packet.require(",")
    let count = try packet.number()
    try packet.require(",")
    let offset = try packet.number()
    try packet.requireEnd()
    guard let file = openFiles[descriptor] else { return .failure(.badDescriptor) }
    do throws(TargetError) {
      return .data(try file.bytes(at: offset, limit: min(Int(clamping: count), Self.dataLimit)))
    } catch { return .failure(.inputOutput) }
  }

  /// `vFile:fstat:fd`.
  private func reportOpenFile(_ packet: inout PacketReader) throws(TargetError) -> FileResult {
    let descriptor = try packet.number()
    try packet.requireEnd()
    guard let file = openFiles[descriptor] else { return .failure(.badDescriptor) }
    return .data(FileStatus(size: UInt64(file.count)).bytes)
  }

  /// `vFile:stat:filename` and `vFile:lstat:filename`, which are alike where no file is a link.
  private func reportFile(
    _ packet: inout PacketReader, _ files: any FileTarget
  ) throws(TargetError) -> FileResult {
    switch Self.lookUp(String(decoding: try packet.remainingHex(), as: UTF8.self), files) {
    case .success(let file): .data(FileStatus(size: UInt64(file.count)).bytes)
    case .failure(let error): .failure(error)
    }
  }

  /// `vFile:readlink:filename`: no file is a link.
  private func readLink(_ packet: inout PacketReader, _ files: any FileTarget) throws(TargetError) -> FileResult {
    switch Self.lookUp(String(decoding: try packet.remainingHex(), as: UTF8.self), files) {
    case .success: .failure(.invalidArgument)
    case .failure(let error): .failure(error)
    }
  }

  /// `vFile:close:fd`.
  private mutating func closeFile(_ packet: inout PacketReader) throws(TargetError) -> FileResult {
    let descriptor = try packet.number()
    try packet.requireEnd()
    return openFiles.close(descriptor) ? .value(0) : .failure(.badDescriptor)
  }

  private static func lookUp(_ path: String, _ files: any FileTarget) -> Result<TargetFile, FileError> {
    do throws(TargetError) {
      return try files.file(at: path).map { .success($0) } ?? .failure(.noSuchFile)
    } catch { return .failure(.inputOutput) }
  }
}
