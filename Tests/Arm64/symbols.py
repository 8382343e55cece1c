# A session with Debian's stripped arm64 kernel and KASLR, run by gdb for session.sh: gdb is given no file and no address.
# Each check prints a line `ok` or `FAILED`.
import os

import gdb

IMAGE = 0x4000_0000  # where the kernel is loaded
LINKED = int(os.environ["LINKED"], 16)  # where it would run once its MMU is on if it did not move


def check(what, holds):
    print(f"{'ok' if holds else 'FAILED'}: {what}", flush=True)


def run(command):
    return gdb.execute(command, to_string=True)


def frame():
    return gdb.selected_frame().name()


def read(address, count):
    return bytes(gdb.selected_inferior().read_memory(address, count))


for setting in ("pagination off", "confirm off", "remotetimeout 60", "architecture aarch64"):
    run(f"set {setting}")
run(f"target remote 127.0.0.1:{os.environ['PORT']}")

check("gdb has the symbols at the kernel's physical addresses", "/vmlinux@0x40000000" in run("info sharedlibrary"))
check("the kernel is at its physical addresses", "still runs at its physical addresses" in run("monitor kaslr"))
check("a link address has its place before paging", read(LINKED, 64) == read(IMAGE, 64))
check("monitor translate says why", "is linked for it" in run(f"monitor translate {LINKED:#x}"))

run("break start_kernel")
run("continue")
check("start_kernel is hit by its name", frame() == "start_kernel")
check("its caller is found", "__primary_switched" in run("backtrace"))
kaslr = run("monitor kaslr")
check("the kernel has moved itself, and by how much is known", "has moved itself: 0x" in kaslr)
check("gdb has taken its symbols along", "/vmlinux+0x" in run("info sharedlibrary"))
# A kernel that lists its functions only has no such symbol.
if "  linux_banner" in run("info variables ^linux_banner$"):
    check("the banner is read by its name", "Linux version" in run("x/s &linux_banner"))

run("break rest_init")
run("continue")
check("a breakpoint that is set later is hit as well", frame() == "rest_init")
check("its callers are found, too", "\n#1 " in run("backtrace") and "?? ()" not in run("backtrace 2"))

run("monitor reset")
run("maintenance flush register-cache")
run("continue")
check("after a reset start_kernel is hit again, wherever it is now", frame() == "start_kernel")
run("kill")
print("the end", flush=True)
