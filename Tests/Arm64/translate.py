# Holds `monitor translate` against the CPU's own AT instruction, run by gdb for translate.sh: a guest has executed AT for
# addresses of its tables and left PAR_EL1 in memory. A line `ok` or `FAILED` for each granule.
import os
import re
import time

import gdb

ACCESS_FLAG_FAULTS = range(0b001000, 0b001100)  # FST, which a debugger does not heed


def run(command):
    return gdb.execute(command, to_string=True)


def value(expression):
    return int(gdb.parse_and_eval(f"(unsigned long){expression}"))


def attach(port):
    for _ in range(100):
        try:
            return run(f"target remote 127.0.0.1:{port}")
        except gdb.error:
            time.sleep(0.2)
    raise gdb.error("hvgdb does not answer")


def disagreements():
    rows = value("&at_results")
    for number in range(value("*(unsigned long *)&at_count")):
        words = [value(f"*(unsigned long *){rows + 40 * number + 8 * word:#x}") for word in range(2)]
        address, result = words
        text = run(f"monitor translate {address:#x}")
        place = re.search(r"physical (0x[0-9a-f]+)", text)
        if result & 1 == 0:
            expected = (result & 0x000F_FFFF_FFFF_F000) | (address & 0xFFF)
            if place is None or int(place[1], 16) != expected:
                yield f"{address:#x}: AT says {expected:#x}, monitor translate {text.strip()}"
        elif place is not None and (result >> 1 & 0x3F) not in ACCESS_FLAG_FAULTS:
            yield f"{address:#x}: AT faults ({result:#x}), monitor translate {text.strip()}"


for setting in ("pagination off", "confirm off", "remotetimeout 60"):
    run(f"set {setting}")
for granule in ("4k", "16k", "64k"):
    run(f"file .build/guests/arm64/at-{granule}.elf")
    attach(os.environ["PORT"])
    run("break at_done")
    run("continue")
    wrong = list(disagreements())
    print("\n".join(wrong))
    count = value("*(unsigned long *)&at_count")
    print(f"{'FAILED' if wrong or count == 0 else 'ok'}: monitor translate agrees with AT on {count} addresses, {granule}", flush=True)
    run("delete")
    run("kill")
