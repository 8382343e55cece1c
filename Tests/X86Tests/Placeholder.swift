import Testing

@Suite struct X86TestsPlaceholder {}
