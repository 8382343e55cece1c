# A session with Debian's arm64 kernel after it has loaded modules, run by gdb for session.sh. What the guest itself said of
# its modules and its log is in the file OUTPUT. Each check prints a line `ok` or `FAILED`.
import os
import re

import gdb


def check(what, holds):
    print(f"{'ok' if holds else 'FAILED'}: {what}", flush=True)


def run(command):
    return gdb.execute(command, to_string=True)


for setting in ("pagination off", "confirm off", "remotetimeout 60", "architecture aarch64"):
    run(f"set {setting}")
run(f"target remote 127.0.0.1:{os.environ['PORT']}")
print("running", flush=True)
run("continue")  # session.sh interrupts it when the guest has told all
with open(os.environ["OUTPUT"], encoding="utf-8", errors="replace") as file:
    output = file.read().replace("\r", "")

sections = re.findall(r"^section (\w+) (\S+) (0x[0-9a-f]+)$", output, re.M)
texts = {module: int(address, 16) for module, name, address in sections if name == ".text"}
check("the guest told of its modules", set(texts) >= {"failover", "net_failover", "virtio_net"})
modules = run("monitor modules")
check("monitor modules lists them", all(re.search(rf"^{name}: loaded", modules, re.M) for name in texts))
check("their code is where the guest says", all(f"{address:#x}" in modules for address in texts.values()))
libraries = run("info sharedlibrary")
check("gdb has a library for each", all(f"/{name}.ko@0x" in libraries for name in texts))
check("a module's function has its address", "is at 0x" in run("info address virtnet_probe"))
check("an address in a module has its symbol", "/virtio_net.ko@" in run("info symbol virtnet_probe"))
run("break virtnet_probe")
check("a breakpoint can be set there", "virtnet_probe" in run("info breakpoints"))
run("delete")
told = re.findall(r"^log (.*)$", output, re.M)
log = run("monitor dmesg").splitlines()
check("monitor dmesg is what the guest's own dmesg printed", len(told) > 100 and log[: len(told)] == told)
check("info os has the exits", "mmio" in run("info os exits"))
run("kill")
print("the end", flush=True)
