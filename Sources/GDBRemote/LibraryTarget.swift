/// Something with symbols that the guest has in its memory, such as the kernel itself or a module.
public struct Library: Sendable, Equatable {
  /// What the addresses are of.
  public enum Placement: Sendable, Equatable {
    /// Of the segments of the library's file, in the file's order; the client moves all sections of one alike.
    case segments([UInt64])
    /// Of those sections of the library's file that take up memory, in the file's order.
    case sections([UInt64])
  }

  /// The path of the library's file as the client opens it.
  ///
  /// The client tells libraries apart by it: one that has moved needs another name to be placed anew.
  public let name: String
  /// Where it is, in virtual addresses.
  public let placement: Placement

  /// Makes the facts of a library.
  public init(name: String, placement: Placement) {
    self.name = name
    self.placement = placement
  }
}

/// A target that knows what is loaded where (GDB manual, "Library List Format").
public protocol LibraryTarget: AnyObject {
  /// What is loaded now.
  var loadedLibraries: [Library] { get }

  /// Whether the client reads the list, which the session sets when it does for the first time.
  ///
  /// Only such a client is to be stopped for `StopEvent.Reason.librariesChanged`; the target sets it to false when a
  /// session begins or ends.
  var followsLibraries: Bool { get set }
}

extension Library {
  /// The document of `qXfer:libraries` (GDB manual, "Library List Format").
  static func document(listing libraries: [Library]) -> [UInt8] {
    var xml = XMLText(documentType: nil)
    xml.element("library-list", [("version", "1.0")]) { xml in
      for library in libraries {
        xml.element("library", [("name", library.name)]) { xml in
          switch library.placement {
          case .segments(let addresses): append("segment", at: addresses, to: &xml)
          case .sections(let addresses): append("section", at: addresses, to: &xml)
          }
        }
      }
    }
    return xml.bytes
  }

  private static func append(_ part: String, at addresses: [UInt64], to xml: inout XMLText) {
    for address in addresses { xml.element(part, [("address", "0x" + String(address, radix: 16))]) }
  }
}
