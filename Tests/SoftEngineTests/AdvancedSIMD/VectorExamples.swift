import Testing

/// An instruction on V0, V1 and V2, and what it makes of V0.
struct VectorExample: Sendable, CustomTestStringConvertible {
  let assembly: String
  let word: UInt32
  /// V0 before it.
  var d: UInt128 = 0
  var n: UInt128 = 0
  var m: UInt128 = 0
  /// V0 after it.
  let result: UInt128
  /// Whether it sets FPSR.QC.
  var saturates = false

  var testDescription: String { assembly }
}

// Worked out by hand from the manual's descriptions (Arm ARM, section C7.2).
extension VectorExample {
  /// Three vectors of the same size.
  static let threeSame: [VectorExample] = [
    VectorExample(
      assembly: "add v0.8b, v1.8b, v2.8b", word: 0x0e22_8420, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x1000000000_00000000000001ff, m: 0x4000000_0000000000000102, result: 0x201),
    VectorExample(
      assembly: "sub v0.2d, v0.2d, v2.2d", word: 0x6ee2_8400, d: 0x5_0000000000000000, m: 0x7_0000000000000001,
      result: 0xfffffffffffffffe_ffffffffffffffff),
    VectorExample(
      assembly: "shadd v0.4s, v1.4s, v2.4s", word: 0x4ea2_0420, n: 0x3ffffffff_800000007fffffff,
      m: 0x400000000_800000007fffffff, result: 0x3ffffffff_800000007fffffff),
    VectorExample(assembly: "urhadd v0.8b, v1.8b, v2.8b", word: 0x2e22_1420, n: 0x700fe, m: 0x701ff, result: 0x701ff),
    VectorExample(assembly: "uhsub v0.8b, v1.8b, v2.8b", word: 0x2e22_2420, n: 0xff00, m: 1, result: 0x7fff),
    VectorExample(
      assembly: "sqadd v0.4h, v1.4h, v2.4h", word: 0x0e62_0c20, n: 0x180007fff, m: 0x1ffff0001, result: 0x280007fff,
      saturates: true),
    VectorExample(
      assembly: "sqadd v0.4h, v1.4h, v2.4h", word: 0x0e62_0c20, n: 0x7fff_0004000300020001, m: 0x1_0001000100010001,
      result: 0x5000400030002),
    VectorExample(
      assembly: "uqsub v0.2s, v1.2s, v2.2s", word: 0x2ea2_2c20, n: 0x900000000, m: 0x400000001, result: 0x500000000,
      saturates: true),
    VectorExample(assembly: "cmgt v0.8b, v1.8b, v2.8b", word: 0x0e22_3420, n: 0x50580, m: 0x4057f, result: 0xff0000),
    VectorExample(assembly: "cmhi v0.8b, v1.8b, v2.8b", word: 0x2e22_3420, n: 0x50580, m: 0x4057f, result: 0xff00ff),
    VectorExample(
      assembly: "cmtst v0.4h, v1.4h, v2.4h", word: 0x0e62_8c20, n: 0x20001, m: 0xffff00040003, result: 0xffff),
    VectorExample(
      assembly: "cmeq v0.2d, v1.2d, v2.2d", word: 0x6ee2_8c20, n: 0x8_0000000000000007, m: 0x9_0000000000000007,
      result: 0xffffffffffffffff),
    VectorExample(
      assembly: "sshl v0.2d, v1.2d, v2.2d", word: 0x4ee2_4420, n: 0x1_fffffffffffffff8, m: 0x40_00000000000012fe,
      result: 0xfffffffffffffffe),
    VectorExample(
      assembly: "ushl v0.4s, v1.4s, v2.4s", word: 0x6ea2_4420, n: 0x100000001_8000000080000000,
      m: 0x200000001f_ffffffe0ffffffe1, result: 0x80000000_0000000000000001),
    VectorExample(
      assembly: "srshl v0.4s, v1.4s, v2.4s", word: 0x4ea2_5420, n: 0xfffffffd80000000_ffffffff00000007,
      m: 0xffffff80ffffffe0_ffffffffffffffff, result: 4),
    VectorExample(
      assembly: "uqshl v0.8b, v1.8b, v2.8b", word: 0x2e22_4c20, n: 0x14181, m: 0xff0101, result: 0x82ff,
      saturates: true),
    VectorExample(
      assembly: "sqrshl v0.4h, v1.4h, v2.4h", word: 0x0e62_5c20, n: 0x3bfff4000, m: 0x64ffff00010001,
      result: 0x280007fff, saturates: true),
    VectorExample(
      assembly: "smax v0.4h, v1.4h, v2.4h", word: 0x0e62_6420, n: 0x8000ffff0001, m: 0x7ffffffeffff,
      result: 0x7fffffff0001),
    VectorExample(
      assembly: "umin v0.4h, v1.4h, v2.4h", word: 0x2e62_6c20, n: 0xffff0001, m: 0xfffeffff, result: 0xfffe0001),
    VectorExample(assembly: "saba v0.8b, v1.8b, v2.8b", word: 0x0e22_7c20, d: 0x101, n: 0x380, m: 0x57f, result: 0x300),
    VectorExample(
      assembly: "mls v0.4h, v1.4h, v2.4h", word: 0x2e62_9420, d: 0xa, n: 0x20003, m: 0x80010002, result: 0xfffe0004),
    VectorExample(assembly: "pmul v0.8b, v1.8b, v2.8b", word: 0x2e22_9c20, n: 0xff03, m: 0x203, result: 0xfe05),
    VectorExample(
      assembly: "addp v0.8b, v1.8b, v2.8b", word: 0x0e22_bc20, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x807060504030201, m: 0x100f0e0d0c0b0a09, result: 0x1f1b17130f0b0703),
    VectorExample(
      assembly: "sminp v0.4s, v1.4s, v2.4s", word: 0x4ea2_ac20, n: 0x400000005_ffffffff00000001,
      m: 0xfffffff8fffffff9_0000000300000002, result: 0xfffffff800000002_00000004ffffffff),
    VectorExample(
      assembly: "sqdmulh v0.4h, v1.4h, v2.4h", word: 0x0e62_b420, n: 0xffff40008000, m: 0x140008000,
      result: 0xffff20007fff, saturates: true),
    VectorExample(assembly: "sqrdmulh v0.4h, v1.4h, v2.4h", word: 0x2e62_b420, n: 0xffff0001, m: 0x40004000, result: 1),
    VectorExample(
      assembly: "sqrdmlah v0.2s, v1.2s, v2.2s", word: 0x2e82_8420, d: 0x17fffffff, n: 0xffffffff40000000,
      m: 0x4000000040000000, result: 0x17fffffff, saturates: true),
    VectorExample(
      assembly: "sqrdmlsh v0.4h, v1.4h, v2.4h", word: 0x2e42_8c20, d: 0x80000000, n: 0x14000, m: 0x10002,
      result: 0x8000ffff),
    VectorExample(
      assembly: "bic v0.16b, v1.16b, v2.16b", word: 0x4e62_1c20, n: 0xffffffffffffffff_ffffffffffffffff, m: 0xff,
      result: 0xffffffffffffffff_ffffffffffffff00),
    VectorExample(
      assembly: "orn v0.8b, v1.8b, v2.8b", word: 0x0ee2_1c20, d: 0xffffffffffffffff_ffffffffffffffff, n: 1,
      m: 0xfffffffffffffff9, result: 7),
    VectorExample(
      assembly: "bsl v0.16b, v1.16b, v2.16b", word: 0x6e62_1c20, d: 0xf_00000000000000f0, n: 0xab_00000000000000ab,
      m: 0xcd_00000000000000cd, result: 0xcb_00000000000000ad),
    VectorExample(
      assembly: "bit v0.16b, v1.16b, v2.16b", word: 0x6ea2_1c20, d: 0xab_00000000000000ab, n: 0xcd_00000000000000cd,
      m: 0xf_00000000000000f0, result: 0xad_00000000000000cb),
    VectorExample(
      assembly: "bif v0.16b, v1.16b, v2.16b", word: 0x6ee2_1c20, d: 0xab_00000000000000ab, n: 0xcd_00000000000000cd,
      m: 0xf_00000000000000f0, result: 0xcb_00000000000000ad),
    VectorExample(
      assembly: "sdot v0.2s, v1.8b, v2.8b", word: 0x0e82_9420, d: 0xffffffff0000000a, n: 0x8080808004030201,
      m: 0x80808080ff01ff01, result: 0xffff00000008),
    VectorExample(
      assembly: "udot v0.4s, v1.16b, v2.16b", word: 0x6e82_9420, n: 0x1010101ffffffff, m: 0x4030201ffffffff,
      result: 0xa0003f804),
  ]

