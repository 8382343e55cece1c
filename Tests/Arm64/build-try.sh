#!/bin/bash
# Builds hvgdb and the tests for arm64 in .build/arm64; exits with 77 when Debian has no compiler for it today.
#
# Usage: build.sh [bench]    bench: the benchmarks, to .build/arm64/benchmarks, in place of the tests
set -euo pipefail
cd "$(dirname "$0")/../.."

Tests/Arm64/toolchain.sh

scratch=.build/arm64
log=$scratch/build.log
mkdir -p "$scratch"

# Runs a command of the toolchain in its own root folder, where this package is at /hvgdb, as every other copy of it is for
# another build: /tmp, where SwiftPM locks by path, is this one's own. The mounts end with it.
in_toolchain() { # COMMAND [ARGUMENT...]
  local namespaces=(--mount --pid --fork --kill-child)
  [ "$(id -u)" -eq 0 ] || namespaces+=(--map-root-user)
  # shellcheck disable=SC2016 # the inner shell expands them
  unshare "${namespaces[@]}" sh -c '
    set -e
    cd .cache/arm64/toolchain
    mount --rbind /dev dev
    mount -t proc proc proc
    mount -t tmpfs tmp tmp
    mount --bind ../../.. hvgdb
    exec chroot . /usr/bin/env -i HOME=/root PATH=/usr/libexec/swift/bin:/usr/bin "$@"
  ' sh "$@"
}

# The toolchain's root folder knows no network: this machine's own Swift fetches what the package depends on.
swift package --scratch-path "$scratch" resolve >"$log" 2>&1 || { cat "$log" >&2; exit 1; }

# Optimized, tests and all: an emulated CPU is slow enough. hvgdb itself is the same for tests and benchmarks.
build() { # PACKAGE SCRATCH-DIRECTORY OPTION...
  in_toolchain swift-build --package-path "/hvgdb/$1" --scratch-path "/hvgdb/$2" --disable-automatic-resolution \
    --swift-sdks-path /hvgdb/Tests/Arm64 --swift-sdk arm64 --configuration release \
    -Xswiftc -enable-testing -Xlinker --strip-debug "${@:3}" >"$log" 2>&1 && return
  grep -E '(error|warning): ' "$log" >&2 || cat "$log" >&2
  echo "build: $1 does not build for arm64; $log tells all" >&2
  exit 1
}

build . "$scratch" --product hvgdb
