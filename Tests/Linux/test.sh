#!/bin/bash
# Boots Debian's arm64 kernels 6.12 and 6.1 and has them work: a shell at the console, the kernel's own tests of its vector
# code, and user space with known sums. A line tells of each check, for results.sh; what the guests printed is in
# .build/linux/logs.
#
# Usage: test.sh [--long] [OPTION...]
#   --long    some minutes of user space in place of some seconds
#   OPTION    goes to run.sh, such as --hvgdb FILE or --qemu CPU
# shellcheck disable=SC2094,SC2317 # what is typed follows what is printed; `check` calls the functions
set -euo pipefail
cd "$(dirname "$0")/../.."

busy=(busy)
if [ "${1:-}" = --long ]; then
  busy=(--timeout 3600 busy 1000)
  shift
fi
options=("$@")
logs=.build/linux/logs
mkdir -p "$logs"
status=0

# A line for a check: whether a command succeeds.
check() { # SENTENCE COMMAND [ARGUMENT...]
  if "${@:2}"; then
    echo "ok: $1"
  else
    echo "FAILED: $1"
    status=1
  fi
}

# Has a guest run a command, and tells whether it does.
run() { # LOG RUN-OPTION... COMMAND
  Tests/Linux/run.sh "${options[@]}" "${@:2}" >"$logs/$1" 2>&1
}

# Types at a guest's shell once it is there, as long as it takes to come.
type_when_asked() { # LOG LINE...
  for ((i = 0; i < 3000; i++)); do
    ! grep -qs 'built-in shell' "$1" || break
    sleep 0.1
  done
  printf '%s\n' "${@:2}"
  # The end of input ends nothing, but the guest needs it open until it has turned itself off.
  for ((i = 0; i < 3000; i++)); do
    ! grep -qs 'reboot: Power down' "$1" || break
    sleep 0.1
  done
}

# A shell at the console does what it is told: what it prints, not the echo of what was typed, has the sums.
converse() { # SUITE
  local log=$logs/$1-shell
  : >"$log"
  # shellcheck disable=SC2016 # the guest expands them
  type_when_asked "$log" 'echo "$(uname -s) has $((6 * 7))"' 'ls -l /' 'seq 100 | sort -rn | head -n 1' poweroff \
    | timeout 600 Tests/Linux/run.sh "${options[@]}" --suite "$1" >"$log" 2>"$log.errors"
  [ "$(tr -d '\r' <"$log" | grep -cxE 'Linux has 42|100')" -eq 2 ] && grep -q 'reboot: Power down' "$log"
}

test_suite() { # SUITE
  check "$1: a shell at the console" converse "$1"
  check "$1: the first commands" run "$1-tour" --suite "$1" tour
  check "$1: the first commands on 4 CPUs" run "$1-tour-4" --suite "$1" --cpus 4 tour
  # QEMU counts no instructions.
  if [[ " ${options[*]} " != *" --qemu "* ]]; then
    check "$1: the performance monitors" run "$1-monitors" --suite "$1" --append quiet monitors
    check "$1: the performance monitors on 4 CPUs" \
      run "$1-monitors-4" --suite "$1" --cpus 4 --append quiet monitors
  fi
  check "$1: the kernel's tests of its vector code and cryptography" \
    run "$1-crypto" --suite "$1" --modules --append quiet crypto
  check "$1: user space computes right" run "$1-busy" --suite "$1" --append quiet "${busy[@]}"
  return "$status"
}

# Each takes one of the host's CPUs; what both need is there before.
Tests/Support/kernels.sh arm64
for suite in "" trixie bookworm; do Tests/Linux/initramfs.sh $suite; done
test_suite trixie &
test_suite bookworm || status=1
wait $! || status=1
exit "$status"
