import Foundation

/// Reads a whole file by plain system calls, also one of /proc, whose length is not known.
func readFile(_ path: String) throws(BenchmarkError) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .system(path) }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw .system(path) }
  var bytes: [UInt8] = []
  while true {
    // A regular file is read in one piece: one byte of room more shows its end.
    let room = max(Int(status.st_size) - bytes.count + 1, 1 << 16)
    let part = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      count = max(read(descriptor, buffer.baseAddress, buffer.count), 0)
    }
    if part.isEmpty { return bytes }
    if bytes.isEmpty { bytes = part } else { bytes += part }
  }
}

/// The path of a program: as given where it names a folder, else by `PATH`; nil where there is none.
func findExecutable(_ name: String) -> String? {
  if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
  let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
  return folders.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
}

/// The newest kernel image (`vmlinuz…`) below a folder.
func newestKernel(below folder: String) -> String? {
  let manager = FileManager.default
  guard let names = manager.enumerator(atPath: folder) else { return nil }
  var newest: (path: String, date: Date)?
  for case let name as String in names where (name as NSString).lastPathComponent.hasPrefix("vmlinuz") {
    let path = "\(folder)/\(name)"
    guard let attributes = try? manager.attributesOfItem(atPath: path),
      attributes[.type] as? FileAttributeType == .typeRegular,
      let date = attributes[.modificationDate] as? Date
    else { continue }
    if date > newest?.date ?? .distantPast { newest = (path, date) }
  }
  return newest?.path
}
