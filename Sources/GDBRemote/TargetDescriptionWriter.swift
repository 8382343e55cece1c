import Architecture

/// Writes an architecture's register table as gdb's target description (GDB manual, "Target Description Format").
enum TargetDescriptionWriter {
  /// The document `target.xml`.
  static func document(for table: RegisterTable) -> [UInt8] {
    var xml = XMLText(documentType: "target SYSTEM \"gdb-target.dtd\"")
    xml.element("target", [("version", "1.0")]) { xml in
      xml.element("architecture", text: table.gdbArchitecture)
      // Without it gdb takes the operating system it was built for, and would look for that system's shared libraries.
      xml.element("osabi", text: "none")
      var number = 0
      for feature in table.features {
        xml.element("feature", [("name", feature.name)]) { xml in
          for type in feature.types { append(type, to: &xml) }
          for register in feature.registers {
            append(register, number: number, to: &xml)
            number += 1
          }
        }
      }
    }
    return xml.bytes
  }

  private static func append(_ register: RegisterDescription, number: Int, to xml: inout XMLText) {
    var attributes = [
      ("name", register.name), ("bitsize", String(register.bitWidth)), ("type", register.type),
      ("regnum", String(number)),
    ]
    if let group = register.group { attributes.append(("group", group)) }
    if !register.isSavedAroundCalls { attributes.append(("save-restore", "no")) }
    xml.element("reg", attributes)
  }

  private static func append(_ type: RegisterTypeDefinition, to xml: inout XMLText) {
    switch type {
    case .vector(let id, let element, let count):
      xml.element("vector", [("id", id), ("type", element), ("count", String(count))])
    case .union(let id, let fields):
      xml.element("union", [("id", id)]) { xml in
        for field in fields { xml.element("field", [("name", field.name), ("type", field.type)]) }
      }
    case .flags(let id, let byteCount, let fields):
      xml.element("flags", [("id", id), ("size", String(byteCount))]) { xml in
        for field in fields {
          var attributes = [
            ("name", field.name), ("start", String(field.bits.lowerBound)), ("end", String(field.bits.upperBound)),
          ]
          if let type = field.type { attributes.append(("type", type)) }
          xml.element("field", attributes)
        }
      }
    }
  }
}
