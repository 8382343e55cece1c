# A session with Debian's arm64 kernel on the software CPU, run by gdb for session.sh: what hardware has limits for and this
# CPU has not. Each check prints a line `ok` or `FAILED`.
import os
import re

import gdb

INSTRUCTION_WFI = 0xD503_207F
# What a kernel with a device tree has and never comes to: the ACPI interpreter's dispatcher, and variables.
UNUSED_CODE = "^acpi_ds_"
UNUSED_DATA = "^acpi_gbl_"
# gdb's own names of parts of registers.
PSEUDO = "[qdshbw][0-9]+"
PATTERN = 0x5555_5555_5555_5555
READ_ONLY = "(id|mvfr|midr|mpidr|revidr|ctr|dczid|clidr|ccsidr|aidr|currentel|isr|lorid|cntfrq|cnt[pv]ct|mdrar|oslsr" \
    "|dbgauthstatus|mdccsr|pmceid|icc_iar|icc_hppir|icc_rpr).*"
# Those of limited ordering regions, of an external debugger, and the choice of the GIC's register interface.
WITHOUT_STATE = "actlr_el1|lor.*|osdtr.*|oseccr_el1|osdlr_el1|dbgprcr_el1|dbgdtr.*|icc_sre_el1"


def check(what, holds):
    print(f"{'ok' if holds else 'FAILED'}: {what}", flush=True)


def run(command):
    return gdb.execute(command, to_string=True)


def value(expression):
    """A number; registers with named bits are none to gdb's Python, but they print as such."""
    return int(run(f"print/x {expression}").split()[-1], 16)


def assign(register, size, number):
    """Whether a register of so many bytes can be written; gdb is told to ask for it again."""
    try:
        # Registers with named bits take a number of their own size only.
        run(f"set ${register} = (unsigned {'int' if size == 4 else 'long'}){number:#x}")
    except gdb.error:
        return False
    run("maintenance flush register-cache")
    return True


def frame():
    return gdb.selected_frame().name()


def read(address, count):
    return bytes(gdb.selected_inferior().read_memory(address, count))


def word(address):
    return int.from_bytes(read(address, 4), "little")


def symbols(kind, pattern):
    """The addresses of symbols."""
    found = re.findall(r"^(0x[0-9a-f]+)  ", run(f"info {kind} {pattern}"), re.M)
    return sorted({int(address, 16) for address in found})


def connect():
    run(f"target extended-remote 127.0.0.1:{os.environ['PORT']}")


for setting in ("pagination off", "confirm off", "remotetimeout 60", "architecture aarch64"):
    run(f"set {setting}")
connect()

# Boot again with another command line.
run("break start_kernel")
run("run console=ttyAMA0 panic=-1 loglevel=3")
check("run boots to a breakpoint", frame() == "start_kernel")
check("the kernel has run's arguments as its command line", "panic=-1 loglevel=3" in run("monitor fdt /chosen"))
run("delete")

# Every register: one is changed, read, put back and read again; what is read only says so.
names = [register.name for register in gdb.selected_frame().architecture().registers()]
names = [name for name in names if not re.fullmatch(PSEUDO, name)]
refused, unchanged, spoilt = [], [], []
for name in names:
    part = name + ".q.u[0]" if re.fullmatch("v[0-9]+", name) else name
    before = value("$" + part)
    size = int(gdb.parse_and_eval(f"sizeof ${part}"))
    # Of the process state the flags: other modes than the CPU's are refused.
    pattern = 0x5000_0000 if name == "cpsr" else PATTERN
    if not assign(part, size, before ^ pattern & (1 << 8 * size) - 1):
        refused.append(name)
        continue
    if value("$" + part) == before:
        unchanged.append(name)
    if not assign(part, size, before) or value("$" + part) != before:
        spoilt.append(name)
print("refused:", *refused)
print("without state:", *unchanged)
print("spoilt:", *spoilt)
check("every register that is not read only takes what is written and is put back", not spoilt and len(names) > 200)
check("registers that are read only say so", refused and all(re.fullmatch(READ_ONLY, name) for name in refused))
check("all others have a state", all(re.fullmatch(WITHOUT_STATE, name) for name in unchanged))

# A thousand breakpoints that are not met, a hundred watchpoints that are not hit, and one that is: 100 bytes at an odd
# address, the host's name in the middle.
code = symbols("functions", UNUSED_CODE)[0]
for index in range(1000):
    run(f"break *{code + 4 * index:#x}")
data = symbols("variables", UNUSED_DATA)[:33]
for address in data:
    for kind, offset in (("watch", 0), ("rwatch", 1), ("awatch", 3)):
        run(f"{kind} *(char (*)[5]){address + offset:#x}")
check("1,000 breakpoints and 99 watchpoints are set", run("info breakpoints").count(" keep y ") == 1000 + 3 * 33)
host_name = value("(long)&init_uts_ns") + 65
run(f"watch *(char (*)[100]){host_name - 37:#x}")
run("continue")
check("a watchpoint of 100 bytes that no boundary aligns is hit among them", read(host_name, 4) == b"gues")
check("it is the kernel that stores", "EL1h" in run("monitor el"))
run("delete")

# The idle loop's WFI is stepped over.
wait = value("(long)&cpu_do_idle")
while word(wait) != INSTRUCTION_WFI:
    wait += 4
run(f"break *{wait:#x}")
run("continue")
check("a breakpoint at the idle loop's WFI is hit", value("$pc") == wait)
run("delete")
run("stepi")
check("a step goes over it", value("$pc") == wait + 4)

# Gone and come again.
time = value("$cntvct_el0")
run("detach")
connect()
check("a debugger that comes again stops the guest, which has gone on", value("$cntvct_el0") > time)
check("the guest has gone on in good order", read(host_name, 5) == b"guest")
run("kill")
print("the end", flush=True)