  /// One element, whatever is beside it.
  static let scalars: [VectorExample] = [
    VectorExample(
      assembly: "sqadd b0, b1, b2", word: 0x5e22_0c20, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x7f01, m: 0x7f01,
      result: 2),
    VectorExample(
      assembly: "uqadd h0, h1, h2", word: 0x7e62_0c20, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x1ffff, m: 0x10001,
      result: 0xffff, saturates: true),
    VectorExample(
      assembly: "sqsub d0, d1, d2", word: 0x5ee2_2c20, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x8000000000000000,
      m: 1, result: 0x8000000000000000, saturates: true),
    VectorExample(
      assembly: "cmge d0, d1, #0", word: 0x7ee0_8820, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0xffffffffffffffff_0000000000000000, result: 0xffffffffffffffff),
    VectorExample(
      assembly: "cmeq d0, d1, #0", word: 0x5ee0_9820, d: 0xffffffffffffffff_ffffffffffffffff, n: 5, result: 0),
    VectorExample(
      assembly: "add d0, d1, d2", word: 0x5ee2_8420, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x9_ffffffffffffffff,
      m: 0x9_0000000000000002, result: 1),
    VectorExample(
      assembly: "addp d0, v1.2d", word: 0x5ef1_b820, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x3_ffffffffffffffff,
      result: 2),
    VectorExample(
      assembly: "sqdmlal s0, h1, h2", word: 0x5e62_9020, d: 0xffffffff7ffffff0, n: 0x7fff0004, m: 0x7fff0004,
      result: 0x7fffffff, saturates: true),
    VectorExample(
      assembly: "sqdmulh h0, h1, v2.h[3]", word: 0x5f72_c020, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x80004000,
      m: 0x8000000300020001, result: 0xc000),
    VectorExample(assembly: "suqadd b0, b1", word: 0x5e20_3820, d: 0x7f7f, n: 0xffff, result: 0x7f, saturates: true),
    VectorExample(assembly: "usqadd s0, s1", word: 0x7ea0_3820, d: 3, n: 0xfffffffc, result: 0, saturates: true),
    VectorExample(
      assembly: "sqxtn b0, h1", word: 0x5e21_4820, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x7fff0080, result: 0x7f,
      saturates: true),
    VectorExample(
      assembly: "sqshrun h0, s1, #4", word: 0x7f1c_8420, d: 0xffffffffffffffff_ffffffffffffffff, n: 0xfffffffffffffffb,
      result: 0, saturates: true),
    VectorExample(
      assembly: "sqshlu b0, b1, #1", word: 0x7f09_6420, d: 0xffffffffffffffff_ffffffffffffffff, n: 0xff40,
      result: 0x80),
    VectorExample(
      assembly: "sri d0, d1, #60", word: 0x7f44_4420, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x5000000000000000,
      result: 0xfffffffffffffff5),
    VectorExample(
      assembly: "dup h0, v1.h[7]", word: 0x5e1e_0420, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x1234000000000000_0000000000000000, result: 0x1234),
  ]

