import Testing

@Suite struct DevicesTestsPlaceholder {}
