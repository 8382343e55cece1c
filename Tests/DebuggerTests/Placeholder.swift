import Testing

@Suite struct DebuggerTestsPlaceholder {}
