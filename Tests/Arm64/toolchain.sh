#!/bin/bash
# Makes .cache/arm64/toolchain: the root folder of a Debian that has a Swift compiler for x86-64 hosts and, in its folder
# arm64, the sysroot to build arm64 programs with. Does nothing when it is there; exits with 77 when Debian has it not.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR/../..
. Tests/Arm64/debian.sh

# The only suite whose compiler is new enough.
suite=sid
toolchain=.cache/arm64/toolchain
[ ! -d "$toolchain" ] || exit 0

give_up() { # STATUS SENTENCE
  echo "toolchain: $2" >&2
  exit "$1"
}

mkdir -p .cache/arm64
work=$(mktemp -d .cache/arm64/work.XXXXXX)
trap 'rm -rf "$work"' EXIT
root=$work/root
sysroot=$root/arm64

echo "toolchain: fetching Debian's Swift compiler and its arm64 libraries, 1.3 GB"

use_archive "$work" "$suite" amd64 || give_up $? "Debian's $suite for amd64 cannot be reached"
# dash is the shell: as an essential package it is nobody's dependency.
unpack_with_dependencies "$root" swiftlang libc6-dev git lld base-files coreutils dash \
  || give_up $? "Debian's swiftlang for amd64 cannot be fetched or unpacked"

use_archive "$work" "$suite" arm64 || give_up $? "Debian's $suite for arm64 cannot be reached"
gcc=$(dependencies gcc | sed -n 's/^gcc-\([0-9]*\)$/\1/p')
unpack_with_dependencies "$sysroot" base-files busybox-static libswiftlang "libstdc++-$gcc-dev" libc6-dev linux-libc-dev \
  zlib1g-dev liblzma-dev libbz2-dev liblz4-dev libzstd-dev \
  || give_up $? "Debian's arm64 libraries cannot be fetched or unpacked"
# Of the arm64 compiler only what programs are compiled against, and no Testing.swiftcrossimport: Debian has the module of
# that overlay but not its library.
unpack "$sysroot" swiftlang --exclude=Testing.swiftcrossimport ./usr/libexec/swift/lib/swift \
  ./usr/libexec/swift/lib/swift_static ./usr/libexec/swift/lib/clang \
  || give_up $? "Debian's swiftlang for arm64 cannot be fetched or unpacked"

version() { # ROOT
  find "$1/usr/share/doc/libswiftlang/" -name 'changelog.Debian.gz' -exec zcat {} + | head -n 1
}
if [ "$(version "$root")" != "$(version "$sysroot")" ]; then
  give_up "$unavailable" "Debian's swiftlang is of another version for arm64 than for amd64 today"
fi

# Where every compiler but Debian's own has its libraries, and looks for them.
ln -s ../libexec/swift/lib/swift ../libexec/swift/lib/swift_static "$sysroot/usr/lib/"
mkdir "$root/hvgdb"
mv "$root" "$toolchain"
echo "toolchain: $toolchain"
