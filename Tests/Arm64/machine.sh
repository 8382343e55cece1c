#!/bin/bash
# Runs a command in an emulated arm64 machine that has KVM: QEMU with Debian's arm64 kernel and the programs that build.sh
# made. The command's output comes out here, standard error with it; its exit status is this one's, or 124 when the time
# was up, or 125 when the machine ended without telling it.
#
# Usage: machine.sh [OPTION...] COMMAND [ARGUMENT...]
#   --timeout SECONDS        how long the machine may run: 600 when not given
#   --memory SIZE            as QEMU has it: 2G when not given
#   --cpus COUNT             2 when not given
#   --gic VERSION            the machine's interrupt controller: 3 when not given
#   --forward PORT:PORT      connect a loopback port of this machine with a port of address 10.0.2.15 in that one
#   --file FILE:PATH         have a file of this machine at an absolute path of that one
#   --log FILE               where the kernel's messages go: .build/arm64/machine.log when not given
set -euo pipefail
project=$(realpath "$(dirname "$0")/../..")

usage() {
  sed -n '/^# Usage/,/^set/s/^# //p' "$0" >&2
  exit 64
}

seconds=600
memory=2G
cpus=2
gic=3
log=$project/.build/arm64/machine.log
files=()
forwards=
while [[ ${1:-} == --* ]]; do
  [ $# -ge 2 ] || usage
  case $1 in
    --timeout) seconds=$2 ;;
    --memory) memory=$2 ;;
    --cpus) cpus=$2 ;;
    --gic) gic=$2 ;;
    --forward) forwards+=,hostfwd=tcp:127.0.0.1:${2%:*}-:${2#*:} ;;
    --file) files+=("$2") ;;
    --log) log=$2 ;;
    *) usage ;;
  esac
  shift 2
done
[ $# -gt 0 ] || usage

kernel=$project/.cache/arm64/kernels/trixie
"$project/Tests/Arm64/kernel.sh" trixie
"$project/Tests/Arm64/initramfs.sh" "$kernel"

work=$(mktemp -d)
children=()
# shellcheck disable=SC2317 # the trap calls it
finish() {
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# The kernel unpacks archives that stand behind each other as one.
mkdir "$work/root"
printf '%q ' "$@" >"$work/root/command"
for file in "${files[@]}"; do
  mkdir -p "$work/root/$(dirname "${file#*:}")"
  cp --dereference "${file%%:*}" "$work/root/${file#*:}"
done
{
  cat "$project/.build/arm64/initramfs.cpio"
  (cd "$work/root" && find . -mindepth 1 | cpio --create --format=newc --owner=+0:+0 --quiet)
} >"$work/initramfs"

network=none
[ -z "$forwards" ] || network=user,model=virtio-net-pci,restrict=on$forwards

# Standard output as a pipe can be opened by name, whatever this script's own is.
exec {output}> >(cat)
children+=($!)
timeout --kill-after=5 "$seconds" \
  qemu-system-aarch64 -machine virt,virtualization=on,gic-version="$gic" -cpu max,pauth-impdef=on -smp "$cpus" -m "$memory" \
  -nodefaults -no-user-config -display none -no-reboot \
  -kernel "$kernel/vmlinuz" -initrd "$work/initramfs" -append 'console=ttyAMA0 panic=-1 quiet' -serial "file:$log" \
  -device virtio-serial-pci \
  -chardev file,id=output,path=/dev/stdout,append=on -device virtserialport,nr=1,chardev=output \
  -chardev "file,id=status,path=$work/status" -device virtserialport,nr=2,chardev=status \
  -nic "$network" </dev/null >&"$output" &
emulator=$!
children+=("$emulator")
exec {output}>&-

status=0
wait "$emulator" || status=$?
wait "${children[0]}" || true
children=()
[ "$status" -ne 124 ] && [ -s "$work/status" ] && read -r status <"$work/status" && exit "$status"
if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
  echo "machine: the time was up after $seconds seconds" >&2
  exit 124
fi
tail -n 20 "$log" >&2
echo "machine: it ended without telling how its command did; $log has what its kernel said" >&2
exit 125
