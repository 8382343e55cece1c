#!/usr/bin/env python3
"""Does what a section of Docs/Tutorial.md shows, with stock gdb, and compares what comes of each command with what it shows.

A line `ok` or `FAILED` tells of each. Numbers are no part of it, as they change with every kernel, and an ellipsis stands for
whatever is there.

Usage: tutorial.py HEADING TARGET    TARGET: what `target remote` connects to in place of :1234
"""

import pathlib
import re
import subprocess
import sys

PROMPT = "(gdb) "
MARK = "@@@ "
SETTINGS = ("pagination off", "confirm off", "width 0", "remotetimeout 60")


def section(text, heading):
    """The lines of the blocks of gdb sessions in a section."""
    body = text[text.index(f"\n## {heading}\n") + 1 :].split("\n## ", 1)[0]
    return [line for block in re.findall(r"^```gdb\n(.*?)^```$", body, re.M | re.S) for line in block.splitlines()]


def steps(lines):
    """Commands, each with the lines that it shows."""
    result = []
    for line in lines:
        if line.startswith(PROMPT):
            result.append((line.removeprefix(PROMPT), []))
        else:
            result[-1][1].append(line)
    return result


def plain(text):
    """Text without numbers and without what gdb says while it reads symbols; columns are as wide as what is in them."""
    lines = re.sub(r"0x[0-9a-f]+|\b[0-9]+\b", "#", text).splitlines()
    lines = [re.sub(r"\s+", " ", line).strip() for line in lines if not line.startswith(("Reading ", "warning: "))]
    return "\n".join(line for line in lines if line)


def pattern(lines):
    """What the lines of a document stand for."""
    return re.compile(".*".join(re.escape(plain(part)) for part in "\n".join(lines).split("…")), re.S)


def main(heading, target):
    document = pathlib.Path(__file__).resolve().parents[2] / "Docs" / "Tutorial.md"
    shown = steps(section(document.read_text(encoding="utf-8"), heading))
    commands = [f"set {setting}" for setting in SETTINGS]
    for number, (command, _) in enumerate(shown):
        commands.append(f"echo \\n{MARK}{number}\\n")
        commands.append(f"target remote {target}" if command.startswith("target remote ") else command)
    words = [word for command in commands for word in ("-ex", command)]
    gdb = subprocess.run(
        ["gdb-multiarch", "-nx", "-q", "-batch", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400, check=False,
    )
    outputs = dict(re.findall(rf"^{MARK}(\d+)\n(.*?)(?=^{MARK}|\Z)", gdb.stdout, re.M | re.S))
    failures = 0
    for number, (command, lines) in enumerate(shown):
        actual = outputs.get(str(number), "nothing: gdb ended before\n")
        if pattern(lines).fullmatch(plain(actual)):
            print(f"ok: {command}")
        else:
            failures += 1
            print(f"FAILED: {command}\n{actual}")
    return 1 if failures or not shown else 0


sys.exit(main(*sys.argv[1:]))
