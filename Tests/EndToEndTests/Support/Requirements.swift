import Architecture
import Testing

extension Trait where Self == ConditionTrait {
  /// Skips where hvgdb is not built.
  static var needsHvgdb: Self { .enabled("hvgdb is not built: make build") { Files.hvgdb != nil } }

  /// Skips where no x86-64 guest can run.
  static var needsKVM: Self { .needsKVM(for: .x86_64) }

  /// Skips where no arm64 guest can run.
  static var needsARM64KVM: Self { .needsKVM(for: .arm64) }

  private static func needsKVM(for architecture: GuestArchitecture) -> Self {
    .enabled("there is no /dev/kvm of an \(architecture) host that this user may open") {
      GuestArchitecture.host == architecture && Files.hasKVM
    }
  }

  /// Skips where the small guests are not assembled.
  static var needsGuests: Self { .enabled("the test guests are not built: make guests") { Files.hasGuests() } }

  /// Skips where the small arm64 guests are not assembled.
  static var needsARM64Guests: Self {
    .enabled("the test guests are not built: make guests") { Files.hasGuests(for: .arm64) }
  }

  /// Skips where gdb is not installed.
  static var needsGDB: Self { .enabled("gdb-multiarch is not installed") { Files.gdb != nil } }

  /// Skips where Debian's kernel was not fetched.
  static var needsKernel: Self {
    .enabled("there is no Debian kernel: make kernels, or name one in HVGDB_TEST_KERNEL") { Files.kernel != nil }
  }

  /// Skips where Debian's U-Boot was not fetched.
  static var needsUBoot: Self {
    .enabled("there is no Debian U-Boot: Tests/Support/u-boot.sh") { Files.uBoot != nil }
  }

  static func enabled(_ reason: Comment, _ condition: @escaping @Sendable () -> Bool) -> Self {
    .enabled(if: condition(), reason)
  }
}
