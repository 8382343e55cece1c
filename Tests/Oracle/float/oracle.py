#!/usr/bin/env python3
"""Cases of AArch64's floating-point arithmetic with the answers of an independent implementation, QEMU's.

    oracle.py COUNT [SEED] > cases.txt

A case is a line of `operation FPCR operands… result FPSR`, the numbers in hexadecimal; COUNT is how many cases each
operation gets. Tests/SoftFloatTests/Fixtures/cases.txt is `oracle.py 36`. Needs qemu-aarch64 (Debian's qemu-user), and
clang and lld with AArch64.
"""

import pathlib
import random
import struct
import subprocess
import sys
import tempfile

DRIVER = pathlib.Path(__file__).with_name("driver.S")
FORMATS = {"h": (5, 10), "s": (8, 23), "d": (11, 52)}
ROUNDINGS = {"n": "tieEven", "p": "plusInfinity", "m": "minusInfinity", "z": "zero", "a": "tieAway"}
TO_VECTOR, TO_GENERAL = "b answer_v", "b answer_x"


def operations():
    """Every operation: its name in the cases, the kinds of its operands and its instructions in the driver.

    Operands are in v1 to v3 and x1 to x3; the kinds are a format's letter, or `w` and `x` for integers.
    """
    for t in FORMATS:
        for name, mnemonic in {
            "add": "fadd", "sub": "fsub", "mul": "fmul", "mulX": "fmulx", "div": "fdiv", "max": "fmax", "min": "fmin",
            "maxNum": "fmaxnm", "minNum": "fminnm", "recipStepFused": "frecps", "rsqrtStepFused": "frsqrts",
            "compareEQ": "fcmeq", "compareGE": "fcmge", "compareGT": "fcmgt",
        }.items():
            yield f"{name}.{t}", t * 2, f"{mnemonic} {t}0, {t}1, {t}2; {TO_VECTOR}"
        for name, mnemonic in {
            "sqrt": "fsqrt", "recipEstimate": "frecpe", "rsqrtEstimate": "frsqrte", "recpX": "frecpx",
        }.items():
            yield f"{name}.{t}", t, f"{mnemonic} {t}0, {t}1; {TO_VECTOR}"
        yield f"mulAdd.{t}", t * 3, f"fmadd {t}0, {t}2, {t}3, {t}1; {TO_VECTOR}"
        yield f"compare.quiet.{t}", t * 2, f"fcmp {t}1, {t}2; mrs x0, nzcv; {TO_GENERAL}"
        yield f"compare.signaling.{t}", t * 2, f"fcmpe {t}1, {t}2; mrs x0, nzcv; {TO_GENERAL}"
        for letter, rounding in ROUNDINGS.items():
            yield f"roundInt.{rounding}.{t}", t, f"frint{letter} {t}0, {t}1; {TO_VECTOR}"
        yield f"roundInt.fpcr.{t}", t, f"frinti {t}0, {t}1; {TO_VECTOR}"
        yield f"roundInt.exact.{t}", t, f"frintx {t}0, {t}1; {TO_VECTOR}"
        for to in FORMATS:
            if to != t:
                yield f"convert.{t}.{to}", t, f"fcvt {to}0, {t}1; {TO_VECTOR}"
        yield from fixed_point(t)
    yield "convertOdd.d.s", "d", f"fcvtxn s0, d1; {TO_VECTOR}"
    yield "toFixedJS.d", "d", f"fjcvtzs w0, d1; mrs x4, nzcv; orr x0, x0, x4, lsl #2; {TO_GENERAL}"
    yield "unsignedRecipEstimate", "w", f"urecpe v0.2s, v1.2s; fmov w0, s0; {TO_GENERAL}"
    yield "unsignedRSqrtEstimate", "w", f"ursqrte v0.2s, v1.2s; fmov w0, s0; {TO_GENERAL}"


def fixed_point(t):
    """The conversions of a format to and from integers and fixed-point numbers."""
    for sign in "su":
        for register, width, fractions in ("w", 32, (0, 1, 13, 32)), ("x", 64, (0, 1, 40, 64)):
            for letter, rounding in ROUNDINGS.items():
                yield (f"toFixed.{rounding}.{t}.{sign}{width}.0", t,
                       f"fcvt{letter}{sign} {register}0, {t}1; {TO_GENERAL}")
            for bits in fractions:
                point = f", #{bits}" if bits else ""
                if bits:
                    yield (f"toFixed.zero.{t}.{sign}{width}.{bits}", t,
                           f"fcvtz{sign} {register}0, {t}1{point}; {TO_GENERAL}")
                yield (f"fixedToFP.{sign}{width}.{t}.{bits}", register,
                       f"{sign}cvtf {t}0, {register}1{point}; {TO_VECTOR}")
    if t == "h":
        for sign in "su":
            # QEMU 7.2 leaves copies of the sign above the result.
            yield f"toFixed.zero.h.{sign}16.5", t, f"fcvtz{sign} h0, h1, #5; umov w0, v0.h[0]; {TO_GENERAL}"
            yield f"fixedToFP.{sign}16.h.16", "h", f"{sign}cvtf h0, h1, #16; {TO_VECTOR}"


