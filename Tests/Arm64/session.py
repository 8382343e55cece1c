# A session with Debian's arm64 kernel, run by gdb for session.sh: on KVM hvgdb and the guest are in the emulated machine,
# this gdb is outside. Each check prints a line `ok` or `FAILED`. The kernel has no symbols, so that addresses are found.
import os
import signal
import subprocess
import threading

import gdb

IMAGE = 0x4000_0000  # where the kernel is loaded
LINKED = int(os.environ["LINKED"], 16)  # where it runs once its MMU is on
BANNER = b"Linux version "
# The kernel's variable init_uts_ns (struct new_utsname): the system's name, then the host's, in 65 bytes each.
NAMES = b"Linux".ljust(65, b"\0") + b"(none)\0"
INSTRUCTION_WFI = 0xD503_207F


def check(what, holds):
    print(f"{'ok' if holds else 'FAILED'}: {what}", flush=True)


def register(name):
    # Registers with named bits are no numbers to gdb's Python, but they print as such.
    return int(gdb.execute(f"print/x ${name}", to_string=True).split()[-1], 16)


def read(address, count):
    return bytes(gdb.selected_inferior().read_memory(address, count))


def word(address):
    return int.from_bytes(read(address, 4), "little")


def run(command):
    return gdb.execute(command, to_string=True)


def last_place(content):
    """Where the kernel has a constant that it was linked with twice: the last one is in use, the first was weak."""
    place, start = None, IMAGE
    while (found := gdb.selected_inferior().search_memory(start, IMAGE + (64 << 20) - start, content)) is not None:
        place, start = found, found + 1
    return place


def linked(physical):
    return LINKED + physical - IMAGE


def is_in_kernel(address):
    return LINKED <= address < LINKED + (64 << 20)


def is_idle(thread):
    thread.switch()
    # WFI has been executed or is about to be; the rest of the loop is short.
    address = register("pc")
    return is_in_kernel(address) and INSTRUCTION_WFI in (word(address), word(address - 4))


def branch_target(address):
    """The target of the instruction B."""
    offset = (word(address) & 0x03FF_FFFF) << 2
    return address + (offset - (1 << 28) if offset >> 27 else offset)


for setting in ("pagination off", "confirm off", "remotetimeout 60", "architecture aarch64"):
    run(f"set {setting}")
run(f"target remote 127.0.0.1:{os.environ['PORT']}")
memory = gdb.selected_inferior()

# The first instruction.
tree = register("x0")
check("the first instruction is the Image's", register("pc") == IMAGE and read(IMAGE + 56, 4) == b"ARM\x64")
check("x0 is the device tree's address, x1 to x3 are 0", [register(f"x{n}") for n in (1, 2, 3)] == [0, 0, 0])
check("PSTATE is EL1h with everything masked", register("cpsr") == 0x3C5 and "EL1h" in run("monitor el"))
check("the MMU is off", register("sctlr_el1") & 1 == 0)
count = int.from_bytes(read(tree + 4, 4), "big")
decoded = subprocess.run(["dtc", "-q", "-I", "dtb"], input=read(tree, count), capture_output=True, check=False)
check("dtc decodes the tree in guest memory", decoded.returncode == 0 and b"arm,pl011" in decoded.stdout)
check("there is a thread for each CPU", len(memory.threads()) == 2)
check("the other CPU waits to be turned on", "waiting" in run("info threads"))

# Steps.
entry = branch_target(IMAGE + 4)
run("stepi 2")
check("two steps lead into primary_entry", register("pc") == entry)
for _ in range(64):
    if register("x21") == tree:
        break
    run("stepi")
check("steps through primary_entry follow its calls, to where it keeps the tree's address", register("x21") == tree)

# Across the switch of the MMU, with what was set before it.
banner = last_place(BANNER)
check("the banner is found while the MMU is off", banner is not None)
names = last_place(NAMES)
check("the kernel's names are found while the MMU is off", names is not None)
run(f"rwatch *(char *){linked(banner):#x}")
run("continue")
reader = register("pc")
check("a watchpoint on the banner, set with the MMU off, is hit where the kernel reads it", is_in_kernel(reader))
run("delete")
run("monitor reset")
run("maintenance flush register-cache")
check("after the reset it is the first instruction again", register("pc") == IMAGE and register("sctlr_el1") & 1 == 0)
run(f"break *{reader:#x}")
run("continue")
check("a breakpoint in virtual addresses, set with the MMU off, is hit after it came on", register("pc") == reader)
run("delete")
check("SCTLR_EL1.M is set", register("sctlr_el1") & 1 == 1)
check("TTBR1_EL1 can be read", register("ttbr1_el1") != 0)
check("the banner is read through TTBR1", read(linked(banner), len(BANNER)) == BANNER)
check("monitor walk shows the page of the PC", "physical" in run("monitor walk $pc"))
masks = register("cpsr") & 0x3C0
run("stepi")
check("a step goes on and gives the interrupt masks back", register("pc") != reader and register("cpsr") & 0x3C0 == masks)

# Up to /init, which names the host.
host_name = linked(names) + 65
run(f"watch *(unsigned *){host_name:#x}")
run("continue")
check("a watchpoint on a kernel variable is hit by the store that changes it", read(host_name, 4) == b"gues")
check("it is the kernel that stores", is_in_kernel(register("pc")) and "EL1h" in run("monitor el"))
run("delete")

print("running", flush=True)
run("continue")  # session.sh interrupts it when the guest is idle
for _ in range(10):
    idle = [is_idle(thread) for thread in memory.threads()]
    if all(idle):
        break
    # One was at a tick or the like.
    threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
    run("continue")
check("Ctrl-C finds both CPUs in the idle loop", idle == [True, True])
memory.write_memory(host_name, b"bye\0")
check("what the debugger writes through the kernel's tables is there", read(host_name, 4) == b"bye\0")
run("detach")  # /init waits for that name, and turns the machine off
print("the end", flush=True)
