#!/bin/bash
# Debugs Debian's kernel on KVM/arm64: hvgdb runs it in the emulated machine, gdb-multiarch attaches from outside. The last
# line counts the checks that passed and failed; what the machine printed is in .build/arm64/session.log.
set -euo pipefail
cd "$(dirname "$0")/../.."

kernel=.cache/arm64/kernels/trixie
port=${HVGDB_PORT:-12560}
output=.build/arm64/session.log
work=$(mktemp -d)
machine=
# shellcheck disable=SC2317 # the trap calls it
finish() {
  [ -z "$machine" ] || kill "$machine" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap finish EXIT

# The guest's own first process says that it is there, idles for a while and turns the guest off.
mkdir -p "$work/guest/bin" "$work/guest/dev"
install -m 755 .cache/arm64/toolchain/arm64/usr/bin/busybox "$work/guest/bin/busybox"
cat >"$work/guest/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
echo the guest is up >/dev/console
/bin/busybox sleep 30
/bin/busybox poweroff -f
INIT
chmod 755 "$work/guest/init"
(cd "$work/guest" && find . | cpio --create --format=newc --owner=+0:+0 --quiet) >"$work/initrd"

Tests/Arm64/machine.sh --timeout 400 --forward "$port:1234" \
  --file "$kernel/vmlinuz:/Image" --file "$work/initrd:/initrd" \
  hvgdb --kernel /Image --initrd /initrd --cpus 2 --append 'console=ttyAMA0 panic=-1' --listen 10.0.2.15:1234 \
  >"$output" 2>&1 &
machine=$!

wait_for() { # TEXT FILE SECONDS
  for ((i = 0; i < $3 * 5; i++)); do
    grep -q "$1" "$2" 2>/dev/null && return
    kill -0 "$machine" 2>/dev/null || break
    sleep 0.2
  done
  echo "session: \`$1\` did not come" >&2
  return 1
}

wait_for 'waiting for a debugger' "$output" 60
PORT=$port timeout 300 gdb-multiarch -nx -batch -x Tests/Arm64/session.py >"$work/gdb" 2>&1 &
debugger=$!
wait_for '^running' "$work/gdb" 60 && wait_for 'the guest is up' "$output" 120 && sleep 2
pkill -INT -P "$debugger" || kill -INT "$debugger" || true
wait "$debugger" || true

status=0
wait "$machine" || status=$?
machine=
grep -E '^(ok|FAILED)' "$work/gdb" || true
if [ "$status" -eq 0 ]; then
  echo "ok: the guest powers itself off, and hvgdb ends with status 0" | tee -a "$work/gdb"
else
  echo "FAILED: hvgdb ended with status $status" | tee -a "$work/gdb"
fi
passed=$(grep -c '^ok' "$work/gdb" || true)
failed=$(grep -c '^FAILED' "$work/gdb" || true)
# Every check must have been reached.
if [ "$failed" -ne 0 ] || [ "$passed" -lt 18 ]; then
  grep -vE '^(ok|FAILED)' "$work/gdb" | tail -n 20 >&2 || true
  echo "session: $passed passed, $failed failed"
  exit 1
fi
echo "session: $passed passed, $failed failed"
