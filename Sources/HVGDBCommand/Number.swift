import ArgumentParser

/// A number as an argument: decimal, or hexadecimal behind `0x`.
struct Number: Equatable, Sendable, ExpressibleByArgument {
  let value: UInt64

  init?(argument: String) {
    let value = argument.hasPrefix("0x") ? UInt64(argument.dropFirst(2), radix: 16) : UInt64(argument)
    guard let value else { return nil }
    self.value = value
  }
}
