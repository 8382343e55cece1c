#!/bin/bash
# Starts Debian's kernel under hvgdb and attaches gdb: to a person at a terminal, else to the script in demo.gdb.
#
# Usage: demo.sh [arm64|x86-64]    arm64 when not given: on KVM where the host is arm64, else on the software CPU
set -euo pipefail
cd "$(dirname "$0")/../.."

case ${1:-arm64} in
  arm64)
    kernel=arm64/trixie
    arguments='console=ttyAMA0 earlycon'
    registers='pc x0 sctlr_el1'
    ;;
  x86-64)
    kernel=amd64/vmlinuz
    arguments='console=ttyS0 earlyprintk=ttyS0'
    registers='rip rsi cr3'
    ;;
  *)
    sed -n '/^# Usage/,/^set/s/^# //p' "$0" >&2
    exit 64
    ;;
esac

Tests/Support/install.sh
Tests/Support/kernels.sh "$kernel"
swift build --configuration release --product hvgdb
hvgdb=$(swift build --configuration release --show-bin-path)/hvgdb

# How long the scripted kernel has to print its first line, and the session to end after that, in seconds.
console_limit=60
end_limit=60

work=$(mktemp -d)
console=$work/console
socket=$work/gdb
children=()
# shellcheck disable=SC2317 # the trap calls it
finish() {
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap finish EXIT

touch "$console"
# In a session of its own, so that a Ctrl-C at the terminal reaches gdb alone.
setsid "$hvgdb" --kernel ".cache/kernels/$kernel" --append "$arguments" \
  --console "file:$console" --listen "unix:$socket" </dev/null &
machine=$!
children+=("$machine")
until [ -S "$socket" ]; do
  kill -0 "$machine" 2>/dev/null || { wait "$machine"; exit 1; }
  sleep 0.05
done

if [ -t 0 ] && [ -t 1 ]; then
  echo "The kernel stands at its first instruction. Its console is in $console while gdb runs."
  gdb-multiarch -q -ex "target remote $socket"
  exit
fi

gdb-multiarch -nx -q -batch -ex "alias demo-registers = info registers $registers" -ex "target remote $socket" \
  -x Tests/Support/demo.gdb </dev/null &
debugger=$!
children+=("$debugger")
# The person at the keyboard: presses Ctrl-C once the kernel has said who it is, and gives up in the end.
(
  for _ in $(seq $((console_limit * 10))); do
    if grep -q 'Linux version' "$console"; then break; fi
    sleep 0.1
  done
  kill -INT "$debugger"
  sleep "$end_limit"
  kill "$debugger"
) 2>/dev/null &
children+=("$!")

status=0
wait "$debugger" || status=$?
echo
echo "--- what the kernel printed"
cat "$console"
if ! grep -q 'Linux version' "$console"; then
  echo "demo: the kernel did not print its version within $console_limit seconds" >&2
  status=1
fi
exit "$status"
