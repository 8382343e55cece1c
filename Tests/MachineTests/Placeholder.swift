import Testing

@Suite struct MachineTestsPlaceholder {}
