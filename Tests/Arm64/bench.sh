#!/bin/bash
# Measures hvgdb beside raw KVM for arm64, in the emulated machine, with all the set-up that it takes: server and client
# both run there and talk over its loopback. Absolute figures mean little under emulation; the shares do.
#
# Usage: bench.sh [OPTION...]    the options go to hvgdb-bench
set -euo pipefail
cd "$(dirname "$0")/../.."

suite=trixie

skip() { # REASON
  echo "SKIPPED: the benchmarks on arm64: $1"
  exit 0
}

[ "$(uname -m)" = x86_64 ] || skip "Debian's compiler for them is taken for x86-64 hosts only"
Tests/Support/install.sh arm64

status=0
Tests/Arm64/build.sh bench || status=$?
[ "$status" -ne 77 ] || skip "Debian's compiler is not to be had today"
[ "$status" -eq 0 ] || exit "$status"
Tests/Arm64/kernel.sh "$suite" || status=$?
[ "$status" -ne 77 ] || skip "Debian's kernel is not to be had today"
[ "$status" -eq 0 ] || exit "$status"

# With one CPU, nothing that is measured waits until this machine runs another emulated CPU's thread.
Tests/Arm64/machine.sh --timeout 1200 --cpus 1 --log .build/arm64/bench.log \
  --file ".cache/arm64/kernels/$suite/vmlinuz:/$suite/vmlinuz" \
  hvgdb-bench --raw --hvgdb hvgdb --kernel "/$suite/vmlinuz" "$@"