  /// Three vectors of different sizes.
  static let threeDifferent: [VectorExample] = [
    VectorExample(
      assembly: "saddl2 v0.8h, v1.16b, v2.16b", word: 0x4e22_0020, n: 0x80_ffffffffffffffff, m: 0xff_ffffffffffffffff,
      result: 0xff7f),
    VectorExample(
      assembly: "usubw v0.4s, v1.4s, v2.4h", word: 0x2e62_3020, n: 0x500000005_0000000500000000,
      m: 0x9_0004000300020001, result: 0x100000002_00000003ffffffff),
    VectorExample(
      assembly: "addhn2 v0.8h, v1.4s, v2.4s", word: 0x4e62_4020, d: 0x7_1122334455667788,
      n: 0xffffffff_000200000001ffff, m: 0x10000_0000800000000001, result: 0x20002_1122334455667788),
    VectorExample(
      assembly: "raddhn v0.4h, v1.4s, v2.4s", word: 0x2e62_4020, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0xffffffff_000200000001ffff, m: 0x7fff00000000_0000800000000000, result: 0x30002),
    VectorExample(
      assembly: "rsubhn v0.8b, v1.8h, v2.8h", word: 0x2e22_6020, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x17f0200,
      m: 0x81, result: 0x101),
    VectorExample(
      assembly: "sabal v0.8h, v1.8b, v2.8b", word: 0x0e22_5020, d: 0x10001, n: 0x80, m: 0x37f, result: 0x40100),
    VectorExample(assembly: "uabdl v0.8h, v1.8b, v2.8b", word: 0x2e22_7020, n: 0x500, m: 0x3ff, result: 0x200ff),
    VectorExample(
      assembly: "smlsl v0.2d, v1.2s, v2.2s", word: 0x0ea2_a020, d: 0x1_0000000000000000, n: 0x3fffffffe,
      m: 0x8000000000000003, result: 0x180000001_0000000000000006),
    VectorExample(
      assembly: "umull2 v0.2d, v1.4s, v2.4s", word: 0x6ea2_c020, n: 0x2ffffffff_0000000100000001,
      m: 0x3ffffffff_0000000100000001, result: 0x6_fffffffe00000001),
    VectorExample(
      assembly: "sqdmull v0.4s, v1.4h, v2.4h", word: 0x0e62_d020, n: 0x38000, m: 0xfffc8000, result: 0xffffffe87fffffff,
      saturates: true),
    VectorExample(
      assembly: "sqdmlsl v0.2d, v1.2s, v2.2s", word: 0x0ea2_b020, d: 0xa_8000000000000000, n: 0x100000001,
      m: 0x100000001, result: 0x8_8000000000000000, saturates: true),
    VectorExample(assembly: "pmull v0.8h, v1.8b, v2.8b", word: 0x0e22_e020, n: 0x3ff, m: 0x80ff, result: 0x1805555),
    VectorExample(
      assembly: "pmull v0.1q, v1.1d, v2.1d", word: 0x0ee2_e020, n: 0x7b5b546573745665_63746f725d53475d,
      m: 0x4869285368617929_5b477565726f6e5d, result: 0x1d4d84c85c3440c0_929633d5d36f0451),
    VectorExample(
      assembly: "pmull2 v0.1q, v1.2d, v2.2d", word: 0x4ee2_e020, n: 0x7b5b546573745665_63746f725d53475d,
      m: 0x4869285368617929_5b477565726f6e5d, result: 0x1d1e1f2c592e7c45_d66ee03e410fd4ed),
  ]

