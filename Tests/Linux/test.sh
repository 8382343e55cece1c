#!/bin/bash
# Boots Debian's arm64 kernels 6.12 and 6.1 and has them work: a shell at the console, the kernel's own tests of its vector
# code, and user space with known sums. A line tells of each check, for results.sh; what the guests printed is in
# .build/linux/logs.
#
# Usage: test.sh [OPTION...]    the options go to run.sh, such as --hvgdb FILE or --qemu CPU
# shellcheck disable=SC2094,SC2317 # what is typed follows what is printed; `check` calls the functions
set -euo pipefail
cd "$(dirname "$0")/../.."

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
  while ! grep -qs 'reboot: Power down' "$1" && ((i++ < 6000)); do sleep 0.1; done
}

# A shell at the console does what it is told: what it prints, not the echo of what was typed, has the sums.
converse() { # SUITE
  local log=$logs/$1-shell
  : >"$log"
  # shellcheck disable=SC2016 # the guest expands them
  type_when_asked "$log" 'echo "$(uname -s) has $((6 * 7))"' 'ls -l /' 'seq 100 | sort -rn | head -n 1' poweroff \
    | timeout 600 Tests/Linux/run.sh "${options[@]}" --suite "$1" >"$log" 2>&1
  [ "$(tr -d '\r' <"$log" | grep -cxE 'Linux has 42|100')" -eq 2 ] && grep -q 'reboot: Power down' "$log"
}

for suite in trixie bookworm; do
  check "$suite: a shell at the console" converse "$suite"
  check "$suite: the first commands" run "$suite-tour" --suite "$suite" tour
  check "$suite: the first commands on 4 CPUs" run "$suite-tour-4" --suite "$suite" --cpus 4 tour
  # QEMU counts no instructions.
  if [[ " ${options[*]} " != *" --qemu "* ]]; then
    check "$suite: the performance monitors" run "$suite-monitors" --suite "$suite" --append quiet monitors
    check "$suite: the performance monitors on 4 CPUs" \
      run "$suite-monitors-4" --suite "$suite" --cpus 4 --append quiet monitors
  fi
  check "$suite: the kernel's tests of its vector code and cryptography" \
    run "$suite-crypto" --suite "$suite" --modules --append quiet crypto
  check "$suite: user space computes right" run "$suite-busy" --suite "$suite" --append quiet busy
done
exit "$status"
