#!/bin/bash
# Holds hvgdb's page walk against the CPU's AT instruction, for tables of every granule, in the emulated arm64 machine.
set -euo pipefail
cd "$(dirname "$0")/../.."

port=${HVGDB_PORT:-12561}
work=$(mktemp -d)
machine=
# shellcheck disable=SC2317 # the trap calls it
finish() {
  [ -z "$machine" ] || kill "$machine" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap finish EXIT

# shellcheck disable=SC2016 # the shell in the machine expands it
Tests/Arm64/machine.sh --timeout 200 --forward "$port:1234" sh -c \
  'for granule in 4k 16k 64k; do hvgdb --kernel .build/guests/arm64/at-$granule.elf --listen 10.0.2.15:1234; done' \
  >.build/arm64/translate.log 2>&1 &
machine=$!
for ((i = 0; i < 300; i++)); do
  grep -q 'waiting for a debugger' .build/arm64/translate.log 2>/dev/null && break
  sleep 0.2
done
PORT=$port timeout 150 gdb-multiarch -nx -batch -x Tests/Arm64/translate.py >"$work/gdb" 2>&1 || true
grep -E '^(ok|FAILED|0x)' "$work/gdb" || true
if [ "$(grep -c '^ok' "$work/gdb" || true)" -ne 3 ]; then
  tail -n 20 "$work/gdb" >&2
  exit 1
fi