  /// One vector.
  static let twoRegisterMiscellaneous: [VectorExample] = [
    VectorExample(
      assembly: "rev64 v0.4h, v1.4h", word: 0x0e60_0820, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x5_0004000300020001, result: 0x1000200030004),
    VectorExample(
      assembly: "rev32 v0.16b, v1.16b", word: 0x6e20_0820, n: 0x1020304050607_08090a0b0c0d0e0f,
      result: 0x302010007060504_0b0a09080f0e0d0c),
    VectorExample(
      assembly: "rev16 v0.8b, v1.8b", word: 0x0e20_1820, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x102030405060708,
      result: 0x201040306050807),
    VectorExample(
      assembly: "saddlp v0.4h, v1.8b", word: 0x0e20_2820, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x7f7ffeff,
      result: 0xfefffd),
    VectorExample(
      assembly: "uadalp v0.2d, v1.4s", word: 0x6ea0_6820, d: 0x2_0000000000000001, n: 0x200000001_ffffffffffffffff,
      result: 0x5_00000001ffffffff),
    VectorExample(assembly: "cls v0.4h, v1.4h", word: 0x0e60_4820, n: 0x80000001ffff0000, result: 0xe000f000f),
    VectorExample(assembly: "clz v0.2s, v1.2s", word: 0x2ea0_4820, n: 0x100000000, result: 0x1f00000020),
    VectorExample(assembly: "cnt v0.8b, v1.8b", word: 0x0e20_5820, n: 0x81ff, result: 0x208),
    VectorExample(assembly: "rbit v0.8b, v1.8b", word: 0x2e60_5820, n: 0x1201, result: 0x4880),
    VectorExample(
      assembly: "mvn v0.8b, v1.8b", word: 0x2e20_5820, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x5_0000000000000005,
      result: 0xfffffffffffffffa),
    VectorExample(assembly: "sqabs v0.8b, v1.8b", word: 0x0e20_7820, n: 0x1ff80, result: 0x1017f, saturates: true),
    VectorExample(
      assembly: "sqneg v0.2d, v1.2d", word: 0x6ee0_7820, n: 0x2_8000000000000000,
      result: 0xfffffffffffffffe_7fffffffffffffff, saturates: true),
    VectorExample(assembly: "abs v0.8b, v1.8b", word: 0x0e20_b820, n: 0x1ff80, result: 0x10180),
    VectorExample(assembly: "suqadd v0.8b, v1.8b", word: 0x0e20_3820, d: 0x7fff80, n: 0x1ff, result: 0x7f007f),
    VectorExample(
      assembly: "usqadd v0.4h, v1.4h", word: 0x2e60_3820, d: 0x50000ffff, n: 0xfffdffff0001, result: 0x20000ffff,
      saturates: true),
    VectorExample(assembly: "cmlt v0.4h, v1.4h, #0", word: 0x0e60_a820, n: 0x10000ffff, result: 0xffff),
    VectorExample(assembly: "cmle v0.4h, v1.4h, #0", word: 0x2e60_9820, n: 0x10000ffff, result: 0xffff0000ffffffff),
    VectorExample(
      assembly: "xtn2 v0.16b, v1.8h", word: 0x4e21_2820, d: 0xffffffffffffffff_0000000000000003,
      n: 0x8000700060005_0004000302020101, result: 0x807060504030201_0000000000000003),
    VectorExample(
      assembly: "sqxtun v0.8b, v1.8h", word: 0x2e21_2820, d: 0xffffffffffffffff_ffffffffffffffff, n: 0xff0100ffff,
      result: 0xffff00, saturates: true),
    VectorExample(
      assembly: "uqxtn v0.2s, v1.2d", word: 0x2ea1_4820, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x7_0000000100000000, result: 0x7ffffffff, saturates: true),
    VectorExample(
      assembly: "shll2 v0.4s, v1.8h, #16", word: 0x6e61_3820, n: 0xffff000300020001_0009000900090009,
      result: 0xffff000000030000_0002000000010000),
  ]

