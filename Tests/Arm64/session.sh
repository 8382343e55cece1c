#!/bin/bash
# Debugs arm64 guests: Debian's kernels 6.12 and 6.1 by gdb-multiarch, with KVM in the emulated machine, where the small
# guests are debugged by the tests' own client first, or with the software CPU here. A line tells of each check; what hvgdb
# and the guests printed is in .build/arm64/session-ENGINE.log.
#
# Usage: session.sh kvm|soft [HVGDB]    HVGDB: the program, .build/release/hvgdb when not given; kvm has that of build.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
machine=
# shellcheck disable=SC2317 # the trap calls it
finish() {
  # The machine has a process group of its own.
  [ -z "$machine" ] || kill -- "-$machine" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap finish EXIT

engine=${1:-}
case $engine in
  kvm)
    port=${HVGDB_PORT:-12560}
    # What hvgdb is called, where the guests' files are, and where it listens.
    place=(hvgdb / 10.0.2.15:1234)
    ;;
  soft)
    port=${HVGDB_PORT:-12562}
    place=("$(realpath "${2:-.build/release/hvgdb}")" "$work" "127.0.0.1:$port")
    ;;
  *)
    sed -n '/^# Usage/,/^set/s/^# //p' "$0" >&2
    exit 64
    ;;
esac

# Debian's suites, and where their kernels are linked to run.
declare -A linked=([trixie]=0xffff800080000000 [bookworm]=0xffff800008000000)
kernels=.cache/kernels/arm64
output=.build/arm64/session-$engine.log
mkdir -p .build/arm64
Tests/Support/kernels.sh arm64
Tests/Linux/initramfs.sh

# The guest's own first process names the host, says that it is there, and turns the guest off when a debugger has changed
# that name.
mkdir -p "$work/guest/dev" "$work/guest/proc"
cat >"$work/guest/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox hostname guest
echo "the guest is up: $(/bin/busybox uname -r)" >/dev/console
while [ "$(/bin/busybox hostname)" = guest ]; do /bin/busybox sleep 4; done
/bin/busybox poweroff -f
INIT
chmod 755 "$work/guest/init"
Tests/Linux/pack.py "$work/initrd" "$work/guest" --files bin .cache/arm64/busybox

# Another guest loads modules.
mkdir -p "$work/loader/dev"
install -m 755 Tests/Arm64/modules.init "$work/loader/init"
Tests/Linux/pack.py "$work/loader.cpio" "$work/loader" --files bin .cache/arm64/busybox \
  --modules "$(echo "$kernels"/modules-trixie/*)" drivers/net/virtio_net

# One hvgdb after the other, each with a line that tells how it ended.
{
  printf 'engine=%q hvgdb=%q files=%q address=%q\n' "$engine" "${place[@]}"
  if [ "$engine" = kvm ]; then
    cat <<'COMMANDS'
HVGDB_TEST_BINARY=/bin/hvgdb hvgdb-tests --testing-library swift-testing --no-parallel --filter ARM64GuestTests
echo "guests: status $?"
COMMANDS
  fi
  cat <<'COMMANDS'
run() { # NAME OPTION...
  name=$1
  shift
  "$hvgdb" --accel "$engine" --timeout 600 --listen "$address" "$@"
  echo "$name: status $?"
}
cd "$files"
for suite in trixie bookworm; do
  run $suite --kernel $suite --initrd initrd --cpus 2 --append 'console=ttyAMA0 panic=-1'
  run "$suite with KASLR" --kernel $suite --kaslr --console none --append 'console=ttyAMA0 panic=-1'
done
run tutorial --kernel trixie --console none --append console=ttyAMA0
run modules --kernel trixie --kaslr --initrd loader.cpio --append console=ttyAMA0
COMMANDS
  if [ "$engine" = soft ]; then
    echo "run soft --kernel trixie --initrd initrd --cpus 2 --append 'console=ttyAMA0 panic=-1'"
  fi
} >"$work/commands"

cp --dereference "$kernels"/{trixie,bookworm} "$work/"
command=(sh "$work/commands")
if [ "$engine" = kvm ]; then
  command=(Tests/Arm64/machine.sh --timeout 1800 --forward "$port:1234")
  for file in trixie bookworm initrd loader.cpio commands; do command+=(--file "$work/$file:/$file"); done
  command+=(sh /commands)
fi
setsid "${command[@]}" >"$output" 2>&1 &
machine=$!

# Waits until so many lines of a file have a text.
wait_for() { # COUNT TEXT FILE SECONDS
  for ((i = 0; i < $4 * 5; i++)); do
    [ "$(grep -cs "$2" "$3")" -lt "$1" ] || return 0
    kill -0 "$machine" 2>/dev/null || break
    # What is waited for may be a debugger's that has ended.
    kill -0 "${debugger:-$machine}" 2>/dev/null || break
    sleep 0.2
  done
  echo "session: \`$2\` did not come" >&2
  return 1
}

# A line for a check: whether a command succeeds.
check() { # SENTENCE COMMAND [ARGUMENT...]
  if "${@:2}"; then echo "ok: $1"; else echo "FAILED: $1"; fi | tee -a "$work/checks"
}

