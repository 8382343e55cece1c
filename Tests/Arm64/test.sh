#!/bin/bash
# Runs the tests in an emulated arm64 machine that has KVM, and sessions of gdb with guests there, with all the set-up that
# it takes. Standard output is for results.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."

# A test that an emulated CPU runs is slow: all of them have this many seconds.
limit=1800

skip() { # REASON
  echo "SKIPPED: the tests on arm64: $1"
  exit 0
}

[ "$(uname -m)" = x86_64 ] || skip "Debian's compiler for them is taken for x86-64 hosts only"
Tests/Support/install.sh arm64
Tests/Support/guests.sh

status=0
Tests/Arm64/build.sh || status=$?
[ "$status" -ne 77 ] || skip "Debian's compiler is not to be had today"
[ "$status" -eq 0 ] || exit "$status"
Tests/Arm64/kernel.sh trixie && Tests/Arm64/kernel.sh bookworm || status=$?
[ "$status" -ne 77 ] || skip "Debian's kernel is not to be had today"
[ "$status" -eq 0 ] || exit "$status"

# The small guests are debugged in the session; a machine that has a GICv2 has one of its own. One test after the other:
# where several guests share an emulated CPU, QEMU 7.2 now and then loses an exit of one.
tests=(hvgdb-tests --testing-library swift-testing --no-parallel)
Tests/Arm64/machine.sh --timeout "$limit" "${tests[@]}" --skip ARM64GuestTests --skip GICv2 || status=$?
Tests/Arm64/machine.sh --gic 2 "${tests[@]}" --filter GICv2 || status=$?
Tests/Arm64/session.sh || status=1
Tests/Arm64/translate.sh || status=1
Tests/Arm64/hosts.sh || status=1
exit "$status"
