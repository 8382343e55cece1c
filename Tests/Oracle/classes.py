"""The classes of A64 instructions that the oracle is asked about, as the encoding index of the Arm ARM (C4.1) has them.

A pattern is a word from bit 31 to bit 0: 0 and 1 are fixed, x is random, so that unallocated encodings come too. Spaces
only part its fields. A class has several patterns where most words of the widest one are unallocated.
"""

import re
from dataclasses import dataclass


class Pattern:
    """A set of words: those that have `fixed` under `mask`."""

    def __init__(self, text):
        bits = text.replace(" ", "")
        if not re.fullmatch("[01x]{32}", bits):
            raise ValueError(f"no pattern of 32 bits: {text}")
        self.fixed = int(bits.replace("x", "0"), 2)
        self.mask = int(bits.replace("0", "1").replace("x", "0"), 2)

    def word(self, random):
        return self.fixed | random.getrandbits(32) & ~self.mask & 0xFFFF_FFFF

    def matches(self, word):
        return word & self.mask == self.fixed


@dataclass
class Class:
    """Instructions that take the same kind of operands."""

    name: str
    patterns: list
    # Which fields name general-purpose and which name vector registers whose values matter: d, n, m, a.
    x: str = ""
    v: str = ""
    # The sizes in bits of the elements that its vector registers shall hold.
    elements: tuple = (16, 32, 64)
    # How an address is made: see operands.displacement.
    memory: bool = False
    # Words that leave the case's code behind.
    branches: bool = False

    def __post_init__(self):
        self.patterns = [Pattern(pattern) for pattern in self.patterns]

    @property
    def area(self):
        """The fixture that holds its cases."""
        return self.name.split("/")[0]


def integer(name, *patterns, x="nm"):
    return Class("integer/" + name, patterns, x=x)


def memory(name, *patterns, v="", x=""):
    return Class("memory/" + name, patterns, x=x, v=v, memory=True)


def float_(name, *patterns, elements=(32, 64), v="nm", x=""):
    return Class("float/" + name, patterns, x=x, v=v, elements=elements)


def simd(name, *patterns, elements=(16, 32, 64), v="dnm", x=""):
    return Class("simd/" + name, patterns, x=x, v=v, elements=elements)


