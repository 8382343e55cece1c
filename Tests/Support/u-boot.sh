#!/bin/bash
# Fetches Debian's U-Boot for QEMU's arm64 board, which is much like ours, to .cache/arm64/u-boot.bin; does nothing when it
# is there, and exits with 77 when it cannot be fetched.
#
# It runs anywhere in RAM from an address of whole pages on, but takes its device tree from the start of RAM alone, whatever
# x0 says, and has its first stack below RAM + 2 MiB.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR/../..
. Tests/Arm64/debian.sh

cache=.cache/arm64
[ ! -s "$cache/u-boot.bin" ] || exit 0
mkdir -p "$cache"
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

if ! { use_archive "$work" trixie arm64 && unpack "$work/package" u-boot-qemu ./usr/lib/u-boot/qemu_arm64/u-boot.bin; }; then
  echo "u-boot: Debian's u-boot-qemu could not be fetched" >&2
  exit "$unavailable"
fi
mv "$work/package/usr/lib/u-boot/qemu_arm64/u-boot.bin" "$cache/u-boot.bin"
echo "u-boot: $cache/u-boot.bin"
