#!/bin/bash
# Assembles Tests/Guests/ARCHITECTURE/NAME.S to .build/guests/ARCHITECTURE/NAME.elf; builds only what is out of date.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR/../..
. Tests/Support/toolchain.sh
find_compiler guests

assemble() { # TARGET SOURCE INCLUDES OBJECT
  "$clang" --target="$1" -g -I "$3" -c -o "$4" "$2"
}

build_architecture() { # ARCHITECTURE TARGET
  local sources=Tests/Guests/$1 out=.build/guests/$1 source name objects=() stale=()
  for source in "$sources"/*.S; do
    name=$(basename "$source" .S)
    if [ ! -e "$out/$name.elf" ] \
      || [ -n "$(find "$sources/support" "$source" Tests/Support/guests.sh -newer "$out/$name.elf" -print -quit)" ]; then
      stale+=("$name")
    fi
  done
  [ ${#stale[@]} -gt 0 ] || return 0

  mkdir -p "$out/objects"
  for source in "$sources"/support/*.S; do
    name=$out/objects/support-$(basename "$source" .S).o
    assemble "$2" "$source" "$sources/support" "$name"
    objects+=("$name")
  done
  for name in "${stale[@]}"; do
    assemble "$2" "$sources/$name.S" "$sources/support" "$out/objects/$name.o"
    "$linker" -static -z max-page-size=4096 -T "$sources/support/guest.ld" \
      -o "$out/objects/$name.elf" "$out/objects/$name.o" "${objects[@]}"
    # A run that was cut off leaves no guest that looks finished.
    mv "$out/objects/$name.elf" "$out/$name.elf"
  done
  echo "guests: $1: ${stale[*]}"
}

for directory in Tests/Guests/*/; do
  case $(basename "$directory") in
    x86-64) build_architecture x86-64 x86_64-unknown-none-elf ;;
    arm64) build_architecture arm64 aarch64-unknown-none-elf ;;
  esac
done
