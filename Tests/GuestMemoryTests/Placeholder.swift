import Testing

@Suite struct GuestMemoryTestsPlaceholder {}
