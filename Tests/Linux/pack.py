#!/usr/bin/env python3
"""Packs an initramfs, the same bytes on every machine for the same contents, so that guests run alike.

Usage: pack.py OUTPUT ROOT... [--files DIRECTORY FILE...] [--modules VERSION-DIRECTORY PATH...]
  ROOT       a folder whose contents go to the archive's top
  --files    more files, for one folder of the archive
  --modules  kernel modules below `kernel` of Debian's /lib/modules/VERSION: files or folders, and all that they depend
             on, uncompressed, with what modprobe needs

The format is newc (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).
"""

import argparse
import lzma
import pathlib
import stat
import struct
import sys


class Archive:
    """A newc archive in the making; folders come by themselves before what is in them."""

    def __init__(self):
        self.bytes = bytearray()
        self.paths = set()

    def add_directory(self, path):
        if path != pathlib.PurePosixPath(".") and path not in self.paths:
            self._add(path, stat.S_IFDIR | 0o755, b"")

    def add_link(self, path, target):
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def add_file(self, path, contents, is_executable=False):
        self._add(path, stat.S_IFREG | (0o755 if is_executable else 0o644), contents)

    def add_tree(self, root):
        for source in sorted(root.rglob("*")):
            path = pathlib.PurePosixPath(source.relative_to(root).as_posix())
            if source.is_symlink():
                self.add_link(path, str(source.readlink()))
            elif source.is_dir():
                self.add_directory(path)
            else:
                self.add_copy(path, source)

    def add_copy(self, path, source):
        self.add_file(path, source.read_bytes(), bool(source.stat().st_mode & stat.S_IXUSR))

    def finish(self):
        self._write("TRAILER!!!", 0, b"")
        return bytes(self.bytes)

    def _add(self, path, mode, contents):
        if path in self.paths:
            sys.exit(f"pack: {path} is there twice")
        self.add_directory(path.parent)
        self.paths.add(path)
        self._write(str(path), mode, contents)

    def _write(self, name, mode, contents):
        # Of inode, mode, owner, group, links, time, size, device and node numbers only these differ between files: a file
        # with one link is known by no inode.
        encoded = name.encode() + b"\0"
        fields = [0, mode, 0, 0, 1, 0, len(contents), 0, 0, 0, 0, len(encoded), 0]
        self.bytes += b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        self._align()
        self.bytes += contents
        self._align()

    def _align(self):
        self.bytes += bytes(-len(self.bytes) % 4)


class Modules:
    """The modules of one kernel, by the names that the kernel has for them."""

    def __init__(self, directory):
        self.directory = directory
        self.sources = {}
        for source in sorted((directory / "kernel").rglob("*.ko*")):
            self.sources[self.name(source.name.split(".ko")[0])] = source
        self.contents = {}

    @staticmethod
    def name(file_name):
        return file_name.replace("-", "_")

    def select(self, path):
        """The names of the module in a file, or of all in a folder."""
        place = self.directory / "kernel" / path
        found = [name for name, source in self.sources.items()
                 if place in source.parents or place == source.with_name(source.name.split(".ko")[0])]
        if not found:
            sys.exit(f"pack: there is no module {path} in {self.directory}")
        return found

    def read(self, name):
        if name not in self.contents:
            contents = self.sources[name].read_bytes()
            compressed = self.sources[name].suffix == ".xz"
            self.contents[name] = lzma.decompress(contents) if compressed else contents
        return self.contents[name]

    def information(self, name, key):
        """What the module's section .modinfo has for a key."""
        module = self.read(name)
        # The ELF-64 header's e_shoff, e_shentsize, e_shnum and e_shstrndx; then sh_name, sh_offset and sh_size.
        table, = struct.unpack_from("<Q", module, 0x28)
        size, count, names = struct.unpack_from("<HHH", module, 0x3A)
        sections = [struct.unpack_from("<I20xQQ", module, table + size * index) for index in range(count)]
        for name_offset, offset, length in sections:
            start = sections[names][1] + name_offset
            if module[start:start + 9] == b".modinfo\0":
                pairs = (entry.partition(b"=") for entry in module[offset:offset + length].split(b"\0"))
                return [value.decode() for found, _, value in pairs if found.decode() == key]
        return []

    def dependencies(self, name):
        """All modules that one needs, so that each stands before those that it needs itself."""
        order = []

        def visit(needed):
            for further in self.direct_dependencies(needed):
                visit(further)
            if needed not in order:
                order.append(needed)

        visit(name)
        return list(reversed(order[:-1]))

    def direct_dependencies(self, name):
        names = ",".join(self.information(name, "depends")).split(",")
        return [self.name(needed) for needed in names if needed]

    def add(self, archive, paths):
        """Adds modules to an archive, with the files modules.dep and modules.alias (depmod(8), modules.dep(5))."""
        names = {name for path in paths for name in self.select(path)}
        for name in list(names):
            names.update(self.dependencies(name))
        top = pathlib.PurePosixPath("lib/modules") / self.directory.name
        places = {}
        for name in sorted(names):
            place = self.sources[name].relative_to(self.directory).as_posix()
            places[name] = place.split(".ko")[0] + ".ko"
            archive.add_file(top / places[name], self.read(name))
        needs = ((place, [places[needed] for needed in self.dependencies(name)]) for name, place in places.items())
        lines = (" ".join([f"{place}:"] + needed) for place, needed in needs)
        archive.add_file(top / "modules.dep", "".join(f"{line}\n" for line in lines).encode())
        aliases = (f"alias {alias} {name}\n" for name in places for alias in self.information(name, "alias"))
        archive.add_file(top / "modules.alias", "".join(aliases).encode())


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("Usage: ")[1])
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("roots", type=pathlib.Path, nargs="+")
    parser.add_argument("--files", nargs="+", default=[])
    parser.add_argument("--modules", nargs="+", default=[])
    options = parser.parse_args()

    archive = Archive()
    for root in options.roots:
        archive.add_tree(root)
    for file in options.files[1:]:
        source = pathlib.Path(file)
        archive.add_copy(pathlib.PurePosixPath(options.files[0]) / source.name, source)
    if options.modules:
        Modules(pathlib.Path(options.modules[0])).add(archive, options.modules[1:])
    # A run that is cut off leaves no archive that looks finished.
    unfinished = options.output.with_suffix(".unfinished")
    unfinished.write_bytes(archive.finish())
    unfinished.rename(options.output)


main()
