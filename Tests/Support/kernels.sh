#!/bin/bash
# Fetches Debian's cloud kernel to .cache/kernels/amd64/vmlinuz; does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

architecture=amd64
directory=.cache/kernels/$architecture
[ ! -s "$directory/vmlinuz" ] || exit 0

# The package that stands for the newest kernel only depends on the one that holds it.
resolve() {
  apt-cache depends --important "linux-image-cloud-$architecture" 2>/dev/null \
    | sed -n 's/^ *Depends: *\(linux-image-[^ :]*\).*/\1/p' | head -n 1
}

update() {
  if [ "$(id -u)" -eq 0 ]; then apt-get update --quiet; else sudo apt-get update --quiet; fi >/dev/null 2>&1
}

download() {
  local package
  package=$(resolve)
  [ -n "$package" ] && (cd "$work" && apt-get download --quiet "$package" >/dev/null 2>&1)
}

mkdir -p "$directory"
work=$(mktemp -d "$directory/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

if ! download && ! { update && download; }; then
  echo "kernels: Debian's linux-image-cloud-$architecture could not be fetched, is there a network?" >&2
  exit 1
fi
dpkg-deb --fsys-tarfile "$work"/linux-image-*.deb | tar --extract --directory="$work" --wildcards './boot/vmlinuz-*'
image=$(basename "$work"/boot/vmlinuz-*)
mv "$work/boot/$image" "$directory/$image"
ln -sf "$image" "$directory/vmlinuz"
echo "kernels: $directory/$image"
