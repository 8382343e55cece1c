#!/usr/bin/env python3
"""Compares the logs that a Linux guest printed on two machines, line by line, without times and without what may differ between CPUs.

Lines may come in another order near each other: drivers that start on their own threads print when they are ready.

Usage: compare.py LOG LOG
"""

import collections
import difflib
import re
import sys

# What differs between two CPUs that are both right. Each line that matches is left out.
DIFFERENT = (
    # MIDR_EL1, and what other ID registers have the kernel find and choose.
    r"Booting Linux on physical CPU|CPU features: |alternatives: |Detected .* I-cache|CPU\d+: Booted secondary processor",
    r"hw-breakpoint: |hw perfevents|ASID allocator|KVM|kvm|cacheinfo|setend instruction|cp15_barrier|SVE|SME|MTE",
    r"(CPU (implementer|architecture|variant|part|revision)|Features|BogoMIPS)\s*:",
    # Buffers whose size follows from what a CPU has to be saved, and so what memory is left.
    r"software IO TLB: mapped|percpu: |Memory: |NODE_DATA|pages in range for",
    # The timer's rate, which is the host's on KVM.
    r"arch_timer: |sched_clock: |clocksource: arch_sys_counter|Calibrating delay loop",
    # The interrupt controller's size.
    r"GICv3: |GIC: |ITS|NR_IRQS",
    # How fast something was: what was measured, and counts of interrupts.
    r"crng init done|raid6: |xor: |\d+ MB/s|deferred pages initialised|rcu: .* self-detected|^\s*(\d+|IPI\d+|Err):|audit\(",
    # hvgdb itself.
    r"^hvgdb: the guest ",
)


def lines(path):
    """The lines that are compared: no times, no random numbers, no hash values."""
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read().replace("\r", "")
    kept = []
    # The log only: what programs print at the same time is mixed as it comes.
    for line in re.findall(r"^\[ *\d+\.\d+\] .*", text, re.M):
        line = re.sub(r"^\[ *\d+\.\d+\] ", "", line)
        # Dates, of the clock and of the files that /init makes.
        line = re.sub(r"\b\w{3} +\d+ \d\d:\d\d\b|\d{4}-\d\d-\d\dT[\d:]+ UTC \(\d+\)", "DATE", line)
        line = re.sub(r"\bin \d+ (ms|usecs|msecs)\b|after \d+ usecs", "in TIME", line)
        if not re.search("|".join(DIFFERENT), line):
            kept.append(line.rstrip())
    return kept


def main(first, second):
    texts = lines(first), lines(second)
    surplus = [collections.Counter(a) - collections.Counter(b) for a, b in (texts, texts[::-1])]
    if min(map(len, texts)) > 100 and not any(surplus):
        return 0
    for line in difflib.unified_diff(*texts, first, second, lineterm="", n=0):
        if line[:1] in "-+" and (line.startswith(("---", "+++")) or surplus[line[0] == "+"][line[1:]]):
            print(line)
    return 1


sys.exit(main(*sys.argv[1:]))