# What Swift Testing says of each test as a check; one that was skipped is none that passed.
check_guests() {
  wait_for 1 '^guests: status' "$output" 600 || true
  sed -nE '/ Test run /d; s/^[^ ]+ Test (.*) passed after .*/ok: \1/p; s/^[^ ]+ Test (.*) (failed after|skipped).*/FAILED: \1/p' \
    "$output" | tee -a "$work/checks"
  check "the tests of the small guests came to their end" grep -q '^guests: status 0' "$output"
}

# The session of gdb with the kernel of a suite, which is the machine's so-many-th hvgdb.
check_kernel() { # SUITE COUNT
  local debugger log=$work/$1.gdb
  wait_for "$2" 'waiting for a debugger' "$output" 60 || true
  LINKED=${linked[$1]} PORT=$port timeout 500 gdb-multiarch -nx -batch -x Tests/Arm64/session.py >"$log" 2>&1 &
  debugger=$!
  wait_for 1 '^running' "$log" 400 && wait_for "$2" 'the guest is up' "$output" 60 && sleep 2
  pkill -INT -P "$debugger" || kill -INT "$debugger" || true
  wait "$debugger" || true
  debugger=
  sed -nE "s/^(ok|FAILED): /&$1: /p" "$log" | tee -a "$work/checks"
  check "$1: the session came to its end" grep -q '^the end' "$log"
  grep -q '^the end' "$log" || grep -vE '^(ok|FAILED)' "$log" | tail -n 20 >&2 || true
  wait_for 1 "^$1: status" "$output" 60 || true
  check "$1: /init runs and powers the machine off, and hvgdb ends with status 0" grep -q "^$1: status 0" "$output"
}

# The session of a gdb that is given nothing, with the kernel of a suite that moves itself.
check_symbols() { # SUITE COUNT
  local log=$work/$1.symbols
  wait_for "$2" 'waiting for a debugger' "$output" 60 || true
  LINKED=${linked[$1]} PORT=$port timeout 300 gdb-multiarch -nx -batch -x Tests/Arm64/symbols.py >"$log" 2>&1 || true
  sed -nE "s/^(ok|FAILED): /&$1 with KASLR: /p" "$log" | tee -a "$work/checks"
  check "$1 with KASLR: the session came to its end" grep -q '^the end' "$log"
  grep -q '^the end' "$log" || grep -vE '^(ok|FAILED)' "$log" | tail -n 20 >&2 || true
  wait_for 1 "^$1 with KASLR: status" "$output" 60 || true
  check "$1 with KASLR: hvgdb ends with status 0 when it is killed" grep -q "^$1 with KASLR: status 0" "$output"
}

# The tutorial's session.
check_tutorial() { # COUNT
  wait_for "$1" 'waiting for a debugger' "$output" 60 || true
  Tests/Support/tutorial.py arm64 "127.0.0.1:$port" | sed -E 's/^(ok|FAILED): /&tutorial: /' | tee "$work/tutorial" || true
  grep -E '^(ok|FAILED)' "$work/tutorial" >>"$work/checks" || true
  wait_for 1 '^tutorial: status' "$output" 60 || true
  check "the tutorial was done to its end" grep -q '^tutorial: status 0' "$output"
}

# The session with modules.
check_modules() { # COUNT
  local debugger log=$work/modules.gdb
  wait_for "$1" 'waiting for a debugger' "$output" 60 || true
  OUTPUT=$output PORT=$port timeout 400 gdb-multiarch -nx -batch -x Tests/Arm64/modules.py >"$log" 2>&1 &
  debugger=$!
  wait_for 1 '^running' "$log" 100 && wait_for 3 'the guest is up' "$output" 200 && sleep 2
  pkill -INT -P "$debugger" || kill -INT "$debugger" || true
  wait "$debugger" || true
  debugger=
  sed -nE "s/^(ok|FAILED): /&modules: /p" "$log" | tee -a "$work/checks"
  check "modules: the session came to its end" grep -q '^the end' "$log"
  grep -q '^the end' "$log" || grep -vE '^(ok|FAILED)' "$log" | tail -n 20 >&2 || true
}

# Where nothing of the hardware has limits: the session of a gdb that asks for much.
check_soft() { # COUNT
  local log=$work/soft.gdb
  wait_for "$1" 'waiting for a debugger' "$output" 60 || true
  PORT=$port timeout 300 gdb-multiarch -nx -batch -x Tests/Arm64/soft.py >"$log" 2>&1 || true
  sed -nE "s/^(ok|FAILED): /&soft: /p" "$log" | tee -a "$work/checks"
  check "soft: the session came to its end" grep -q '^the end' "$log"
  grep -q '^the end' "$log" || grep -vE '^(ok|FAILED)' "$log" | tail -n 20 >&2 || true
}

[ "$engine" = soft ] || check_guests
check_kernel trixie 1
check_symbols trixie 2
check_kernel bookworm 3
check_symbols bookworm 4
check_tutorial 5
check_modules 6
[ "$engine" = kvm ] || check_soft 7
status=0
wait "$machine" || status=$?
machine=
check "the last hvgdb ends by itself" test "$status" -eq 0
! grep -q "^FAILED" "$work/checks"
