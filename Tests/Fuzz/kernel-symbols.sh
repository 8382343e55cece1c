#!/bin/bash
# Fuzzes the readers of kernels by libFuzzer, which the Swift toolchain has; other arguments go to the fuzzer.
#
# What it finds is kept as a test of Tests/KernelSymbolsTests.
#
# Usage: kernel-symbols.sh [linux] [-max_total_time=SECONDS …]
#
#   linux    the types, the log and the modules in guest memory, in place of the symbols in a kernel's image
set -euo pipefail
cd "$(dirname "$0")/../.."

harness=KernelSymbolsFuzz
makers=({SampleKernel,KallsymsWriter}.swift)
if [ "${1:-}" = linux ]; then
  shift
  harness=LinuxFuzz
  makers=(BTF/BTFWriter.swift Linux/{MadeMemory,MadePrintkRing,MadeModules}.swift)
fi
out=.build/fuzz
corpus=$out/$harness
mkdir -p "$corpus"

compile() { # MODULE OPTION... SOURCE...
  local module=$1
  shift
  swiftc -O -whole-module-optimization -parse-as-library -swift-version 6 -enable-testing -sanitize=fuzzer \
    -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature MemberImportVisibility \
    -module-name "$module" -I "$out" "$@"
}

objects=()
for module in Bits Architecture KernelSymbols; do
  mapfile -t sources < <(find "Sources/$module" -name '*.swift')
  compile "$module" -emit-module -emit-module-path "$out/$module.swiftmodule" -emit-object -o "$out/$module.o" \
    "${sources[@]}"
  objects+=("$out/$module.o")
done
compile "$harness" -o "$out/fuzzer" "${objects[@]}" "Tests/Fuzz/$harness.swift" \
  "${makers[@]/#/Tests/KernelSymbolsTests/}"

exec "$out/fuzzer" -max_len=200 -timeout=5 -rss_limit_mb=512 -artifact_prefix="$out/" "$@" "$corpus"