CLASSES = [
    # Data processing, immediate
    integer("pc-relative", "xxx10000 xxxxxxxx xxxxxxxx xxxxxxxx", x=""),
    integer("add-sub-immediate", "xxx100010 x xxxxxxxxxxxx xxxxx xxxxx", x="n"),
    integer(
        "logical-immediate",
        "1xx100100 x xxxxxx xxxxxx xxxxx xxxxx",
        "0xx100100 0 xxxxxx xxxxxx xxxxx xxxxx",
        x="n",
    ),
    integer("move-wide", "xxx100101 xx xxxxxxxxxxxxxxxx xxxxx", x="d"),
    integer(
        "bitfield",
        "1xx100110 1 xxxxxx xxxxxx xxxxx xxxxx",
        "0xx100110 0 0xxxxx 0xxxxx xxxxx xxxxx",
        "xxx100110 x xxxxxx xxxxxx xxxxx xxxxx",
        x="dn",
    ),
    integer(
        "extract",
        "10010011110 xxxxx xxxxxx xxxxx xxxxx",
        "00010011100 xxxxx 0xxxxx xxxxx xxxxx",
        "xxx100111xx xxxxx xxxxxx xxxxx xxxxx",
    ),
    integer("immediate-unallocated", "xxx100011 xxxxxxxxxxxxxxxxxxxxxxx", "xxx 100 111 xxxxxxxxxxxxxxxxxxxxxxx"),
    # Data processing, register
    integer(
        "two-source",
        "x0011010110 xxxxx 00001x xxxxx xxxxx",
        "x0011010110 xxxxx 0010xx xxxxx xxxxx",
        "x0011010110 xxxxx xxxxxx xxxxx xxxxx",
    ),
    integer("crc32", "x0011010110 xxxxx 010xxx xxxxx xxxxx", "10011010110 xxxxx 010x11 xxxxx xxxxx"),
    integer("one-source", "x101101011000000000 xxx xxxxx xxxxx", "x1x11010110 xxxxx xxxxxx xxxxx xxxxx", x="n"),
    integer("logical-shifted", "xxx01010 xxx xxxxx xxxxxx xxxxx xxxxx"),
    integer("add-sub-shifted", "xxx01011 xx0 xxxxx xxxxxx xxxxx xxxxx"),
    integer("add-sub-extended", "xxx01011 001 xxxxx xxx0xx xxxxx xxxxx", "xxx01011 xx1 xxxxx xxxxxx xxxxx xxxxx"),
    integer("carry", "xxx11010000 xxxxx 000000 xxxxx xxxxx", "xxx11010000 xxxxx xxxxxx xxxxx xxxxx"),
    integer("conditional-compare", "x1111010010 xxxxx xxxx x0 xxxxx 0xxxx", "xxx11010010 xxxxx xxxx xx xxxxx xxxxx"),
    integer("conditional-select", "xx011010100 xxxxx xxxx 0x xxxxx xxxxx", "xxx11010100 xxxxx xxxx xx xxxxx xxxxx"),
    integer(
        "three-source",
        "x0011011000 xxxxx x xxxxx xxxxx xxxxx",
        "10011011x01 xxxxx x xxxxx xxxxx xxxxx",
        "10011011x10 xxxxx 0 xxxxx xxxxx xxxxx",
        "xxx11011xxx xxxxx x xxxxx xxxxx xxxxx",
        x="nma",
    ),
    # Branches, exceptions and the system
    Class(
        "branch/conditional",
        [
            "01010100 xxxxxxxxxxxxxxxxxxx 0 xxxx",
            "0101010x xxxxxxxxxxxxxxxxxxx x xxxx",
        ],
        branches=True,
    ),
    Class("branch/immediate", ["x00101 xxxxxxxxxxxxxxxxxxxxxxxxxx"], branches=True),
    Class("branch/compare", ["x011010 x xxxxxxxxxxxxxxxxxxx xxxxx"], x="d", branches=True),
    Class("branch/test-bit", ["x011011 x xxxxx xxxxxxxxxxxxxx xxxxx"], x="d", branches=True),
    Class(
        "branch/register",
        ["110101100 xx 11111 000000 xxxxx 00000", "1101011 xxxx xxxxx 0000xx xxxxx xxxxx"],
        branches=True,
    ),
    Class(
        "branch/exception",
        [
            "11010100 001 xxxxxxxxxxxxxxxx 00000",
            "11010100 xxx xxxxxxxxxxxxxxxx xxx xx",
            "0000000000000000 xxxxxxxxxxxxxxxx",
        ],
    ),
    Class("system/hint", ["11010101000000110010 xxxx xxx 11111"]),
    Class("system/barrier", ["11010101000000110011 xxxx xxx 11111", "11010101000000110011 xxxx xxx xxxxx"]),
    Class("system/flags", ["11010101000 00 xxx 0100 xxxx xxx xxxxx"], x="d"),
    Class(
        "system/register",
        [
            "11010101 00x11011 0100 0010 000 xxxxx",  # NZCV
            "11010101 00x11011 0100 0100 00x xxxxx",  # FPCR, FPSR
            "11010101 00x11011 1101 0000 01x xxxxx",  # TPIDR_EL0, TPIDRRO_EL0
            "11010101 00x11011 0000 0000 xx1 11111",  # CTR_EL0, DCZID_EL0, whose values are the CPU's own
        ],
        x="d",
    ),
    # What EL0 must not touch; Linux shows it ID registers (CRn 0), and CRn 11 and 15 are implementation defined.
    Class(
        "system/privileged",
        [
            "11010101 00x11000 0001 xxxx xxx xxxxx",
            "11010101 00x11000 001x xxxx xxx xxxxx",
            "11010101 00x11000 01xx xxxx xxx xxxxx",
            "11010101 00x11000 1x00 xxxx xxx xxxxx",
            "11010101 00x111x0 0xxx xxxx xxx xxxxx",
            "11010101 00x10000 xxxx xxxx xxx xxxxx",
            "11010101 00001000 x1xx xxxx xxx xxxxx",
        ],
        x="d",
    ),
    Class(
        "system/cache",
        [
            "11010101000 01 011 0111 0100 001 xxxxx",  # DC ZVA
            "11010101000 01 011 0111 xxxx 001 xxxxx",  # DC CVAC, CVAU, CVAP, CIVAC and what is unallocated beside them
        ],
        memory=True,
    ),
    # Loads and stores
    memory("literal", "xx011000 xxxxxxxxxxxxxxxxxxx xxxxx"),
    memory("literal-vector", "xx011100 xxxxxxxxxxxxxxxxxxx xxxxx"),
    memory("pair", "xx101000 xx xxxxxxx xxxxx xxxxx xxxxx", "xx101001 xx xxxxxxx xxxxx xxxxx xxxxx"),
    memory("pair-vector", "xx101100 xx xxxxxxx xxxxx xxxxx xxxxx", "xx101101 xx xxxxxxx xxxxx xxxxx xxxxx"),
    memory("unscaled", "xx111000 xx 0 xxxxxxxxx x0 xxxxx xxxxx"),
    memory("indexed", "xx111000 xx 0 xxxxxxxxx x1 xxxxx xxxxx"),
    memory("unscaled-vector", "xx111100 xx 0 xxxxxxxxx xx xxxxx xxxxx"),
    memory("register-offset", "xx111000 xx 1 xxxxx x1x x 10 xxxxx xxxxx", "xx111000 xx 1 xxxxx xxx x 10 xxxxx xxxxx"),
    memory("register-offset-vector", "xx111100 xx 1 xxxxx x1x x 10 xxxxx xxxxx"),
    memory("unsigned-offset", "xx111001 xx xxxxxxxxxxxx xxxxx xxxxx"),
    memory("unsigned-offset-vector", "xx111101 xx xxxxxxxxxxxx xxxxx xxxxx"),
    memory("structures", "0x001100 0 x 000000 xxxxxx xxxxx xxxxx", "0x001100 0 x xxxxxx xxxx xx xxxxx xxxxx"),
    memory("structures-post", "0x001100 1 x 0 xxxxx xxxxxx xxxxx xxxxx"),
    memory("single-structure", "0x001101 0 x x 00000 xxx xxx xxxxx xxxxx", "0x001101 0 x x xxxxx xxx xxx xxxxx xxxxx"),
    memory("single-structure-post", "0x001101 1 x x xxxxx xxx xxx xxxxx xxxxx"),
    memory("other-unallocated", "xx011001 xx x xxxxxxxxx xx xxxxx xxxxx", "xx111000 xx 1 xxxxxxxxx x1 xxxxx xxxxx"),
    Class("atomic/exclusive", ["xx001000 0 xx xxxxx x xxxxx xxxxx xxxxx"], memory=True),
    Class(
        "atomic/ordered",
        [
            "xx001000 1 x 0 11111 x 11111 xxxxx xxxxx",
            "xx001000 1 x 0 xxxxx x xxxxx xxxxx xxxxx",
        ],
        memory=True,
    ),
    Class(
        "atomic/compare-swap",
        ["xx001000 1 x 1 xxxxx x 11111 xxxxx xxxxx", "0x001000 0 x 1 xxxx0 x 11111 xxxxx xxxx0"],
        memory=True,
    ),
    Class(
        "atomic/operation",
        ["xx111000 xx 1 xxxxx 0xxx 00 xxxxx xxxxx", "xx111000 xx 1 xxxxx xxxx 00 xxxxx xxxxx"],
        x="m",
        memory=True,
    ),
    # Floating point, scalar
    float_(
        "fixed-point",
        "x0011110 0x 0 0001x xxxxxx xxxxx xxxxx",
        "x0011110 0x 0 1100x xxxxxx xxxxx xxxxx",
        x="n", v="n",
    ),
    float_(
        "integer",
        "x0011110 0x 1 00xxx 000000 xxxxx xxxxx",
        "xxx11110 xx 1 xx xxx 000000 xxxxx xxxxx",
        x="n", v="n",
    ),
    float_("one-source", "00011110 0x 1 00xxxx 10000 xxxxx xxxxx", "xxx11110 xx 1 xxxxxx 10000 xxxxx xxxxx", v="n"),
    float_("compare", "00011110 0x 1 xxxxx 00 1000 xxxxx xx000", "xxx11110 xx 1 xxxxx xx 1000 xxxxx xxxxx"),
    float_("immediate", "00011110 xx 1 xxxxxxxx 100 00000 xxxxx", "xxx11110 xx 1 xxxxxxxx 100 xxxxx xxxxx", v=""),
    float_(
        "conditional-compare",
        "00011110 xx 1 xxxxx xxxx 01 xxxxx x xxxx",
        "xxx11110 xx 1 xxxxx xxxx 01 xxxxx x xxxx",
    ),
    float_("two-source", "00011110 0x 1 xxxxx xxxx 10 xxxxx xxxxx", "xxx11110 xx 1 xxxxx xxxx 10 xxxxx xxxxx"),
    float_("conditional-select", "00011110 xx 1 xxxxx xxxx 11 xxxxx xxxxx", "xxx11110 xx 1 xxxxx xxxx 11 xxxxx xxxxx"),
    float_(
        "three-source",
        "00011111 0x x xxxxx x xxxxx xxxxx xxxxx",
        "xxx11111 xx x xxxxx x xxxxx xxxxx xxxxx",
        v="nma",
    ),
    # Floating point, scalar, half precision
    float_("half-fixed-point", "x0011110 11 0 xxxxx xxxxxx xxxxx xxxxx", elements=(16,), x="n", v="n"),
    float_("half-integer", "x0011110 11 1 xxxxx 000000 xxxxx xxxxx", elements=(16,), x="n", v="n"),
    float_("half-one-source", "00011110 11 1 00xxxx 10000 xxxxx xxxxx", elements=(16,), v="n"),
    float_("half-compare", "00011110 11 1 xxxxx 00 1000 xxxxx xx000", elements=(16,)),
    float_("half-two-source", "00011110 11 1 xxxxx xxxx 10 xxxxx xxxxx", elements=(16,)),
    float_("half-three-source", "00011111 11 x xxxxx x xxxxx xxxxx xxxxx", elements=(16,), v="nma"),
    # AdvSIMD, scalar
    simd("scalar-copy", "01x11110000 xxxxx 0 xxxx 1 xxxxx xxxxx", v="n"),
    simd("scalar-three-same-half", "01x11110 x10 xxxxx 00 xxx 1 xxxxx xxxxx", elements=(16,)),
    simd("scalar-two-misc-half", "01x11110 x111100 xxxxx 10 xxxxx xxxxx", elements=(16,), v="dn"),
    simd("scalar-three-extra", "01111110 xx0 xxxxx 1000x 1 xxxxx xxxxx", "01x11110 xx0 xxxxx 1 xxxx 1 xxxxx xxxxx"),
    simd("scalar-two-misc", "01x11110 xx10000 xxxxx 10 xxxxx xxxxx", v="dn"),
    simd("scalar-pairwise", "01x11110 xx11000 xxxxx 10 xxxxx xxxxx", v="dn"),
    simd("scalar-three-different", "01x11110 xx1 xxxxx xxxx 00 xxxxx xxxxx"),
    simd("scalar-three-same", "01x11110 xx1 xxxxx xxxxx 1 xxxxx xxxxx"),
    simd("scalar-shift", "01x111110 xxxx xxx xxxxx 1 xxxxx xxxxx", v="dn"),
    simd("scalar-by-element", "01x11111 xx xxxxxx xxxx x 0 xxxxx xxxxx"),
    # AdvSIMD, vectors
    simd(
        "table",
        "0x001110 000 xxxxx 0 xxx 00 xxxxx xxxxx",
        "0x001110 xx0 xxxxx 0 xxx 00 xxxxx xxxxx",
        elements=(8, 64),
    ),
    simd("permute", "0x001110 xx0 xxxxx 0 xxx 10 xxxxx xxxxx"),
    simd("extract", "0x101110 000 xxxxx 0 xxxx 0 xxxxx xxxxx", "0x101110 xx0 xxxxx 0 xxxx 0 xxxxx xxxxx"),
    simd("copy", "0xx01110000 xxxxx 0 xxxx 1 xxxxx xxxxx", x="n", v="dn"),
    simd("three-same-half", "0xx01110 x10 xxxxx 00 xxx 1 xxxxx xxxxx", elements=(16,)),
    simd("two-misc-half", "0xx01110 x111100 xxxxx 10 xxxxx xxxxx", elements=(16,), v="dn"),
    simd(
        "three-extra",
        "0xx01110 xx0 xxxxx 1 000 x 1 xxxxx xxxxx",
        "0xx01110 xx0 xxxxx 1 xxxx 1 xxxxx xxxxx",
        elements=(8, 16, 32, 64),
    ),
    simd("two-misc", "0xx01110 xx10000 xxxxx 10 xxxxx xxxxx", elements=(8, 16, 32, 64), v="dn"),
    simd("across-lanes", "0xx01110 xx11000 xxxxx 10 xxxxx xxxxx", v="dn"),
    simd("three-different", "0xx01110 xx1 xxxxx xxxx 00 xxxxx xxxxx"),
    simd("three-same", "0xx01110 xx1 xxxxx xxxxx 1 xxxxx xxxxx", elements=(8, 16, 32, 64)),
    simd("modified-immediate", "0xx0111100000 xxx xxxx 01 xxxxx xxxxx", "0xx0111100000 xxx xxxx x1 xxxxx xxxxx", v="d"),
    simd("shift", "0xx011110 xxxx xxx xxxxx 1 xxxxx xxxxx", v="dn"),
    simd("by-element", "0xx01111 xx xxxxxx xxxx x 0 xxxxx xxxxx"),
    # Cryptography
    Class("crypto/aes", ["01001110 00 10100 001 xx 10 xxxxx xxxxx", "01001110 xx 10100 xxxxx 10 xxxxx xxxxx"], v="dn"),
    Class(
        "crypto/sha-three",
        [
            "01011110 000 xxxxx 0 xxx 00 xxxxx xxxxx",
            "01011110 xx0 xxxxx 0 xxx 00 xxxxx xxxxx",
        ],
        v="dnm",
    ),
    Class(
        "crypto/sha-two",
        [
            "01011110 00 10100 000 xx 10 xxxxx xxxxx",
            "01011110 xx 10100 xxxxx 10 xxxxx xxxxx",
        ],
        v="dn",
    ),
    Class("crypto/polynomial", ["0x001110 xx 1 xxxxx 1110 00 xxxxx xxxxx"], v="nm"),
    Class("crypto/unallocated", ["11001110 xxxxxxxxxxxxxxxxxxxxxxxx"], v="dnm"),
    # Words of no class
    Class("other/unallocated", ["xxx 00xx xxxxxxxxxxxxxxxxxxxxxxxxx"]),
]
