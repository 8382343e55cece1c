#!/bin/bash
# Holds hosts and engines against each other. A line tells of each check:
#
#   - Debian's kernel prints the same on the software CPU here and on KVM in the emulated arm64 machine, but for times and
#     what tells of the CPU itself (Tests/Linux/compare.py);
#   - a run of the software CPU has the same digest on an x86-64 and on an arm64 host.
#
# Usage: agreement.sh [HVGDB]    HVGDB: the program for here, .build/release/hvgdb when not given
set -euo pipefail
cd "$(dirname "$0")/../.."

hvgdb=$(realpath "${1:-.build/release/hvgdb}")
kernel=.cache/kernels/arm64/trixie
archive=.build/linux/initramfs.cpio
logs=.build/arm64
status=0
Tests/Support/kernels.sh arm64/trixie
Tests/Linux/initramfs.sh

check() { # SENTENCE COMMAND [ARGUMENT...]
  if "${@:2}"; then
    echo "ok: $1"
  else
    echo "FAILED: $1"
    status=1
  fi
}

# Guests that end by themselves; each digest is a line of standard error.
cat >"$logs/digests" <<'COMMANDS'
for guest in levels vectors timer mmu-4k mmu-64k; do
  echo "$guest: $("$1" --accel soft --kernel .build/guests/arm64/$guest.elf --timeout 60 --no-wait --trace-hash 2>&1 \
    | grep 'trace hash')"
done
COMMANDS
boot() { # HVGDB ENGINE KERNEL ARCHIVE
  "$1" --accel "$2" --kernel "$3" --initrd "$4" --append 'console=ttyAMA0 hvgdb.run=tour' --no-wait
}

boot "$hvgdb" soft "$kernel" "$archive" </dev/null >"$logs/boot-soft.log" || status=$?
sh "$logs/digests" "$hvgdb" >"$logs/digests-here"

Tests/Arm64/machine.sh --timeout 300 --file "$kernel:/Image" --file "$archive:/initrd" \
  sh -c "$(declare -f boot); boot hvgdb kvm /Image /initrd" >"$logs/boot-kvm.log" || status=$?
check "Linux prints the same on the software CPU and on KVM" \
  Tests/Linux/compare.py "$logs/boot-soft.log" "$logs/boot-kvm.log"

Tests/Arm64/machine.sh --timeout 300 --file "$logs/digests:/digests" sh /digests hvgdb >"$logs/digests-there" || status=$?
check "there is a digest of each small guest" test "$(grep -c 'trace hash' "$logs/digests-here")" -eq 5
check "runs have the same digests on x86-64 and on arm64" cmp "$logs/digests-here" "$logs/digests-there"
exit "$status"