  /// All elements made one.
  static let acrossLanes: [VectorExample] = [
    VectorExample(
      assembly: "uaddlv h0, v1.8b", word: 0x2e30_3820, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0xffffffffffffffff_ffffffffffffffff, result: 0x7f8),
    VectorExample(
      assembly: "saddlv d0, v1.4s", word: 0x4eb0_3820, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x1ffffffff_ffffffffffffffff, result: 0xfffffffffffffffe),
    VectorExample(
      assembly: "addv b0, v1.8b", word: 0x0e31_b820, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x4d_0807060504030201,
      result: 0x24),
    VectorExample(
      assembly: "smaxv h0, v1.4h", word: 0x0e70_a820, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x64_fff7fffcfffdfffb,
      result: 0xfffd),
    VectorExample(
      assembly: "uminv s0, v1.4s", word: 0x6eb1_a820, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x600000009_00000007ffffffff, result: 6),
  ]

  /// Elements in another order.
  static let permutations: [VectorExample] = [
    VectorExample(
      assembly: "zip1 v0.8b, v1.8b, v2.8b", word: 0x0e02_3820, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x706050403020100, m: 0x1716151413121110, result: 0x1303120211011000),
    VectorExample(
      assembly: "zip2 v0.8b, v1.8b, v2.8b", word: 0x0e02_7820, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x706050403020100, m: 0x1716151413121110, result: 0x1707160615051404),
    VectorExample(
      assembly: "zip2 v0.4s, v1.4s, v2.4s", word: 0x4e82_7820, n: 0x300000002_0000000100000000,
      m: 0xd0000000c_0000000b0000000a, result: 0xd00000003_0000000c00000002),
    VectorExample(
      assembly: "uzp1 v0.4h, v1.4h, v2.4h", word: 0x0e42_1820, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x9_0003000200010000, m: 0x9_000d000c000b000a, result: 0xc000a00020000),
    VectorExample(
      assembly: "uzp2 v0.2d, v1.2d, v2.2d", word: 0x4ec2_5820, n: 0x1_0000000000000000, m: 0xb_000000000000000a,
      result: 0xb_0000000000000001),
    VectorExample(
      assembly: "trn1 v0.4s, v1.4s, v2.4s", word: 0x4e82_2820, n: 0x300000002_0000000100000000,
      m: 0xd0000000c_0000000b0000000a, result: 0xc00000002_0000000a00000000),
    VectorExample(
      assembly: "trn2 v0.8b, v1.8b, v2.8b", word: 0x0e02_6820, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x706050403020100, m: 0x1716151413121110, result: 0x1707150513031101),
    VectorExample(
      assembly: "ext v0.8b, v1.8b, v2.8b, #3", word: 0x2e02_1820, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x706050403020100, m: 0x1716151413121110, result: 0x1211100706050403),
    VectorExample(
      assembly: "ext v0.16b, v1.16b, v2.16b, #0", word: 0x6e02_0020, n: 0x2_0000000000000001, m: 0x4_0000000000000003,
      result: 0x2_0000000000000001),
    VectorExample(
      assembly: "ext v0.16b, v1.16b, v2.16b, #9", word: 0x6e02_4820, n: 0xf0e0d0c0b0a0908_0000000000000000,
      m: 0x1f1e1d1c1b1a1918_1716151413121110, result: 0x1817161514131211_100f0e0d0c0b0a09),
    VectorExample(
      assembly: "tbl v0.8b, {v1.16b}, v2.8b", word: 0x0e02_0020, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0xf0e0d0c0b0a0908_0706050403020100, m: 0x3ff00100f, result: 0x30000000f),
    VectorExample(
      assembly: "tbx v0.8b, {v1.16b}, v2.8b", word: 0x0e02_1020, d: 0xeeeeeeeeeeeeeeee_eeeeeeeeeeeeeeee,
      n: 0xf0e0d0c0b0a0908_0706050403020100, m: 0x1010103ff00100f, result: 0x1010103ee00ee0f),
    VectorExample(
      assembly: "tbl v0.16b, {v1.16b, v2.16b}, v0.16b", word: 0x4e00_2020, d: 0xffffffffffffffff_ffffffff201f1000,
      n: 0xf0e0d0c0b0a0908_0706050403020100, m: 0x1f1e1d1c1b1a1918_1716151413121110, result: 0x1f1000),
  ]

