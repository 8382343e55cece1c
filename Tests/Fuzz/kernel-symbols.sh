#!/bin/bash
# Fuzzes the reader of kernels' symbols by libFuzzer, which the Swift toolchain has; its arguments go to the fuzzer.
#
# What it finds is kept as a test of Tests/KernelSymbolsTests.
#
# Usage: kernel-symbols.sh [-max_total_time=SECONDS …]
set -euo pipefail
cd "$(dirname "$0")/../.."

out=.build/fuzz
mkdir -p "$out/corpus"

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
compile KernelSymbolsFuzz -o "$out/kernel-symbols" "${objects[@]}" \
  Tests/Fuzz/KernelSymbolsFuzz.swift Tests/KernelSymbolsTests/{SampleKernel,KallsymsWriter}.swift

exec "$out/kernel-symbols" -max_len=200 -timeout=5 -rss_limit_mb=512 -artifact_prefix="$out/" "$@" "$out/corpus"
