extension DeviceTree {
  /// A node: what describes a device or a part of the machine, with all that hangs below it.
  public struct Node: Sendable, Equatable {
    /// The name with its unit address, such as `memory@40000000`.
    public var name: String
    /// What is said of it, in order.
    public var properties: [Property]
    /// The nodes below it, in order.
    public var children: [Node]

    /// Makes a node of its full name.
    ///
    /// - Parameters:
    ///   - name: the name, with its unit address where it has one.
    ///   - properties: what is said of it.
    ///   - children: the nodes below it.
    public init(_ name: String, properties: [Property] = [], children: [Node] = []) {
      self.name = name
      self.properties = properties
      self.children = children
    }

    /// Makes a node whose unit address is written in hexadecimal, as that of memory and devices is (section 2.2.1.1).
    ///
    /// - Parameters:
    ///   - name: the name in front of the `@`.
    ///   - unitAddress: the first address of its `reg`.
    ///   - properties: what is said of it.
    ///   - children: the nodes below it.
    public init(_ name: String, unitAddress: UInt64, properties: [Property] = [], children: [Node] = []) {
      self.init("\(name)@\(String(unitAddress, radix: 16))", properties: properties, children: children)
    }
  }
}

extension DeviceTree.Node {
  /// The name in front of the unit address.
  public var baseName: Substring { name.prefix { $0 != "@" } }

  /// The text behind the `@` of the name; nil where there is none.
  public var unitAddress: Substring? {
    let rest = name.dropFirst(baseName.count)
    return rest.isEmpty ? nil : rest.dropFirst()
  }

  /// The value of a property, or nil where the node does not have it.
  ///
  /// A value that is set takes the place of the old one, or comes behind all others; nil takes the property away.
  public subscript(property: String) -> DeviceTree.Value? {
    get { properties.first { $0.name == property }?.value }
    set {
      let index = properties.firstIndex { $0.name == property }
      switch (index, newValue) {
      case (let index?, let value?): properties[index].value = value
      case (let index?, nil): properties.remove(at: index)
      case (nil, let value?): properties.append(DeviceTree.Property(property, value))
      case (nil, nil): break
      }
    }
  }

  /// The child of a name, or nil where there is none.
  ///
  /// A name without a unit address stands for the first child of that name, whatever its unit address. A child that is
  /// set takes the place of the old one, or comes behind all others; nil takes the child away.
  public subscript(child name: String) -> DeviceTree.Node? {
    get { childIndex(name).map { children[$0] } }
    set {
      switch (childIndex(name), newValue) {
      case (let index?, let node?): children[index] = node
      case (let index?, nil): children.remove(at: index)
      case (nil, let node?): children.append(node)
      case (nil, nil): break
      }
    }
  }

  /// The child of a name, which is made as soon as it is changed.
  public subscript(child name: String, default node: @autoclosure () -> DeviceTree.Node) -> DeviceTree.Node {
    get { self[child: name] ?? node() }
    _modify {
      if childIndex(name) == nil { children.append(node()) }
      // What was appended may bear another name, and is then the last.
      let index = childIndex(name) ?? children.count - 1
      yield &children[index]
    }
  }

  private func childIndex(_ name: String) -> Int? {
    children.firstIndex { $0.name == name }
      ?? (name.contains("@") ? nil : children.firstIndex { $0.baseName == name })
  }

  /// The number that other nodes refer to this one by; nil where it has none.
  public var phandle: UInt32? {
    get { (self["phandle"] ?? self["linux,phandle"])?.u32 }
    set { self["phandle"] = newValue.map { .u32($0) } }
  }

  /// How many cells an address takes in the `reg` of its children (section 2.3.5).
  public var addressCells: UInt32 { self["#address-cells"]?.u32 ?? 2 }

  /// How many cells a length takes in the `reg` of its children (section 2.3.5).
  public var sizeCells: UInt32 { self["#size-cells"]?.u32 ?? 1 }

  /// This node or the first below it that fits, parents before their children.
  func first(where fits: (DeviceTree.Node) -> Bool) -> DeviceTree.Node? {
    if fits(self) { return self }
    for child in children {
      if let found = child.first(where: fits) { return found }
    }
    return nil
  }

  /// The highest phandle of this node and those below it.
  var highestPhandle: UInt32? { ([phandle] + children.map(\.highestPhandle)).compactMap { $0 }.max() }
}
