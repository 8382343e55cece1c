"""Operand state for cases: values at the edges of what instructions tell apart, addresses in the scratch page."""

from cases import CODE, PAGE, SCRATCH

MASK64 = (1 << 64) - 1


def integers(random, count):
    """Integers around powers of two, of repeated bytes, small ones, and any."""
    makers = (
        lambda: random.getrandbits(64),
        lambda: (1 << random.randrange(64)) + random.randint(-1, 1),
        lambda: random.randint(-3, 3),
        lambda: random.choice((0x00, 0x01, 0x7F, 0x80, 0xFF, 0x55)) * 0x0101_0101_0101_0101,
        lambda: random.choice((1 << 63, (1 << 63) - 1, 1 << 31, (1 << 31) - 1, (1 << 32) - 1, -(1 << 31))),
        lambda: random.getrandbits(32) << random.choice((0, 32)),
    )
    return [random.choice(makers)() & MASK64 for _ in range(count)]


# Bits of the exponent and of the fraction, by the size of the format.
FORMATS = {16: (5, 10), 32: (8, 23), 64: (11, 52)}


def float_bits(random, size):
    """A floating-point number that is a special case somewhere: zero, subnormal, infinite, NaN, halfway, near one."""
    exponent_bits, fraction_bits = FORMATS[size]
    top, bias = (1 << exponent_bits) - 1, (1 << exponent_bits - 1) - 1
    exponent = random.choice((
        0, 0, 1, top, top - 1, bias, bias + 1, bias - 1,
        bias + random.randint(-4, 4), min(bias + fraction_bits + random.randint(-2, 2), top),
        min(bias + random.choice((8, 16, 31, 32, 63, 64)), top), random.randint(0, top), random.randint(0, top),
    ))
    ones = (1 << fraction_bits) - 1
    fraction = random.choice((
        0, 0, 1, ones, ones - 1, 1 << fraction_bits - 1, (1 << fraction_bits - 1) | 1, (1 << fraction_bits - 1) - 1,
        1 << random.randrange(fraction_bits), ones & -(1 << random.randrange(fraction_bits)),
        random.getrandbits(fraction_bits), random.getrandbits(fraction_bits),
    ))
    return random.getrandbits(1) << size - 1 | exponent << fraction_bits | fraction


def element(random, size):
    if size in FORMATS and random.random() < 0.8:
        return float_bits(random, size)
    top = 1 << size - 1
    return random.choice((0, 1, 2 * top - 1, top, top - 1, random.randrange(2 * size), random.getrandbits(size)))


