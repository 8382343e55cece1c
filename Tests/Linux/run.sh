#!/bin/bash
# Boots Debian's arm64 kernel with the first file system that initramfs.sh packs, and has it run a command (Docs/Testing.md
# lists them) or, without one, gives its shell this terminal. The exit status is the command's, 124 when the time was up, or
# 125 when the guest ended without telling it.
#
# Usage: run.sh [OPTION...] [COMMAND [ARGUMENT...]]
#   --suite bookworm|trixie    whose kernel: Linux 6.1, or 6.12 when not given
#   --modules                  with the kernel's modules
#   --hvgdb FILE               the hvgdb that runs it: .build/release/hvgdb when not given
#   --qemu CPU                 QEMU in place of hvgdb, as this CPU: cortex-a57 is most like hvgdb's
#   --cpus COUNT               1 when not given
#   --append STRING            more for the kernel's command line
#   --timeout SECONDS          how long it may run: 600 when not given
set -euo pipefail
project=$(realpath "$(dirname "$0")/../..")

usage() {
  sed -n '/^# Usage/,/^set/s/^# //p' "$0" >&2
  exit 64
}

suite=trixie
modules=
hvgdb=$project/.build/release/hvgdb
qemu=
cpus=1
append=
seconds=600
while [[ ${1:-} == --* ]]; do
  if [ "$1" = --modules ]; then
    modules=yes
    shift
    continue
  fi
  [ $# -ge 2 ] || usage
  case $1 in
    --suite) suite=$2 ;;
    --hvgdb) hvgdb=$2 ;;
    --qemu) qemu=$2 ;;
    --cpus) cpus=$2 ;;
    --append) append=$2 ;;
    --timeout) seconds=$2 ;;
    *) usage ;;
  esac
  shift 2
done

"$project/Tests/Support/kernels.sh" arm64
"$project/Tests/Linux/initramfs.sh" ${modules:+"$suite"}
kernel=$project/.cache/kernels/arm64/$suite
archive=$project/.build/linux/initramfs${modules:+-$suite}.cpio

words=(console=ttyAMA0)
[ -z "$append" ] || words+=("$append")
if [ $# -gt 0 ]; then
  command=$(IFS=,; echo "$*")
  words+=("hvgdb.run=$command")
fi
if [ -n "$qemu" ]; then
  # shellcheck disable=SC2054 # QEMU has commas in its arguments
  machine=(
    qemu-system-aarch64 -machine virt,gic-version=3 -accel tcg -cpu "$qemu" -m 512 -smp "$cpus"
    -kernel "$kernel" -initrd "$archive" -append "${words[*]}" -nodefaults -no-reboot -display none -serial stdio
  )
else
  machine=(
    "$hvgdb" --accel soft --memory 512M --cpus "$cpus" --kernel "$kernel" --initrd "$archive" --append "${words[*]}"
    --no-wait --console stdio
  )
fi
[ $# -gt 0 ] || exec "${machine[@]}"

status=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
timeout --kill-after=5 "$seconds" "${machine[@]}" </dev/null | tee "$log" || status=$?
if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
  echo "run: the time was up after $seconds seconds" >&2
  exit 124
fi
told=$(tr -d '\r' <"$log" | sed -n "s/.*hvgdb: .*: status \([0-9]*\)$/\1/p" | tail -n 1)
exit "${told:-125}"
