#!/usr/bin/env python3
"""Makes cases for the software AArch64 CPU: random instructions on nasty operands, and what the oracle made of them.

Usage: generate.py --oracle COMMAND [--count N] [--seed N] [--class REGEX] DIRECTORY

Each area of classes goes to a file in the directory: integer.cases, branch.cases, ...
"""

import argparse
import pathlib
import random
import re
import subprocess

import cases
import operands
from classes import CLASSES, Class, Pattern
from operands import bits, replaced

BATCH = 4000
# As long as it is unknown which words the oracle executes, batches are small.
FIRST_BATCH = 200
MIXED = "mixed/streams"
# The registers' fields, by the letters of Class.x and Class.v, with their lowest bits; the destination's first.
FIELDS = (("d", 0), ("n", 5), ("m", 16), ("a", 10))
# Unallocated words of half precision that are not UNDEFINED to QEMU 7.2, but end it.
BREAKS_DOWN = (
    Pattern("01x11110 1111100 01111 10 xxxxx xxxxx"),
    Pattern("01111110 1111100 11111 10 xxxxx xxxxx"),
    Pattern("0x001110 1111100 11111 10 xxxxx xxxxx"),
)
# Words that QEMU 7.2 gets wrong; the unallocated ones among them it executes.
GETS_WRONG = (
    Pattern("0x10111100000 xxx 1111 11 xxxxx xxxxx"),  # unallocated: FMOV (vector, immediate) of half precision with op
    Pattern("01011110 x1 11000 011xx 10 xxxxx xxxxx"),  # unallocated: FMAXP (scalar) and its like with sz
    Pattern("0x001110 x1 11000 011xx 10 xxxxx xxxxx"),  # unallocated: FMAXV and its like with sz
    Pattern("01011111 0001xxxx 111111 xxxxx xxxxx"),  # FCVTZS (scalar, fixed-point, half): signs above the result
    Pattern("110101010000 1 011 0111 xxxx 001 11111"),  # DC at no address, which is not looked at
)
# What the oracle's CPU alone has, and what QEMU has not for Linux programs.
OTHERS = (
    Pattern("1101010100000 011 0100 xxxx 001 xxxxx"),  # MSR SSBS
    Pattern("110101010000 1 011 0111 1100 001 xxxxx"),  # DC CVAP
)