  /// Immediates.
  static let modifiedImmediates: [VectorExample] = [
    VectorExample(assembly: "movi v0.4s, #0x12", word: 0x4f00_0640, result: 0x1200000012_0000001200000012),
    VectorExample(
      assembly: "movi v0.2s, #0x12, lsl #24", word: 0x0f00_6640, d: 0xffffffffffffffff_ffffffffffffffff,
      result: 0x1200000012000000),
    VectorExample(
      assembly: "mvni v0.4h, #0x12, lsl #8", word: 0x2f00_a640, d: 0xffffffffffffffff_ffffffffffffffff,
      result: 0xedffedffedffedff),
    VectorExample(assembly: "movi v0.4s, #0x12, msl #8", word: 0x4f00_c640, result: 0x12ff000012ff_000012ff000012ff),
    VectorExample(assembly: "mvni v0.2s, #0x12, msl #16", word: 0x2f00_d640, result: 0xffed0000ffed0000),
    VectorExample(assembly: "movi v0.16b, #0xa5", word: 0x4f05_e4a0, result: 0xa5a5a5a5a5a5a5a5_a5a5a5a5a5a5a5a5),
    VectorExample(
      assembly: "movi v0.2d, #0xff00ffff00000000", word: 0x6f05_e600, result: 0xff00ffff00000000_ff00ffff00000000),
    VectorExample(
      assembly: "movi d0, #0x00ff00ffffffffff", word: 0x2f02_e7e0, d: 0xffffffffffffffff_ffffffffffffffff,
      result: 0xff00ffffffffff),
    VectorExample(
      assembly: "orr v0.4h, #0x12, lsl #8", word: 0x0f00_b640, d: 0xffffffffffffffff_ffffffffffffffff,
      result: 0xffffffffffffffff),
    VectorExample(
      assembly: "orr v0.4s, #0x80", word: 0x4f04_1400, d: 0x400000003_0000000200000001,
      result: 0x8400000083_0000008200000081),
    VectorExample(
      assembly: "bic v0.8h, #0xf0", word: 0x6f07_9600, d: 0xffffffffffffffff_ffffffffffffffff,
      result: 0xff0fff0fff0fff0f_ff0fff0fff0fff0f),
    VectorExample(assembly: "fmov v0.4s, #1.0", word: 0x4f03_f600, result: 0x3f8000003f800000_3f8000003f800000),
    VectorExample(assembly: "fmov v0.2d, #-0.125", word: 0x6f06_f400, result: 0xbfc0000000000000_bfc0000000000000),
    VectorExample(
      assembly: "fmov v0.4h, #31.0", word: 0x0f01_ffe0, d: 0xffffffffffffffff_ffffffffffffffff,
      result: 0x4fc04fc04fc04fc0),
  ]

