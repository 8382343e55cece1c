import Testing

@Suite struct GDBRemoteTestsPlaceholder {}
