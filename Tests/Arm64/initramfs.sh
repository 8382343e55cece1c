#!/bin/bash
# Packs .build/arm64/initramfs.cpio for the emulated machine: busybox, hvgdb, the tests as `hvgdb-tests` and the benchmarks
# as `hvgdb-bench`, as far as they are built, the libraries that these need, the test guests and the tests' fixtures, and
# the network modules of the machine's kernel. Packs only when something is newer.
#
# Usage: initramfs.sh KERNEL-DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/../.."

kernel=$1
sysroot=.cache/arm64/toolchain/arm64
build=.build/arm64
guests=.build/guests/arm64
archive=$build/initramfs.cpio

declare -A programs=(
  [hvgdb]=$build/release/hvgdb
  [hvgdb-tests]=$build/release/hvgdbPackageTests.xctest
  [hvgdb-bench]=$build/benchmarks/release/hvgdb-bench
)
for name in "${!programs[@]}"; do
  [ -e "${programs[$name]}" ] || unset "programs[$name]"
done
sources=("${programs[@]}" "$kernel" Tests/Arm64/init Tests/Arm64/initramfs.sh Tests/*/Fixtures)
[ ! -d "$guests" ] || sources+=("$guests")
if [ -e "$archive" ] && [ -z "$(find "${sources[@]}" -newer "$archive" -print -quit)" ]; then exit 0; fi

work=$(mktemp -d "$build/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root"/{bin,dev,hvgdb,lib,modules,proc,sys,tmp}

# The libraries that a program or library needs, and theirs, go where the loader looks for all of them.
add_libraries() { # FILE
  local name library
  while read -r name; do
    [ ! -e "$root/lib/$name" ] || continue
    for library in "$sysroot"/usr/lib{,/aarch64-linux-gnu,exec/swift/lib/swift/linux}/"$name"; do
      [ ! -e "$library" ] || break
    done
    cp --dereference "$library" "$root/lib/$name"
    add_libraries "$root/lib/$name"
  done < <(readelf --dynamic --wide "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p')
}

install -m 755 Tests/Arm64/init "$root/init"
install -m 755 "$sysroot/usr/bin/busybox" "$root/bin/busybox"
for name in "${!programs[@]}"; do
  install -m 755 "${programs[$name]}" "$root/bin/$name"
  add_libraries "$root/bin/$name"
done
cp "$kernel"/*.ko "$root/modules/"
if [ -d "$guests" ]; then
  mkdir -p "$root/hvgdb/$guests"
  cp "$guests"/*.elf "$root/hvgdb/$guests/"
fi
for fixtures in Tests/*/Fixtures; do
  mkdir -p "$root/hvgdb/$fixtures"
  cp "$fixtures"/* "$root/hvgdb/$fixtures/"
done

(cd "$root" && find . | cpio --create --format=newc --owner=+0:+0 --quiet) >"$work/initramfs.cpio"
mv "$work/initramfs.cpio" "$archive"
