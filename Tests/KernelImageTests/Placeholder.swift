import Testing

@Suite struct KernelImageTestsPlaceholder {}
