import Testing

@Suite struct EngineConformanceTestsPlaceholder {}
