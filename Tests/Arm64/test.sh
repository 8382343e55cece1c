#!/bin/bash
# Runs the tests in an emulated arm64 machine that has KVM, and sessions of gdb with guests there, with all the set-up that
# it takes. Standard output is for results.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."

# A test that an emulated CPU runs is slow: all of them have this many seconds.
limit=900

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

# Runs tests in the machine, and prints what they say. QEMU 7.2 now and then executes a guest's access to a device as if
# memory were there, and a test then waits for an exit that KVM never saw: where tests fail all are run again, and the
# third time counts whatever it says.
run_tests() { # MACHINE-OPTION... -- TEST-OPTION...
  local options=() log=.build/arm64/test.log attempt status
  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  for attempt in 1 2 3; do
    status=0
    Tests/Arm64/machine.sh "${options[@]}" hvgdb-tests --testing-library swift-testing "${@:2}" >"$log" 2>&1 || status=$?
    if [ "$status" -eq 0 ] || [ "$attempt" -eq 3 ]; then break; fi
    echo "again, since these failed in the emulated machine:"
    sed -nE 's/^[^ ]+ (Test .*) recorded an issue/  \1:/p' "$log"
  done
  cat "$log"
  return "$status"
}

# The small guests are debugged in the session; a machine that has a GICv2 has one of its own.
run_tests --timeout "$limit" -- --skip ARM64GuestTests --skip GICv2 || status=$?
run_tests --gic 2 -- --filter GICv2 || status=$?
Tests/Arm64/session.sh kvm || status=1
Tests/Arm64/translate.sh || status=1
Tests/Arm64/hosts.sh || status=1
swift build --configuration release --product hvgdb && Tests/Arm64/agreement.sh || status=1
exit "$status"