class Operands:
    """Operands that lie where arithmetic is hard."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, kinds):
        first = self.one(kinds[0])
        if len(kinds) == 1:
            return [first]
        rest = [self.one(kind) if self.random.random() < 0.5 else self.near(first, kind) for kind in kinds[1:]]
        if len(kinds) == 3 and self.random.random() < 0.4:
            first = self.cancelling(kinds[0], *rest)
        return [first, *rest]

    def one(self, kind):
        return self.integer(64 if kind == "x" else 32) if kind in "wx" else self.number(*FORMATS[kind])

    def integer(self, width):
        value = self.random.getrandbits(self.random.randint(1, width))
        value = value << self.random.randint(0, width - value.bit_length()) if self.random.random() < 0.5 else value
        return (value + self.random.choice([0, 0, 1, -1])) * self.random.choice([1, -1]) % (1 << width)

    def number(self, exponent_bits, fraction_bits):
        r = self.random
        top = (1 << exponent_bits) - 1
        bias = top >> 1
        exponent = r.choice([
            0, 0, 1, 2, bias - 1, bias, bias + 1, bias + fraction_bits, bias + fraction_bits - 1, top - 2, top - 1,
            top, r.randint(0, top), r.randint(0, top), r.randint(bias - 8, bias + 8),
            bias + min(r.choice([15, 31, 32, 63, 64, 84]), bias), r.randint(0, min(fraction_bits + 2, top)),
        ])
        return self.sign() << (exponent_bits + fraction_bits) | exponent << fraction_bits | self.fraction(fraction_bits)

    def fraction(self, bits):
        r = self.random
        mask = (1 << bits) - 1
        few = 0
        for _ in range(r.randint(1, 4)):
            few ^= 1 << r.randint(0, bits - 1)
        run = (mask >> r.randint(0, bits)) ^ (mask >> r.randint(0, bits))
        half = 1 << (bits - 1)
        return r.choice([0, 0, 1, mask, mask - 1, half, half - 1, half + 1, few, run, r.getrandbits(bits),
                         r.getrandbits(bits)])

    def near(self, number, kind):
        """A number with about another's magnitude or the reciprocal's."""
        exponent_bits, fraction_bits = FORMATS[kind]
        top = (1 << exponent_bits) - 1
        exponent = number >> fraction_bits & top
        choices = [exponent, top - 1 - exponent, exponent ^ 1, exponent + self.random.randint(-3, 3)]
        exponent = min(max(self.random.choice(choices), 0), top)
        fraction = self.random.choice([number & ((1 << fraction_bits) - 1), self.fraction(fraction_bits)])
        return self.sign() << (exponent_bits + fraction_bits) | exponent << fraction_bits | fraction

    def cancelling(self, kind, a, b):
        """About minus the product, so that little is left of the sum."""
        letter = {"h": "<e", "s": "<f", "d": "<d"}[kind]
        size = struct.calcsize(letter)
        value = [struct.unpack(letter, bits.to_bytes(size, "little"))[0] for bits in (a, b)]
        try:
            packed = struct.pack(letter, -(value[0] * value[1]))
        except OverflowError:
            return self.one(kind)
        product = int.from_bytes(packed, "little")
        return (product + self.random.choice([0, 0, 1, -1])) % (1 << (8 * size))

    def sign(self):
        return self.random.getrandbits(1)

    def fpcr(self):
        """Often the reset value, else any RMode, and now and then FZ16, FZ, DN and AHP."""
        if self.random.random() < 0.3:
            return 0
        value = self.random.getrandbits(2) << 22
        for bit in 19, 24, 25, 26:
            value |= (self.random.random() < 0.25) << bit
        return value


def answers(table, cases):
    """What QEMU answers: a result and FPSR for each case."""
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        (work / "operations.inc").write_text("".join(f".balign 16\n{code}\n" for _, _, code in table))
        subprocess.run(
            ["clang", "--target=aarch64-linux-gnu", "-march=armv8.3-a+fp16", "-nostdlib", "-static", "-fuse-ld=lld",
             "-I", work, DRIVER, "-o", work / "driver"], check=True)
        with open(work / "cases", "wb") as file:
            for operation, fpcr, operands in cases:
                file.write(struct.pack("<IIQQQ", operation, fpcr, *operands, *[0] * (3 - len(operands))))
        with open(work / "cases", "rb") as file, open(work / "answers", "wb") as output:
            subprocess.run(["qemu-aarch64", "-cpu", "max", work / "driver"], stdin=file, stdout=output, check=True)
        return list(struct.iter_unpack("<QQ", (work / "answers").read_bytes()))


def main():
    count = int(sys.argv[1])
    operands = Operands(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    table = list(operations())
    cases = [
        (index, operands.fpcr(), operands.pick(kinds)) for index, (_, kinds, _) in enumerate(table) for _ in range(count)
    ]
    # QEMU 7.2 takes a denormal that is flushed to zero for a zero there, later versions do not.
    cases = [case for case in cases if not (table[case[0]][0] == "toFixedJS.d" and case[2][0] >> 52 == 0 and case[1])]
    results = answers(table, cases)
    assert len(results) == len(cases)
    for (index, fpcr, numbers), (result, fpsr) in zip(cases, results):
        print(table[index][0], *(f"{number:x}" for number in [fpcr, *numbers, result, fpsr]))


if __name__ == "__main__":
    main()
