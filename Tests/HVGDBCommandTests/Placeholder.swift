import Testing

@Suite struct HVGDBCommandTestsPlaceholder {}
