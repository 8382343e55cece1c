#!/bin/bash
# Fetches Debian's arm64 cloud kernel to .cache/arm64/kernels/SUITE: vmlinuz, its config, and its network modules,
# uncompressed. Does nothing when it is there; exits with 77 when it cannot be fetched.
#
# Usage: kernel.sh SUITE    trixie: Linux 6.12; bookworm: Linux 6.1
set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR/../..
. Tests/Arm64/debian.sh

suite=$1
directory=.cache/arm64/kernels/$suite
[ ! -d "$directory" ] || exit 0

fetch() {
  use_archive "$work" "$suite" arm64 || return
  # The package that stands for the newest kernel only depends on the one that holds it.
  unpack "$work/package" "$(dependencies linux-image-cloud-arm64 | head -n 1)"
}

mkdir -p .cache/arm64/kernels
work=$(mktemp -d .cache/arm64/work.XXXXXX)
trap 'rm -rf "$work"' EXIT
if ! fetch; then
  echo "kernel: Debian's linux-image-cloud-arm64 of $suite could not be fetched" >&2
  exit "$unavailable"
fi

mkdir "$work/kernel"
mv "$work"/package/boot/vmlinuz-* "$work/kernel/vmlinuz"
mv "$work"/package/boot/config-* "$work/kernel/config"
for module in net/core/failover drivers/net/net_failover drivers/net/virtio_net; do
  mv "$work"/package/{usr/,}lib/modules/*/kernel/$module.ko* "$work/kernel/"
done
find "$work/kernel" -name '*.xz' -exec xz --decompress {} +
mv "$work/kernel" "$directory"
echo "kernel: $directory/vmlinuz"
