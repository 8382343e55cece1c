#!/bin/bash
# Fetches Debian's cloud kernels to .cache/kernels; does nothing when they are there.
#
#   amd64/vmlinuz    the newest of this machine's own suite
#   arm64/SUITE      the newest of Debian 12 (bookworm, Linux 6.1) and of Debian 13 (trixie, Linux 6.12)
#   arm64/modules-SUITE/VERSION    that kernel's modules, as the package has them
#
# Usage: kernels.sh [amd64|arm64|amd64/vmlinuz|arm64/SUITE]...    only these; all when none is given
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=.cache/kernels
mkdir -p "$cache"
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# What apt is told beside its own settings.
apt_options=()

# The package that stands for the newest kernel only depends on the one that holds it.
resolve() {
  apt-cache "${apt_options[@]}" depends --important "linux-image-cloud-$1" 2>/dev/null \
    | sed -n 's/^ *Depends: *\(linux-image-[^ :]*\).*/\1/p' | head -n 1
}

update() {
  local as_root=()
  [ ${#apt_options[@]} -gt 0 ] || [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get "${apt_options[@]}" --quiet update >/dev/null 2>&1
}

download() { # ARCHITECTURE
  local package
  package=$(resolve "$1")
  [ -n "$package" ] && (cd "$work" && apt-get "${apt_options[@]}" --quiet download "$package" >/dev/null 2>&1)
}

# Has apt work with one suite and architecture, in a folder of its own: nothing of the machine's own is touched.
use_archive() { # SUITE ARCHITECTURE
  local apt mirror
  apt=$(realpath "$work")/apt
  mkdir -p "$apt"/{state/lists,cache/archives}/partial
  # Where Debian is, the machine's own apt knows.
  # shellcheck disable=SC2016 # apt replaces it
  read -r mirror < <(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian') || return
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" >"$apt/sources.list"
  apt_options=(
    -o "Dir::State=$apt/state" -o Dir::State::status=/dev/null -o "Dir::Cache=$apt/cache"
    -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "APT::Architecture=$2" -o "APT::Architectures=$2" -o APT::Sandbox::User=root -o Acquire::Languages=none
  )
}

# Takes the kernel out of the package that was downloaded and gives it a name that does not change, and its modules where
# they are wanted.
unpack() { # ARCHITECTURE NAME [MODULES]
  local image wanted=('./boot/vmlinuz-*')
  [ $# -lt 3 ] || wanted+=('*/lib/modules/*')
  dpkg-deb --fsys-tarfile "$work"/linux-image-*.deb \
    | tar --extract --directory="$work" --no-same-owner --wildcards "${wanted[@]}"
  image=$(basename "$work"/boot/vmlinuz-*)
  mkdir -p "$cache/$1"
  if [ $# -eq 3 ]; then
    rm -rf "${cache:?}/$1/$3"
    # Debian 13 has /lib merged into /usr.
    mv "$(find "$work" -path '*/lib/modules' -prune)" "$cache/$1/$3"
  fi
  mv "$work/boot/$image" "$cache/$1/$image"
  ln -sfn "$image" "$cache/$1/$2"
  echo "kernels: $cache/$1/$image"
  rm -r "${work:?}"/*
}

failed() {
  echo "kernels: Debian's linux-image-cloud-$1 could not be fetched, is there a network?" >&2
  exit 1
}

fetch_amd64() {
  [ ! -s "$cache/amd64/vmlinuz" ] || return 0
  download amd64 || { update && download amd64; } || failed amd64
  unpack amd64 vmlinuz
}

fetch_arm64() { # SUITE
  [ ! -s "$cache/arm64/$1" ] || [ ! -d "$cache/arm64/modules-$1" ] || return 0
  { use_archive "$1" arm64 && update && download arm64; } || failed arm64
  unpack arm64 "$1" "modules-$1"
}

[ $# -gt 0 ] || set -- amd64 arm64
for wanted in "$@"; do
  case $wanted in
    amd64 | amd64/vmlinuz) fetch_amd64 ;;
    arm64)
      fetch_arm64 bookworm
      fetch_arm64 trixie
      ;;
    arm64/*) fetch_arm64 "${wanted#*/}" ;;
    *)
      sed -n '/^# Usage/,/^set/s/^# //p' "$0" >&2
      exit 64
      ;;
  esac
done