class Generator:
    """Makes words and operands of one class, better ones as it learns which words the oracle executes."""

    def __init__(self, kind, generator, pools):
        self.kind, self.random, self.pools = kind, generator, pools
        # Words that the oracle executed, to make longer streams of: an undefined one would end them.
        self.executed = []

    def word(self):
        while True:
            word = operands.with_should_be_bits(self.random.choice(self.kind.patterns).word(self.random))
            if not excluded(word):
                return word

    def words(self):
        """One word, as all are at first, or a stream whose instructions take each other's results."""
        choice = self.random.random()
        if not self.executed or choice < 0.3:
            return [self.word()]
        if choice < 0.6:
            return [self.random.choice(self.executed)]
        window = self.random.randrange(32)
        stream = [self.tied(self.random.choice(self.executed), window) for _ in range(self.random.randint(2, 8))]
        if any(map(excluded, stream)) or operands.exclusives_mismatch(stream):
            return [self.word()]
        return stream

    def tied(self, word, window):
        """The word with registers that other words of the stream have too, where that cannot change what it is."""
        kind, draw = self.kind, self.random.randrange
        if kind.memory:
            return operands.with_separate_base(word, draw)
        for name, low in FIELDS[1:]:
            if name in kind.x + kind.v and draw(4) > 0:
                word = replaced(word, low, (window + draw(4)) % 32)
        if kind.area in ("integer", "float", "simd", "crypto") and "compare" not in kind.name and draw(4) > 0:
            word = replaced(word, 0, (window + draw(4)) % 32)
        return operands.with_should_be_bits(word)

    def case(self):
        words = [operands.with_status_source(word) for word in self.words()]
        words = [self.aimed(word, position, len(words)) for position, word in enumerate(words)]
        return words, self.inputs(words)

    def aimed(self, word, position, count):
        """The word with an address relative to it where something is, most of the time.

        A branch goes forward, within the code or just behind it; a literal is in the scratch page.
        """
        if self.random.random() < 0.1:
            return word
        if operands.is_literal(word):
            distance = operands.target(self.random) - cases.CODE - 4 * position >> 2
            return word & ~0x00FF_FFE0 | distance << 5
        distance = self.random.randint(1, count - position + 2)
        if word & 0x7C00_0000 == 0x1400_0000:
            return word & ~0x03FF_FFFF | distance
        if word & 0xFE00_0000 == 0x5400_0000 or word & 0x7E00_0000 == 0x3400_0000:
            return word & ~0x00FF_FFE0 | distance << 5
        if word & 0x7E00_0000 == 0x3600_0000:
            return word & ~0x0007_FFE0 | distance << 5
        return word

    def inputs(self, words):
        draw, kind, inputs = self.random, self.kind, {}
        if kind.memory:
            self.add_addresses(words, inputs)
            inputs.setdefault(cases.SP, operands.target(draw))
        for word in words:
            for name, low in FIELDS:
                if name in kind.x:
                    inputs.setdefault(bits(word, low, 5), draw.choice(self.pools.integers))
            if kind.v:
                self.add_vectors(word, inputs)
            if kind.branches and word & 0xFE00_0000 == 0xD600_0000:
                inputs[bits(word, 5, 5)] = operands.branch_target(draw, len(words))
        if any(map(operands.writes_status, words)):
            inputs[operands.STATUS_SOURCE] &= operands.STATUS_BITS
        if not kind.memory and draw.random() < 0.5:
            inputs.pop(cases.SP, None)
        if draw.random() < 0.5:
            inputs[cases.NZCV] = draw.getrandbits(4) << 28
        if kind.area in ("float", "simd", "system", "mixed"):
            self.add_modes(inputs)
        return inputs

    def add_vectors(self, word, inputs):
        """Vectors of one pool; some differ from another operand in one bit, so that they compare or cancel."""
        pool = self.pools.vectors[self.random.choice(self.kind.elements)]
        vector = self.random.choice(pool)
        for name, low in FIELDS:
            if name in self.kind.v:
                alike = self.random.random() < 0.15
                vector = vector ^ 1 << self.random.randrange(128) if alike else self.random.choice(pool)
                inputs[cases.V + bits(word, low, 5)] = vector

    def add_modes(self, inputs):
        draw = self.random
        if draw.random() < 0.5:
            fpcr = draw.getrandbits(2) << 22
            for flag in (19, 24, 25, 26):  # FZ16, FZ, DN, AHP
                fpcr |= (draw.random() < 0.25) << flag
            inputs[cases.FPCR] = fpcr
        if draw.random() < 0.25:
            inputs[cases.FPSR] = draw.getrandbits(32) & 0x0800_009F

    def add_addresses(self, words, inputs):
        """Base registers, and index registers where there are any, for addresses in the scratch page."""
        aligned = any(map(operands.checks_alignment_late, words))
        for word in words:
            if not operands.is_literal(word) and operands.base_register(word) not in inputs:
                address = operands.target(self.random)
                if aligned or operands.is_cache_maintenance(word):
                    address = cases.SCRATCH + 16 * self.random.randrange(cases.PAGE // 16)
                self.add_address(word, address, inputs)

    def add_address(self, word, address, inputs):
        draw, n = self.random, operands.base_register(word)
        base = address - operands.displacement(word)
        if operands.is_register_offset(word):
            m = bits(word, 16, 5)
            if m not in (n, 31):
                inputs[m], added = operands.index_value(word, draw.choice((0, 8, 64, -16, 100, -1)), draw)
                base = address - added
        tag = draw.getrandbits(8) << 56 if draw.random() < 0.1 else 0
        inputs[n] = (base & operands.MASK64 >> 8) | tag if base >= 0 else base & operands.MASK64
        if self.kind.name == "atomic/compare-swap" and draw.random() < 0.6:
            self.add_expectation(word, address, inputs)

    def add_expectation(self, word, address, inputs):
        """Makes a compare and swap find what it compares with."""
        s, offset, pair = bits(word, 16, 5), address - cases.SCRATCH, not bits(word, 23, 1)
        size = 4 << bits(word, 30, 1) if pair else 1 << bits(word, 30, 2)
        for register in (s, s + 1) if pair else (s,):
            content = int.from_bytes(cases.MEMORY_IMAGE[max(offset, 0):][:size], "little")
            if register != 31 and register != bits(word, 5, 5):
                inputs[register] = content | self.random.getrandbits(64) << 8 * size & operands.MASK64
            offset += size

    def learn(self, words, result):
        if len(words) == 1 and len(self.executed) < 8192 and cases.ran_through(result):
            self.executed.append(words[0])


class MixedGenerator(Generator):
    """Streams across classes, but for those that only make sense alone."""

    def __init__(self, generators, generator, pools):
        super().__init__(Class(MIXED, [], x="nm", v="nm"), generator, pools)
        self.sources = [source for source in generators if source.kind.area not in ("branch", "atomic", "other")]

    def words(self):
        window, words = self.random.randrange(32), []
        for _ in range(self.random.randint(2, 8)):
            source = self.random.choice(self.sources)
            word = self.random.choice(source.executed) if source.executed else source.word()
            words.append(source.tied(word, window))
        return words if all(map(self.is_usable, words)) else self.words()

    @staticmethod
    def is_usable(word):
        """Whether the word may come in any stream; QEMU takes bad addresses of DC, or tells of them elsewhere."""
        return not (excluded(word) or operands.writes_status(word) or operands.is_cache_maintenance(word))

    def inputs(self, words):
        inputs = super().inputs(words)
        accesses = list(filter(operands.is_load_store, words))
        for word in accesses:
            inputs.pop(operands.base_register(word), None)
        self.add_addresses(accesses, inputs)
        return inputs


def excluded(word):
    """Words that Linux or QEMU takes for itself (calls, semihosting, waiting), and that QEMU gets wrong or has not."""
    if word & 0xFFE0_001F in (0xD400_0001, 0xD440_0000):  # SVC, HLT
        return True
    if word in (0xD503_205F, 0xD503_207F):  # WFE, WFI
        return True
    return any(pattern.matches(word) for pattern in BREAKS_DOWN + GETS_WRONG + OTHERS)


def run_oracle(command, made):
    """The results of cases that have none yet, in their order."""
    data = b"".join(cases.pack_case(*case) for case in made)
    run = subprocess.run(command, input=data, capture_output=True)
    results = cases.split_results(run.stdout) if run.returncode == 0 else None
    if results is not None and len(results) == len(made):
        return results
    if len(made) == 1:
        words = " ".join(f"{word:08x}" for word in made[0][0])
        raise SystemExit(f"generate: the oracle breaks down at {words}: {run.stderr.decode()}")
    half = len(made) // 2
    return run_oracle(command, made[:half]) + run_oracle(command, made[half:])


def section_of(generator, count, command):
    packed = []
    while len(packed) < count:
        batch = BATCH if packed else FIRST_BATCH
        made = [generator.case() for _ in range(min(batch, count - len(packed)))]
        for case, result in zip(made, run_oracle(command, made)):
            if result[0] != cases.HANG and not cases.is_torn(result):
                generator.learn(case[0], result)
                packed.append(cases.pack_case(*case) + result)
    return cases.section(generator.kind.name, packed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--oracle", required=True, help="command that executes cases, as executor.c does")
    parser.add_argument("--count", type=int, default=1000, help="cases of each class")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--class", dest="pattern", default="", help="regular expression that classes' names contain")
    parser.add_argument("directory", type=pathlib.Path)
    options = parser.parse_args()

    command = options.oracle.split()
    pools = operands.Pools(random.Random(options.seed))
    generators = [Generator(kind, random.Random(f"{options.seed} {kind.name}"), pools) for kind in CLASSES]
    mixed = MixedGenerator(generators, random.Random(f"{options.seed} mixed"), pools)
    areas = {}
    for generator in generators + [mixed]:
        if re.search(options.pattern, generator.kind.name):
            areas.setdefault(generator.kind.area, []).append(section_of(generator, options.count, command))
        elif re.search(options.pattern, MIXED):
            section_of(generator, FIRST_BATCH, command)  # for words that streams can be made of
    options.directory.mkdir(parents=True, exist_ok=True)
    for area, sections in areas.items():
        (options.directory / f"{area}.cases").write_bytes(cases.MAGIC + b"".join(sections))


if __name__ == "__main__":
    main()
