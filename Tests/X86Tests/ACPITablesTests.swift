import Bits
import Foundation
import Testing

@testable import X86

@Suite("ACPI tables") struct ACPITablesTests {
  /// The tables of a machine by their signatures.
  private func tables(cpuCount: Int) -> [String: BootState.Blob] {
    Dictionary(
      ACPITables(cpuCount: cpuCount).blobs.map { (String(decoding: $0.bytes.prefix(4), as: UTF8.self), $0) },
      uniquingKeysWith: { first, _ in first })
  }

  @Test("the sum of every table's bytes is 0, and its length is in its header", arguments: [1, 2, 64, 300])
  func checksums(cpuCount: Int) throws {
    for (signature, blob) in tables(cpuCount: cpuCount) where signature != "RSD " {
      #expect(blob.bytes.littleEndian(at: 4) == UInt32(blob.bytes.count), "\(signature)")
      if signature != "FACS" { #expect(blob.bytes.reduce(0, &+) == 0, "\(signature)") }
    }
    let root = try #require(tables(cpuCount: cpuCount)["RSD "])
    #expect(root.address == ACPITables.rsdp)
    #expect(root.bytes.count == 36)
    #expect(root.bytes.prefix(20).reduce(0, &+) == 0)
    #expect(root.bytes.reduce(0, &+) == 0)
  }

  @Test("every table is found from the root pointer, inside the BIOS area, none over another")
  func placement() throws {
    let tables = tables(cpuCount: 300)
    let byAddress = Dictionary(uniqueKeysWithValues: tables.map { ($1.address.rawValue, $0) })
    let root = try #require(tables["RSD "])
    let xsdt = try #require(tables["XSDT"])
    #expect(root.bytes.littleEndian(at: 24) == xsdt.address.rawValue)
    let first: UInt64 = try #require(xsdt.bytes.littleEndian(at: 36))
    let second: UInt64 = try #require(xsdt.bytes.littleEndian(at: 44))
    #expect(byAddress[first] == "FACP")
    #expect(byAddress[second] == "APIC")
    let fadt = try #require(tables["FACP"])
    #expect(fadt.bytes.count == 276)
    let facs = try #require(tables["FACS"])
    #expect(fadt.bytes.littleEndian(at: 36) == UInt32(facs.address.rawValue))
    #expect(facs.address.offset(in: 64) == 0)
    let dsdt = try #require(tables["DSDT"])
    #expect(fadt.bytes.littleEndian(at: 40) == UInt32(dsdt.address.rawValue))
    #expect(fadt.bytes.littleEndian(at: 140) == dsdt.address.rawValue)

    var end = PCMemoryLayout.acpi
    for blob in ACPITables(cpuCount: 300).blobs.sorted(by: { $0.address < $1.address }) {
      #expect(blob.address >= end)
      end = blob.address.wrapping(by: UInt64(blob.bytes.count))
    }
    #expect(end <= PCMemoryLayout.extendedStart)
  }

  @Test("the FADT names the fixed hardware")
  func fixedHardware() throws {
    let bytes = try #require(tables(cpuCount: 1)["FACP"]).bytes
    #expect(bytes.littleEndian(at: 46) == UInt16(9))
    #expect(bytes.littleEndian(at: 56) == UInt32(0x600))
    #expect(bytes.littleEndian(at: 64) == UInt32(0x604))
    #expect(bytes.littleEndian(at: 76) == UInt32(0x608))
    #expect(Array(bytes[88..<92]) == [4, 2, 0, 4])
    #expect(bytes.littleEndian(at: 109) == UInt16(3))
    #expect(bytes.littleEndian(at: 112, as: UInt32.self) == 0x565)
    #expect(Array(bytes[116..<129]) == [1, 8, 0, 1, 0x64, 0, 0, 0, 0, 0, 0, 0, 0xfe])
    #expect(bytes.littleEndian(at: 152) == UInt64(0x600))
    #expect(bytes.littleEndian(at: 176) == UInt64(0x604))
    #expect(bytes.littleEndian(at: 212) == UInt64(0x608))
  }

  @Test("the MADT lists a local APIC for each CPU", arguments: [1, 3, 255, 256])
  func localAPICs(cpuCount: Int) throws {
    let bytes = try #require(tables(cpuCount: cpuCount)["APIC"]).bytes
    var ids: [UInt32] = []
    var offset = 44
    while offset < bytes.count {
      switch bytes[offset] {
      case 0: ids.append(UInt32(bytes[offset + 3]))
      case 9: ids.append(try #require(bytes.littleEndian(at: offset + 4)))
      default: break
      }
      #expect(bytes[offset + 1] >= 6)
      offset += Int(max(bytes[offset + 1], 6))
    }
    #expect(offset == bytes.count)
    #expect(ids == (0..<cpuCount).map { UInt32($0) })
  }

  @Test("AML's package lengths of one, two and three bytes")
  func packageLengths() {
    #expect(AML.package([7]) == [2, 7])
    #expect(AML.package([UInt8](repeating: 0, count: 62)).first == 63)
    #expect(Array(AML.package([UInt8](repeating: 0, count: 63)).prefix(2)) == [0x41, 0x04])
    #expect(Array(AML.package([UInt8](repeating: 0, count: 0x1000)).prefix(3)) == [0x83, 0x00, 0x01])
    #expect(AML.eisaID("PNP0501") == [0x0c, 0x41, 0xd0, 0x05, 0x01])
  }

  @Test(
    "iasl takes the tables apart and puts the DSDT together again", .enabled(if: tool("iasl") != nil, "no iasl here"))
  func disassembly() throws {
    let iasl = try #require(tool("iasl"))
    let folder = FileManager.default.temporaryDirectory.appending(path: "hvgdb-acpi-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (signature, blob) in tables(cpuCount: 2) where !["RSD ", "FACS"].contains(signature) {
      let file = folder.appending(path: signature + ".aml")
      try Data(blob.bytes).write(to: file)
      let (status, output) = try run(iasl, ["-d", file.path])
      #expect(status == 0, "\(output)")
      #expect(!output.contains("Warning") && !output.contains("Error"), "\(output)")
    }
    let source = try String(contentsOf: folder.appending(path: "DSDT.dsl"), encoding: .utf8)
    for term in ["_S5", "PNP0501", "PNP0303", "PNP0B00", "0x03F8", "IRQNoFlags ()"] {
      #expect(source.contains(term), "\(term)")
    }
    let (status, output) = try run(iasl, ["-p", folder.appending(path: "again").path, folder.path + "/DSDT.dsl"])
    #expect(status == 0, "\(output)")
    let again = try Data(contentsOf: folder.appending(path: "again.aml"))
    // Past the header, where iasl puts its own name and version.
    #expect(Array(again.dropFirst(36)) == tables(cpuCount: 2)["DSDT"].map { Array($0.bytes.dropFirst(36)) })
  }
}

/// A program of the host, or nil where it has none of that name.
func tool(_ name: String) -> String? {
  ["/usr/bin/", "/usr/local/bin/", "/bin/"].map { $0 + name }.first { FileManager.default.isExecutableFile(atPath: $0) }
}

/// Runs a program to its end.
func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: output, as: UTF8.self))
}
