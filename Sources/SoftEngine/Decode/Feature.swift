/// What this CPU has beside the base of Armv8.0-A, by the architecture's names.
///
/// The ID registers are made of the same list, so that what is announced is what is there.
enum Feature: Sendable, CaseIterable {
  case crc32
  case aes
  case pmull
  case sha1
  case sha256
  case lse
  case lor
  case rdm
  case dotProd
  case fp16
  case lrcpc
  case dpb
  case pan
  case pan2
  case hafdbs
  case hpds
  case ttst
  case ttcnp
  case e0pd
  case pmuv3

  /// What the CPU announces: all there is.
  static let announced = Set(Feature.allCases)
}
