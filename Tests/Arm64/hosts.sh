#!/bin/bash
# Tries hvgdb on arm64 hosts that lack something, and with kernels that they cannot run: what is refused ends with one
# sentence, and a host that has a GICv2 only boots Debian's kernel. A line tells of each check.
set -euo pipefail
cd "$(dirname "$0")/../.."

kernel=.cache/arm64/kernels/trixie/vmlinuz
foreign=.cache/kernels/amd64/vmlinuz
log=.build/arm64/hosts.log
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$log"

# Runs a command in a machine with a controller of a version, and notes what it says.
on_host() { # GIC OPTION... COMMAND...
  Tests/Arm64/machine.sh --timeout 300 --gic "$1" --file "$kernel:/Image" "${@:2}" 2>&1 | tee "$work/output" >>"$log"
}

ok() { echo "ok: $1" | tee -a "$work/checks"; }
failed() { echo "FAILED: $1; $log has what was said" | tee -a "$work/checks"; }

# A check of what the last host said.
said() { # NAME EXTENDED-EXPRESSION
  if grep -qE "$2" "$work/output"; then ok "$1"; else failed "$1"; fi
}

Tests/Support/kernels.sh amd64
on_host 3 --file "$foreign:/bzImage" --file Tests/Arm64/faults:/faults sh /faults || true
grep -E '^(ok|FAILED)' "$work/output" | tee -a "$work/checks"
said 'every refusal was tried' '^[0-9]+ passed, 0 failed$'

status=0
on_host none hvgdb --accel kvm --no-wait --console none --kernel /Image || status=$?
said 'a host without an interrupt controller for guests is told so in one sentence' \
  "^hvgdb: this host's KVM has neither a GICv3 nor a GICv2 for guests"
if [ "$status" -eq 1 ] && [ "$(grep -c . "$work/output")" -eq 1 ]; then
  ok 'and hvgdb ends with status 1 there'
else
  failed "hvgdb ended with status $status where there is no interrupt controller"
fi

status=0
on_host none hvgdb --no-wait --console none --timeout 5 --kernel /Image || status=$?
said 'the software CPU takes its place there unless KVM is asked for' \
  "^hvgdb: the software CPU runs the guest, as KVM does not: this host's KVM has neither"
if [ "$status" -eq 124 ]; then ok 'and runs the guest'; else failed "hvgdb ended with status $status in its place"; fi

# The guest's own first process says that it is there and turns the guest off.
mkdir -p "$work/guest/bin" "$work/guest/dev" "$work/guest/proc"
install -m 755 .cache/arm64/toolchain/arm64/usr/bin/busybox "$work/guest/bin/busybox"
cat >"$work/guest/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox cat /proc/interrupts >/dev/console
echo the guest is up >/dev/console
/bin/busybox poweroff -f
INIT
chmod 755 "$work/guest/init"
(cd "$work/guest" && find . | cpio --create --format=newc --owner=+0:+0 --quiet) >"$work/initrd"

status=0
on_host 2 --file "$work/initrd:/initrd" sh -c \
  'hvgdb doctor && hvgdb --kernel /Image --initrd /initrd --cpus 2 --append console=ttyAMA0 --no-wait' || status=$?
said 'the doctor finds a GICv2' 'GICv3 +no: a GICv2 in its place'
said 'interrupts arrive by a GICv2' '^ +interrupts +yes'
said 'Linux takes its interrupts from a GICv2' 'GIC-0 +[0-9]+ +Level'
said 'and brings up both CPUs' 'Brought up 1 node, 2 CPUs'
said 'and comes to its first process' 'the guest is up'
if [ "$status" -eq 0 ]; then ok 'and powers off'; else failed "hvgdb ended with status $status"; fi

# Every check must have been reached.
check_count=$(grep -c . "$work/checks")
[ "$check_count" -eq 17 ] || failed "17 checks are to be made, and $check_count were"
! grep -q '^FAILED' "$work/checks"
