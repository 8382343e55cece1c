import Testing

@Suite struct BitsTestsPlaceholder {}
