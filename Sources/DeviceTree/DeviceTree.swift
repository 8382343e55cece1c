/// The tree by which a machine tells its kernel what it is made of (Devicetree Specification v0.4).
///
/// A tree is a plain value: built node by node, read out of a blob (`init(blob:)`), and written as one (`blob()`).
public struct DeviceTree: Sendable, Equatable {
  /// The memory that the kernel has to leave alone, in the order of the blob's memory reservation block.
  public var reservations: [MemoryReservation]
  /// The node `/`, whose name means nothing.
  public var root: Node
  /// The `reg` of the CPU that the kernel is entered on.
  public var bootCPU: UInt32

  /// Puts a tree together.
  ///
  /// - Parameters:
  ///   - root: the node `/`.
  ///   - reservations: the memory that the kernel has to leave alone.
  ///   - bootCPU: the `reg` of the CPU that the kernel is entered on.
  public init(root: Node = Node(""), reservations: [MemoryReservation] = [], bootCPU: UInt32 = 0) {
    self.root = root
    self.reservations = reservations
    self.bootCPU = bootCPU
  }

  /// A stretch of physical memory that the kernel has to leave alone (section 5.3).
  public struct MemoryReservation: Sendable, Equatable {
    /// Where it starts.
    public var address: UInt64
    /// Its length in bytes.
    public var size: UInt64

    /// Reserves memory.
    public init(address: UInt64, size: UInt64) {
      self.address = address
      self.size = size
    }

    /// Whether it is the entry that ends the block, and so reserves nothing.
    var isTerminator: Bool { address == 0 && size == 0 }
  }
}

extension DeviceTree {
  /// The node at a path, or nil where there is none.
  ///
  /// A part of the path without a unit address names the first node of that name, whatever its unit address
  /// (section 2.2.3). A path that does not start with a slash starts with an alias (section 3.3).
  public subscript(path: String) -> Node? {
    guard path.first == "/" else {
      let parts = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      guard let alias = parts.first, let target = root[child: "aliases"]?[String(alias)]?.string,
        target.first == "/"
      else { return nil }
      return self[parts.count > 1 ? "\(target)/\(parts[1])" : target]
    }
    var node = root
    for part in path.split(separator: "/") {
      guard let child = node[child: String(part)] else { return nil }
      node = child
    }
    return node
  }

  /// The node that other nodes refer to by this number.
  public func node(phandle: UInt32) -> Node? { root.first { $0.phandle == phandle } }

  /// A phandle that no node has yet, or nil where every number is taken.
  public var unusedPhandle: UInt32? {
    let highest = root.highestPhandle ?? 0
    // 0 and all ones are no phandles.
    return highest < UInt32.max - 1 ? highest + 1 : nil
  }
}