  /// Shifts by an immediate.
  static let shifts: [VectorExample] = [
    VectorExample(
      assembly: "sshr v0.8b, v1.8b, #8", word: 0x0f08_0420, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x7f80,
      result: 0xff),
    VectorExample(
      assembly: "ushr v0.2d, v1.2d, #64", word: 0x6f40_0420, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0xffffffffffffffff_ffffffffffffffff, result: 0),
    VectorExample(assembly: "ssra v0.4h, v1.4h, #2", word: 0x0f1e_1420, d: 0x10001, n: 0x8fff8, result: 0x3ffff),
    VectorExample(
      assembly: "urshr v0.2d, v1.2d, #64", word: 0x6f40_2420, n: 0x7fffffffffffffff_8000000000000000, result: 1),
    VectorExample(assembly: "srsra v0.4h, v1.4h, #1", word: 0x0f1f_3420, d: 0xa, n: 0xfffd, result: 9),
    VectorExample(
      assembly: "shl v0.8b, v1.8b, #7", word: 0x0f0f_5420, d: 0xffffffffffffffff_ffffffffffffffff, n: 0x30201,
      result: 0x800080),
    VectorExample(assembly: "sli v0.4h, v1.4h, #4", word: 0x2f14_5420, d: 0x1abcf, n: 0x21234, result: 0x21234f),
    VectorExample(assembly: "sri v0.4h, v1.4h, #16", word: 0x2f10_4420, d: 0xabcd, n: 0x1234, result: 0xabcd),
    VectorExample(assembly: "sqshl v0.8b, v1.8b, #1", word: 0x0f09_7420, n: 0x1bf40, result: 0x2807f, saturates: true),
    VectorExample(assembly: "uqshl v0.8b, v1.8b, #0", word: 0x2f08_7420, n: 0x1ff, result: 0x1ff),
    VectorExample(
      assembly: "shrn v0.8b, v1.8h, #4", word: 0x0f0c_8420, d: 0xffffffffffffffff_ffffffffffffffff, n: 0xff01234,
      result: 0xff23),
    VectorExample(
      assembly: "rshrn2 v0.16b, v1.8h, #8", word: 0x4f08_8c20, d: 0x9_0000000000000005, n: 0xffff0180017f,
      result: 0x201_0000000000000005),
    VectorExample(
      assembly: "sqrshrn v0.4h, v1.4s, #1", word: 0x0f1f_9c20, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0xfffefffe_0000fffd0000ffff, result: 0x80007fff7fff, saturates: true),
    VectorExample(
      assembly: "uqshrn2 v0.8h, v1.4s, #16", word: 0x6f10_9420, d: 1, n: 0x20000ffffffff,
      result: 0x2ffff_0000000000000001),
    VectorExample(
      assembly: "sqshrun v0.2s, v1.2d, #1", word: 0x2f3f_8420, d: 0xffffffffffffffff_ffffffffffffffff,
      n: 0x1fffffffe_ffffffffffffffff, result: 0xffffffff00000000, saturates: true),
    VectorExample(assembly: "sshll v0.8h, v1.8b, #3", word: 0x0f0b_a420, n: 0x2ff, result: 0x10fff8),
    VectorExample(
      assembly: "ushll2 v0.2d, v1.4s, #31", word: 0x6f3f_a420, n: 0x1ffffffff_0000000900000009,
      result: 0x80000000_7fffffff80000000),
  ]

