// Vectors of integers, by the classes of the manual (Arm ARM, section C4.1.96).
extension DecodeTable {
  static let advancedSIMD =
    threeSame + threeDifferent + twoRegisterMiscellaneous + acrossLanes + copies + permutations + modifiedImmediate
    + shiftByImmediate + byElement
}