def vectors(random, size, count):
    """Vectors with lanes of one size, all alike now and then."""

    def lanes():
        if random.random() < 0.2:
            return [element(random, size)] * (128 // size)
        return [element(random, size) for _ in range(128 // size)]

    return [sum(lane << size * i for i, lane in enumerate(lanes())) for _ in range(count)]


class Pools:
    """Values to draw from; making each anew would take longer than executing it."""

    def __init__(self, random, count=4096):
        self.integers = integers(random, count)
        self.vectors = {size: vectors(random, size, count) for size in (8, 16, 32, 64)}


def bits(word, low, count):
    return word >> low & (1 << count) - 1


def signed(value, count):
    return value - (1 << count) if value >> count - 1 else value


def replaced(word, low, register):
    """The word with another number of a register in its field."""
    return word & ~(31 << low) | register << low


def is_load_store(word):
    return word & 0x0A00_0000 == 0x0800_0000


def is_cache_maintenance(word):
    return word & 0xFFF8_F000 == 0xD508_7000


def base_register(word):
    """The register that holds the address, or that an offset is added to."""
    return bits(word, 0, 5) if is_cache_maintenance(word) else bits(word, 5, 5)


# Where MSR to FPCR and FPSR has its value from, and the bits of it that are RES0 to both CPUs or have a meaning: QEMU
# keeps the others for AArch32.
STATUS_SOURCE, STATUS_BITS = 27, MASK64 & ~0xF037_0000


def writes_status(word):
    return word & 0xFFFF_FFC0 == 0xD51B_4400


def with_status_source(word):
    """The access to a system register with the register that MSR to FPCR and FPSR reads, and that no MRS writes."""
    if writes_status(word):
        return replaced(word, 0, STATUS_SOURCE)
    if word & 0xFFF0_001F == 0xD530_0000 | STATUS_SOURCE:
        return replaced(word, 0, STATUS_SOURCE + 1)
    return word


def is_literal(word):
    return word & 0x3B00_0000 == 0x1800_0000


def is_register_offset(word):
    return word & 0x3B20_0C00 == 0x3820_0800


def size_shift(word):
    """The logarithm of the access's size in bytes, of loads and stores of one register."""
    opc_high = bits(word, 23, 1) if bits(word, 26, 1) else 0
    return bits(word, 30, 2) | opc_high << 2


def displacement(word):
    """What is added to the base register for the address, where the offset is in the word."""
    if word & 0x3A00_0000 == 0x2800_0000:  # pairs
        if bits(word, 23, 2) == 1:
            return 0
        scale = bits(word, 30, 2) + 2 if bits(word, 26, 1) else 2 + bits(word, 31, 1)
        return signed(bits(word, 15, 7), 7) << scale
    if word & 0x3B00_0000 == 0x3900_0000:  # unsigned offset
        return bits(word, 10, 12) << size_shift(word)
    if word & 0x3B20_0000 == 0x3800_0000 and bits(word, 10, 2) != 1:  # unscaled, unprivileged and pre-indexed
        return signed(bits(word, 12, 9), 9)
    return 0


def index_value(word, offset, random):
    """A value of the index register, of a register offset, that adds `offset` to the base, and what it really adds."""
    shift = size_shift(word) if bits(word, 12, 1) else 0
    option = bits(word, 13, 3)
    value = offset >> shift
    if option & 1 == 0:  # a word is extended; what is above it does not count
        if option == 2:
            value &= 0x7FFF_FFFF
        return value & 0xFFFF_FFFF | random.getrandbits(32) << 32, value << shift
    return value & MASK64, value << shift


def target(random):
    """An address in the scratch page, at its edge now and then, mostly aligned."""
    if random.random() < 0.03:
        return SCRATCH + random.choice((0, PAGE)) + random.randint(-64, 64)
    offset = random.randrange(64, PAGE - 192)
    return SCRATCH + (offset & ~15 if random.random() < 0.7 else offset)


def branch_target(random, words):
    """An address behind the case's code, with a tag or unaligned now and then."""
    address = CODE + 4 * (words + random.randrange(-1, 8))
    tag = random.getrandbits(8) << 56 if random.random() < 0.1 else 0
    return address | tag | (random.randrange(4) if random.random() < 0.05 else 0)


def with_should_be_bits(word):
    """The word with fields of no meaning as the architecture asks for them; else it may be UNDEFINED or not."""
    if word & 0x3F40_0000 == 0x0840_0000 and not (bits(word, 21, 1) and not bits(word, 31, 1)):
        word |= 31 << 16  # Rs of exclusive and acquiring loads
    if word & 0x3F20_0000 == 0x0800_0000 or word & 0x3FA0_0000 == 0x0880_0000:
        word |= 31 << 10  # Rt2 of exclusive and ordered accesses of one register
    if word & 0x3FE0_0000 == 0x0880_0000:
        word |= 31 << 16  # Rs of ordered stores
    if word & 0x3B20_FC00 == 0x3820_C000:
        word |= 31 << 16  # Rs of LDAPR
    if word & 0xFF60_0000 == 0x9B40_0000:
        word |= 31 << 10  # Ra of SMULH and UMULH
    if word & 0xFF20_FC08 == 0x1E20_2008:
        word &= ~(31 << 16)  # Rm of comparisons with zero
    return word


def checks_alignment_late(word):
    """Words of which QEMU finds a misaligned address where the exclusive monitor lets them pass, or not at all.

    The architecture has the former open and not the latter: STXR and STXP, LDAPR.
    """
    return word & 0x3FC0_0000 == 0x0800_0000 or word & 0x3B20_FC00 == 0x3820_C000


def with_separate_base(word, draw):
    """The load or store with a base register that no other of its stream changes but for writing back."""
    if not is_load_store(word) or is_literal(word):
        return word
    even = -2 if word & 0xBFA0_7C00 == 0x0820_7C00 else -1  # registers of CASP
    word = replaced(replaced(word, 5, 26 + draw(6)), 0, draw(26) & even)
    if word & 0x3F00_0000 == 0x0800_0000:  # exclusives, and CAS, which writes Rs
        word = replaced(word, 16, draw(26) & even)
    if word & 0x3A00_0000 == 0x2800_0000 or word & 0xBFA0_0000 == 0x8820_0000:  # pairs
        word = replaced(word, 10, draw(26))
    return with_should_be_bits(word)


def exclusives_mismatch(words):
    """Whether an exclusive store follows an exclusive load that is not its own, which is left open as well."""
    monitor = None
    for word in words:
        if word & 0x3F80_0000 != 0x0800_0000:
            continue
        kind = bits(word, 30, 2), bits(word, 21, 1), bits(word, 5, 5)
        t, n, t2 = bits(word, 0, 5), bits(word, 5, 5), bits(word, 10, 5)
        if bits(word, 22, 1):
            monitor = None if n in (t, t2) else kind
            if monitor is None:
                return True
        else:
            if monitor is not None and monitor != kind:
                return True
            monitor = None
    return False
