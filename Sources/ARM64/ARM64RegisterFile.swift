public import Architecture

/// The registers of an AArch64 CPU with their numbers towards GDB.
///
/// The first features are GDB's own (gdb/features/aarch64-*.xml) in its order, so that any gdb knows them; the last one
/// is this project's and has the system registers that the engine gives.
public struct ARM64RegisterFile: Sendable {
  /// The registers as GDB sees them.
  public let table: RegisterTable
  /// What each register is, at the position of its `RegisterIndex`.
  public let registers: [ARM64Register]

  private let indexes: [ARM64Register: RegisterIndex]

  /// Makes the table of a CPU.
  ///
  /// - Parameters:
  ///   - systemRegisters: what the engine gives, in any order.
  ///   - vectorLength: the longest SVE vector in bytes, a multiple of 16 from 16 to 256; nil without SVE, or for any
  ///     other number.
  ///   - hasPointerAuthentication: whether pointers can be signed.
  public init(
    systemRegisters: [SystemRegister], vectorLength: Int? = nil, hasPointerAuthentication: Bool = false
  ) {
    let vectorLength = vectorLength.flatMap { (16...256).contains($0) && $0 % 16 == 0 ? $0 : nil }
    let general: [ARM64Feature] = [.core, vectorLength.map { .sve(vectorLength: $0) } ?? .fpu]
    let others: [ARM64Feature] = [
      hasPointerAuthentication ? .pointerAuthentication : nil, .threads(in: systemRegisters),
      .system(systemRegisters),
    ].compactMap { $0 }
    let features = general + others

    table = RegisterTable(
      gdbArchitecture: "aarch64",
      features: features.map {
        RegisterFeature(name: $0.name, types: $0.types, registers: $0.members.map(\.description))
      },
      // SVE's registers can be longer than a packet.
      generalCount: vectorLength == nil ? general.reduce(0) { $0 + $1.members.count } : ARM64Feature.core.members.count,
      // What gdbserver expedites, and the link register, by which gdb finds the caller.
      expedited: ["x29", "x30", "sp", "pc"] + (vectorLength == nil ? [] : ["vg"]),
      programCounter: "pc", stackPointer: "sp")
    registers = features.flatMap { $0.members.map(\.register) }
    // TPIDR_EL0 has two names; its number is the one of its architectural name.
    indexes = Dictionary(
      registers.enumerated().map { ($1, RegisterIndex($0)) }, uniquingKeysWith: { _, last in last })
  }

  /// The number of a register, or nil where this CPU or this table does not have it.
  public func index(of register: ARM64Register) -> RegisterIndex? { indexes[register] }
}