  /// A vector and an element.
  static let byElement: [VectorExample] = [
    VectorExample(
      assembly: "mla v0.4h, v1.4h, v2.h[7]", word: 0x2f72_0820, d: 0x9_0001000100010001, n: 0x4000300020001,
      m: 0xa000000000000_0000000000000000, result: 0x29001f0015000b),
    VectorExample(
      assembly: "mul v0.4s, v1.4s, v2.s[3]", word: 0x4fa2_8820, n: 0x400000003_0000000200000001,
      m: 0xfffffffe00000000_0000000000000000, result: 0xfffffff8fffffffa_fffffffcfffffffe),
    VectorExample(
      assembly: "smlal2 v0.2d, v1.4s, v2.s[1]", word: 0x4fa2_2020, d: 0x1_0000000000000001,
      n: 0x4fffffffd_0000000900000009, m: 0x500000000, result: 0x15_fffffffffffffff2),
    VectorExample(
      assembly: "umull v0.4s, v1.4h, v2.h[0]", word: 0x2f42_a020, n: 0x1ffff, m: 0xffff, result: 0xfffffffe0001),
    VectorExample(
      assembly: "sqdmull v0.2d, v1.2s, v2.s[2]", word: 0x0f82_b820, n: 0x180000000, m: 0x80000000_0000000000000000,
      result: 0xffffffff00000000_7fffffffffffffff, saturates: true),
    VectorExample(
      assembly: "sqrdmulh v0.8h, v1.8h, v2.h[4]", word: 0x4f42_d820, n: 0x4000, m: 0x3_0000000000000000, result: 2),
    VectorExample(assembly: "sqrdmlah v0.2s, v1.2s, v2.s[0]", word: 0x2f82_d020, d: 5, n: 0x40000000, m: 2, result: 6),
    VectorExample(
      assembly: "sdot v0.4s, v1.16b, v2.4b[1]", word: 0x4fa2_e020, n: 0x4030201, m: 0xffffffff09090909,
      result: 0xfffffff6),
  ]
}
