#!/bin/bash
# Installs the Debian packages that a task needs; quick and silent when all are there.
#
# Usage: install.sh [bench|bench-soft|arm64|oracle]
#   bench         also what the benchmarks compare with
#   bench-soft    also what the benchmarks of the software CPU do, and what their guest is made with
#   arm64         also what the emulated arm64 machine takes
#   oracle        also what the software CPU is held against
set -euo pipefail

packages=(
  gdb-multiarch python3 binutils device-tree-compiler debian-archive-keyring
  zlib1g-dev liblzma-dev libbz2-dev liblz4-dev libzstd-dev
)
case ${1:-} in
  bench) packages+=(qemu-system-x86) ;;
  bench-soft) packages+=(qemu-system-arm qemu-user xz-utils) ;;
  arm64) packages+=(qemu-system-arm cpio xz-utils) ;;
  oracle) packages+=(qemu-user) ;;
esac

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install: missing ${missing[*]}; installing them takes root or sudo" >&2
    exit 1
  fi
  as_root=(sudo)
fi

apt_install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --no-install-recommends "${missing[@]}"
}

echo "install: ${missing[*]}"
# A machine without package lists, or with old ones, needs an update first.
if apt_install >/dev/null 2>&1; then exit 0; fi
if "${as_root[@]}" apt-get update --quiet >/dev/null 2>&1 && apt_install >/dev/null; then exit 0; fi
echo "install: missing ${missing[*]}; they could not be installed, is there a network?" >&2
exit 1
