import Testing

/// Expects a value; unlike `#expect` it takes the result of a mutating call, which reading a device's register is.
func expect<Value: Equatable>(
  _ actual: Value, is expected: Value, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual == expected, sourceLocation: sourceLocation)
}
