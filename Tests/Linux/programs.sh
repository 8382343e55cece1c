#!/bin/bash
# Builds the programs of Tests/Linux/programs for arm64 Linux, of C with no library, to .build/linux/programs: only what
# is out of date.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source-path=SCRIPTDIR/../..
. Tests/Support/toolchain.sh

sources=Tests/Linux/programs
out=.build/linux/programs
objects=.build/linux/objects
find_compiler programs
mkdir -p "$out" "$objects"

for source in "$sources"/*.c; do
  program=$out/$(basename "$source" .c)
  if [ -e "$program" ] \
    && [ -z "$(find "$source" "$sources/support" Tests/Linux/programs.sh -newer "$program" -print -quit)" ]; then
    continue
  fi
  object=$objects/$(basename "$program").o
  # For ARMv8.0-A, which every CPU has; its own CRC instructions are asked for where they are meant.
  "$clang" --target=aarch64-unknown-linux -march=armv8-a -O2 -std=c17 -Wall -Wextra -Werror -ffreestanding \
    -fno-stack-protector -fno-unwind-tables -fno-asynchronous-unwind-tables -ffp-contract=off -fno-math-errno -fwrapv \
    -I "$sources/support" -c -o "$object" "$source"
  "$linker" -static --strip-all -o "$object.elf" "$object"
  # A run that was cut off leaves no program that looks finished.
  mv "$object.elf" "$program"
  echo "programs: $program"
done
