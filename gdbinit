# hvgdb in gdb: settings that suit a kernel, the `hv` commands (`help hv`), and the connection. Docs/GDB.md has more.
#
#     gdb-multiarch -x gdbinit                                the guest of hvgdb at port 1234 of this machine
#     HVGDB_LISTEN=unix:/run/hvgdb gdb-multiarch -x gdbinit   at another place, as hvgdb's --listen has it
#     gdb-multiarch -ex 'set $hvgdb = 4321' -x gdbinit        at a port, or a place in quotes; 0 for nowhere
#
# It does not connect where gdb debugs something already. It takes gdb 12 or later with Python, with or without gef or
# pwndbg beside it.

# A page that waits for the Return key holds up breakpoint commands and whoever drives gdb.
set pagination off
# Most of a boot has no source lines: where there is none, a stop shows its instruction.
set disassemble-next-line auto
# The kernel's structures have hundreds of members: one a line.
set print pretty on
# The first reply about memory waits for the kernel to be unpacked; on an emulated host that takes more than gdb's 2 s.
set remotetimeout 10

# $_strlen is written in Python: it is there where Python is.
if $_isvoid($_strlen)
  echo This gdb has no Python: `target remote :1234` connects it, `monitor help` stands for the hv commands.\n
else
python
def define_hv():
    """Define the `hv` commands, in a scope of their own: all Python in gdb, gef's too, shares one namespace."""
    import functools
    import os
    import re
    import gdb

    # Every command that hvgdb carries out itself: `hv NAME` is `monitor NAME` with its arguments evaluated by gdb.
    # What the capitals stand for is in `meanings`; the last argument extends to the end of the line.
    carried_out_by_hvgdb = (
        ("walk ADDRESS", "Show every page-table entry on the way to a virtual address.\n"
         "In real mode add the segment's base: hv walk $cs_base + $pc"),
        ("translate ADDRESS", "Show the physical address that a virtual one means, or why it has none."),
        ("limit ADDRESS [SPACE]", "Limit the breakpoint at an address to one address space.\n"
         "SPACE is `current`, which is also meant without it, `any`, or an expression for its CR3 or TTBR."),
        ("regs", "Show every integer register of the selected CPU."),
        ("el", "Show the exception level of the selected CPU, its stack pointer and PSTATE."),
        ("esr [VALUE]", "Put an exception syndrome in words: that of the last exception, or a given one."),
        ("sysreg [NAME [VALUE]]", "Read or write a system register, or show all of them.\n"
         "NAME is the architecture's, as ESR_EL1, or of the form S3_0_C5_C2_0."),
        ("catch [KINDS]", "Stop before exceptions of some kinds are taken, or show which those are.\n"
         "KINDS are words such as `svc data-abort`; or it is `all`, or `off`."),
        ("msr REGISTER [VALUE]", "Read or write a model-specific register.\n"
         "REGISTER is a name, as lstar, or an expression for its number."),
        ("cpuid [LEAF]", "Show the CPUID leaves that the guest sees, or one of them."),
        ("gdt", "Show the global descriptor table, decoded."),
        ("idt", "Show the interrupt descriptor table, decoded."),
        ("symbols [SYMBOL]", "Show where the kernel's symbols come from, or one of them by its name or address."),
        ("modules", "Show the modules that Linux has loaded, with where their code is."),
        ("kaslr", "Show where the kernel is, and how far it has moved itself."),
        ("fdt [PATH]", "Show the device tree in guest memory as source text, or one node of it."),
        ("dmesg", "Show the kernel's log buffer, out of its memory."),
        ("console", "Show what the guest printed last."),
        ("type TEXT", "Type a text and Enter on the guest's console; without Enter where it ends with \\c."),
        ("quit", "End the guest and hvgdb."),
    )

    def number(expression):
        """What an expression is, as hvgdb reads numbers; functions, arrays and data of no known type are addresses."""
        try:
            value = gdb.parse_and_eval(expression)
        except gdb.error:
            value = gdb.parse_and_eval(f"&({expression})")
        if value.type.strip_typedefs().code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY):
            value = value.address
        return hex(int(value) & 0xFFFF_FFFF_FFFF_FFFF)

    def name_or_number(text):
        return text if text.isidentifier() else number(text)

    def space_or_number(text):
        return text if text in ("current", "any") else number(text)

    def register_names(word):
        registers = gdb.selected_inferior().architecture().registers()
        return [register.name for register in registers if register.name.lower().startswith(word.lower())]

    def spaces(word):
        return [space for space in ("any", "current") if space.startswith(word)]

    def expressions(word):
        return gdb.COMPLETE_EXPRESSION

    def nothing(word):
        return gdb.COMPLETE_NONE

    # What each kind of argument becomes for hvgdb, and how it is completed.
    meanings = {
        "ADDRESS": (number, expressions),
        "VALUE": (number, expressions),
        "LEAF": (number, expressions),
        "SPACE": (space_or_number, spaces),
        "NAME": (str, register_names),
        "REGISTER": (name_or_number, register_names),
        "KINDS": (str, nothing),
        "SYMBOL": (name_or_number, expressions),
        "PATH": (str, nothing),
        "PLACE": (str, nothing),
        "TEXT": (str, nothing),
    }

    def connection():
        """The connection of the selected inferior, which must be one over the remote protocol."""
        connection = gdb.selected_inferior().connection
        if not isinstance(connection, gdb.RemoteTargetConnection):
            raise gdb.GdbError("gdb is not connected to hvgdb; `hv connect` connects it.")
        return connection

    @functools.lru_cache(maxsize=1)
    def offered(connection_number):
        """The names of hvgdb's monitor commands, asked for once per connection: which there are is up to the guest."""
        lines = gdb.execute("monitor help", to_string=True).splitlines()
        return {line.split()[0] for line in lines if line.strip()}

    class Command(gdb.Command):
        """A subcommand of `hv`; `usage` is its name and its parameters, optional ones in brackets."""

        def __init__(self, usage, text):
            self.usage = usage
            self.name, _, parameters = usage.partition(" ")
            self.parameters = re.findall("[A-Z]+", parameters)
            self.required = len(re.findall("[A-Z]+", parameters.partition("[")[0]))
            self.__doc__ = f"{text}\nUsage: hv {usage}"
            super().__init__(f"hv {self.name}", gdb.COMMAND_USER)

        def invoke(self, text, from_tty):
            self.dont_repeat()
            words = text.split(None, max(0, len(self.parameters) - 1))
            if not self.required <= len(words) <= len(self.parameters):
                raise gdb.GdbError(f"Usage: hv {self.usage}")
            try:
                self.run([meanings[kind][0](word) for kind, word in zip(self.parameters, words)])
            except gdb.error as error:
                raise gdb.GdbError(str(error))

        def complete(self, text, word):
            # gdb gives no word while it looks for where one begins.
            word = word or ""
            position = len(text[: len(text) - len(word)].split())
            kinds = self.parameters[position:] or self.parameters[-1:]
            return meanings[kinds[0]][1](word) if kinds else gdb.COMPLETE_NONE

        def monitor(self, *arguments):
            if self.name not in offered(connection().num):
                raise gdb.GdbError(f"hvgdb has no `{self.name}` for this guest; `monitor help` lists what it has.")
            # Front ends with a window for gdb and one for the program take what `monitor` prints for the program's.
            gdb.write(gdb.execute(" ".join(("monitor", self.name) + arguments), to_string=True))

    def forget():
        """Make gdb read registers and memory anew, as hvgdb changed them by itself."""
        for cache in ("register-cache", "dcache"):
            gdb.execute(f"maintenance flush {cache}", to_string=True)

    class Monitor(Command):
        def run(self, arguments):
            self.monitor(*arguments)
            # A second argument is a value to set.
            if len(arguments) > 1:
                forget()

    class Reset(Command):
        def run(self, arguments):
            self.monitor()
            forget()
            # The kernel is back where it was loaded, and its symbols with it.
            gdb.execute("sharedlibrary", to_string=True)
            # A step of no instruction is a stop like any other: displays, the TUI and front ends follow it.
            gdb.execute("stepi 0")

    class Screen(Command):
        # The text buffer of a PC: two bytes a cell, the character first, and 80 cells a row.
        buffer, size, row = 0xB8000, 0x8000, 160

        def run(self, arguments):
            if not gdb.selected_inferior().architecture().name().startswith("i386"):
                raise gdb.GdbError("Only x86-64 guests have a text screen.")
            cells = self.physical_memory(self.buffer, self.size)
            rows = [cells[start : start + self.row : 2] for start in range(0, self.size - self.row + 1, self.row)]
            lines = ["".join(c if c.isprintable() else " " for c in row.decode("cp437")).rstrip() for row in rows]
            gdb.write("\n".join(lines).rstrip("\n") + "\n")

        def physical_memory(self, address, size):
            remote = connection()
            if remote.send_packet("Qqemu.PhyMemMode:1") != b"OK":
                raise gdb.GdbError("This target does not read physical memory.")
            try:
                return gdb.selected_inferior().read_memory(address, size).tobytes()
            finally:
                remote.send_packet("Qqemu.PhyMemMode:0")

    class Connect(Command):
        def run(self, arguments):
            if gdb.selected_inferior().connection is not None:
                raise gdb.GdbError("gdb debugs something already; `detach` or `disconnect` ends that.")
            place = arguments[0] if arguments else default_place() or ":1234"
            release_gef()
            # gdb knows a Unix socket by its path alone.
            gdb.execute("target remote " + re.sub("^unix:", "", place))

    def release_gef():
        """Disconnect what gef does with new symbol files: it asks for a process's maps, a guest has none, and a command
        that fails at that moment makes gdb 13 forget that it waits for the guest."""
        handler = globals().get("new_objfile_handler")
        if "gef" in globals() and handler:
            try:
                gdb.events.new_objfile.disconnect(handler)
            except (SystemError, ValueError):
                pass  # It is disconnected already; which of the two that is depends on gdb's version.

    def default_place():
        """Where hvgdb listens if nothing else is said; empty for nowhere."""
        chosen = gdb.convenience_variable("hvgdb")
        if chosen is None:
            return os.environ.get("HVGDB_LISTEN", ":1234")
        if chosen.type.code == gdb.TYPE_CODE_INT:
            return f":{int(chosen)}" if int(chosen) else ""
        return chosen.string()

    class HV(gdb.Command):
        """Look into the guest of hvgdb: its page tables, registers, tables, console and more."""

        def __init__(self):
            super().__init__("hv", gdb.COMMAND_USER, prefix=True)

    HV()
    for usage, text in carried_out_by_hvgdb:
        Monitor(usage, text)
    Reset("reset", "Start the kernel again, as after power-on, and show where it stands; breakpoints are kept.")
    Screen("screen", "Show the text in the VGA text buffer of an x86-64 guest, with rows that were scrolled off.")
    Connect("connect [PLACE]", "Connect to hvgdb.\n"
            "PLACE is what its --listen was given; without it $hvgdb, HVGDB_LISTEN or :1234.")

    if gdb.selected_inferior().connection is None and default_place():
        try:
            gdb.execute("hv connect")
        except gdb.error as error:
            # With gef the error may be its own, raised once gdb was connected.
            advice = "" if gdb.selected_inferior().connection else "Not connected; `hv connect` tries again.\n"
            gdb.write(f"{error}\n{advice}", gdb.STDERR)


define_hv()
del define_hv
end
end
