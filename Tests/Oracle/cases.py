"""The format of cases: an initial state, up to eight instructions, and the state that the oracle was in after them.

Everything is little-endian. A file is

    "A64CASES"                              8 bytes
    section...                              to the end of the file

    section:  length of name: u8, name, number of cases: u32, case...
    case:     number of words: u8, number of inputs: u8, words: u32..., input value..., result
    result:   outcome: u8, number of values: u8, value...
    value:    id: u8, and by the id

         0...30   x0 to x30       u64
             31   sp              u64
             32   pc - CODE       u64
             33   nzcv            u32, in the bits of PSTATE, 31 to 28
             34   fpcr            u32
             35   fpsr            u32
             36   tpidr_el0       u64
             37   fault address   u64, zero where the oracle does not know it
        64...95   v0 to v31       16 bytes
            128   memory          offset in the scratch page: u16, a multiple of 8; what is there: u64

A case begins in a state that its file need not hold. noise(i) being the i-th number (from 0 on) of SplitMix64 with the
seed 0, that is

    x[i] = noise(i)   tpidr_el0 = noise(31)   v[i] = noise(64 + 2i) | noise(65 + 2i) << 64
    scratch page, word i of 8 bytes = noise(128 + i)   sp = SCRATCH + PAGE / 2   all else 0

with the inputs on top. At CODE is a page that can be read and executed but not written: the words, then zeros. At
SCRATCH is a page that can be read and written but not executed. Nothing else is mapped. Top byte ignore is on; neither
data accesses nor the stack pointer need be aligned. The words are executed from CODE on to the first exception; one
comes always, as zero is UDF. A result has what differs from the initial state; without a pc in it, the exception is
that of the UDF behind the last word: the case ran through.
"""

import struct

MAGIC = b"A64CASES"
CODE = 0x20_0000_0000
SCRATCH = 0x20_0001_0000
PAGE = 4096

SP, PC, NZCV, FPCR, FPSR, TPIDR, FAULT, V, MEMORY = 31, 32, 33, 34, 35, 36, 37, 64, 128
UNDEFINED, BREAKPOINT, ABORT, ALIGNMENT, HANG = range(5)

WORD, DOUBLEWORD = struct.Struct("<BI"), struct.Struct("<BQ")
QUADWORD, MEMORY_WORD = struct.Struct("<BQQ"), struct.Struct("<BHQ")


def noise(index):
    mask = (1 << 64) - 1
    z = (index + 1) * 0x9E37_79B9_7F4A_7C15 & mask
    z = (z ^ z >> 30) * 0xBF58_476D_1CE4_E5B9 & mask
    z = (z ^ z >> 27) * 0x94D0_49BB_1331_11EB & mask
    return z ^ z >> 31


MEMORY_IMAGE = struct.pack(f"<{PAGE // 8}Q", *(noise(128 + i) for i in range(PAGE // 8)))


def pack_value(identifier, value):
    if identifier in (NZCV, FPCR, FPSR):
        return WORD.pack(identifier, value)
    if V <= identifier < V + 32:
        return QUADWORD.pack(identifier, value & (1 << 64) - 1, value >> 64)
    return DOUBLEWORD.pack(identifier, value)


def pack_case(words, inputs):
    """A case without its result: what the executor takes."""
    values = b"".join(pack_value(*item) for item in inputs.items())
    return struct.pack(f"<BB{len(words)}I", len(words), len(inputs), *words) + values


def value_size(identifier):
    if identifier in (NZCV, FPCR, FPSR):
        return WORD.size
    if V <= identifier < V + 32:
        return QUADWORD.size
    return MEMORY_WORD.size if identifier == MEMORY else DOUBLEWORD.size


def result_end(data, start):
    """Where the result ends that begins at `start`."""
    position = start + 2
    for _ in range(data[start + 1]):
        position += value_size(data[position])
    return position


def split_results(data):
    """Each result in what the executor wrote; None where it is no sequence of results."""
    results, position = [], 0
    try:
        while position < len(data):
            end = result_end(data, position)
            results.append(data[position:end])
            position = end
    except IndexError:
        return None
    return results if position == len(data) else None


def result_values(result):
    """The ids in a result, each with its value's bytes."""
    position = 2
    for _ in range(result[1]):
        end = position + value_size(result[position])
        yield result[position], result[position + 1:end]
        position = end


def ran_through(result):
    """Whether the case came to its end: its exception is that of the UDF behind the last word."""
    return result[0] == UNDEFINED and all(identifier != PC for identifier, _ in result_values(result))


def is_torn(result):
    """Whether an access may have been done in part before it came to the page's end, which is left open."""
    values = list(result_values(result))
    is_at_end = result[0] == ABORT and (FAULT, DOUBLEWORD.pack(FAULT, SCRATCH + PAGE)[1:]) in values
    return is_at_end and any(identifier >= V for identifier, _ in values)


def section(name, cases):
    encoded = name.encode()
    return bytes([len(encoded)]) + encoded + struct.pack("<I", len(cases)) + b"".join(cases)
