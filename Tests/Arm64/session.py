# A session with Debian's arm64 kernel, run by gdb for session.sh: hvgdb and the guest are in the emulated machine, this
# gdb is outside. Each check prints a line `ok` or `FAILED`. The kernel has no symbols, so that addresses are found.
import os
import subprocess

import gdb

IMAGE = 0x4000_0000  # where the kernel is loaded
LINKED = 0xFFFF_8000_8000_0000  # where it runs once its MMU is on
BANNER = b"Linux version "


def check(what, holds):
    print(f"{'ok' if holds else 'FAILED'}: {what}", flush=True)


def register(name):
    # Registers with named bits are no numbers to gdb's Python, but they print as such.
    return int(gdb.execute(f"print/x ${name}", to_string=True).split()[-1], 16)


def read(address, count):
    return bytes(gdb.selected_inferior().read_memory(address, count))


def run(command):
    return gdb.execute(command, to_string=True)


for setting in ("pagination off", "confirm off", "remotetimeout 60", "architecture aarch64"):
    run(f"set {setting}")
run(f"target remote 127.0.0.1:{os.environ['PORT']}")

tree = register("x0")
check("the first instruction is the Image's", register("pc") == IMAGE and read(IMAGE + 56, 4) == b"ARM\x64")
check("x0 is the device tree's address, x1 to x3 are 0", [register(f"x{n}") for n in (1, 2, 3)] == [0, 0, 0])
check("PSTATE is EL1h with everything masked", register("cpsr") == 0x3C5)
count = int.from_bytes(read(tree + 4, 4), "big")
decoded = subprocess.run(["dtc", "-q", "-I", "dtb"], input=read(tree, count), capture_output=True, check=False)
check("dtc decodes the tree in guest memory", decoded.returncode == 0 and b"arm,pl011" in decoded.stdout)
check("there is a thread for each CPU", len(gdb.selected_inferior().threads()) == 2)
run("stepi")
run("stepi")
check("two steps lead into primary_entry", IMAGE + 4 < register("pc") < IMAGE + (64 << 20))
banner = gdb.selected_inferior().search_memory(IMAGE, 32 << 20, BANNER)
check("the banner is found while the MMU is off", banner is not None)
check("monitor el", "EL1h" in run("monitor el"))

print("running", flush=True)
run("continue")  # session.sh interrupts it when the guest is idle
idle = register("pc")
check("Ctrl-C stops the kernel at its virtual addresses", idle >= LINKED >> 1 and idle >> 47 == 0x1FFFF)
check("the banner is read through TTBR1", read(LINKED + banner - IMAGE, len(BANNER)) == BANNER)
check("monitor walk shows the page of the PC", "physical" in run("monitor walk $pc"))
check("SCTLR_EL1.M is set", register("sctlr_el1") & 1 == 1)
check("TTBR1_EL1 can be read", register("ttbr1_el1") != 0)

run("monitor reset")
run("maintenance flush register-cache")
check("after the reset it is the first instruction again", register("pc") == IMAGE)
run(f"break *{idle:#x}")
run("continue")
check("a breakpoint that was set with the MMU off is hit after it came on", register("pc") == idle)
run("delete")
slot = register("sp") - 16
content = read(slot, 8)
run(f"watch *(unsigned long *){slot:#x}")
run("continue")
check("a watchpoint on kernel memory is hit by the store that changes it", read(slot, 8) != content)
run("delete")
masks = register("cpsr") & 0x3C0
address = register("pc")
run("stepi")
check("a step goes on and gives the interrupt masks back", register("pc") != address and register("cpsr") & 0x3C0 == masks)
run("detach")
