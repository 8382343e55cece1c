/// A table that handlers look in, without reference counts or checks of bounds.
///
/// SAFETY: (@unchecked Sendable) it is filled before anybody sees it, never changed and never freed; who looks in it keeps
/// the index in range.
struct ConstantTable<Element: BitwiseCopyable>: @unchecked Sendable {
  private let base: UnsafePointer<Element>

  /// Makes a table of `count` elements.
  init(count: Int, _ element: (Int) -> Element) {
    let table = UnsafeMutablePointer<Element>.allocate(capacity: count)
    for index in 0..<count { (table + index).initialize(to: element(index)) }
    base = UnsafePointer(table)
  }

  @inline(__always) subscript(index: Int) -> Element { base[index] }
}
