#!/bin/bash
# Runs the tests in an emulated arm64 machine that has KVM, and a session of gdb with a kernel there, with all the set-up
# that it takes. The last line counts the tests; the lines before it say what was skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

# A test that an emulated CPU runs is slow: all of them have this many seconds.
limit=1800

skip() { # REASON
  echo "SKIPPED: the tests on arm64: $1"
  echo "0 passed, 0 failed, 1 skipped"
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

log=.build/arm64/test.log
# The small guests are debugged in the session.
Tests/Arm64/machine.sh --timeout "$limit" hvgdb-tests --testing-library swift-testing --skip ARM64GuestTests | tee "$log" || status=$?
Tests/Arm64/session.sh || status=1
Tests/Arm64/translate.sh || status=1
Tests/Support/results.sh "$log" 1 || status=1
exit "$status"
