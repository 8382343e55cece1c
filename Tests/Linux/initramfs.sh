#!/bin/bash
# Packs .build/linux/initramfs.cpio, the first file system of arm64 Linux guests: Debian's busybox, what is in
# Tests/Linux/root, and the programs of Tests/Linux/programs. With a suite it packs initramfs-SUITE.cpio, which also has
# the modules of that kernel that compute. Packs only when something is newer; exits with 77 when Debian's packages are
# not to be had.
#
# Usage: initramfs.sh [bookworm|trixie]
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR/../..
. Tests/Arm64/debian.sh

cache=.cache/arm64
build=.build/linux
archive=$build/initramfs${1:+-$1}.cpio
mkdir -p "$cache" "$build"
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ ! -s "$cache/busybox" ]; then
  if ! { use_archive "$work" trixie arm64 && unpack "$work/package" busybox-static ./usr/bin/busybox; }; then
    echo "initramfs: Debian's busybox-static for arm64 could not be fetched" >&2
    exit "$unavailable"
  fi
  mv "$work/package/usr/bin/busybox" "$cache/busybox"
fi
Tests/Linux/programs.sh

sources=("$cache/busybox" Tests/Linux "$build/programs")
modules=()
if [ $# -gt 0 ]; then
  Tests/Support/kernels.sh arm64 || exit "$unavailable"
  directory=$(echo .cache/kernels/arm64/modules-"$1"/*)
  sources+=("$directory")
  modules=(--modules "$directory" arch crypto lib drivers/virtio/virtio_mmio drivers/net/virtio_net)
fi
if [ -e "$archive" ] && [ -z "$(find "${sources[@]}" -newer "$archive" -print -quit)" ]; then exit 0; fi

Tests/Linux/pack.py "$archive" Tests/Linux/root --files bin "$cache/busybox" "$build"/programs/* "${modules[@]}"
echo "initramfs: $archive"
