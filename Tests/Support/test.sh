#!/bin/bash
# Sets up what the tests need and runs every one. The last line counts them; the lines before it say what was skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

Tests/Support/install.sh
# Without a kernel the tests that boot one are skipped and say so.
Tests/Support/kernels.sh || true
Tests/Support/guests.sh
swift format lint --strict --recursive Package.swift Sources Tests
swift build --build-tests

log=.build/test.log
status=0
swift test --skip-build --disable-xctest 2>&1 | tee "$log" || status=$?

# Swift Testing's lines: a symbol, then: Test NAME passed|failed|skipped ...
count() { grep -cE "^[^ ]+ Test .* $1" "$log" || true; }
runs='^[^ ]+ Test run '
passed=$(($(count 'passed after') - $(grep -cE "$runs.* passed after" "$log" || true)))
failed=$(($(count 'failed after') - $(grep -cE "$runs.* failed after" "$log" || true)))
skipped=$(count 'skipped')

if ! grep -qE "$runs.* (passed|failed) after" "$log"; then
  echo "The tests ended before they could be counted."
  status=1
fi
if [ "$skipped" -gt 0 ]; then
  echo "Skipped:"
  sed -nE 's/^[^ ]+ Test (.*) skipped(: )?(.*)$/  \1: \3/p' "$log"
fi
if [ "$failed" -gt 0 ]; then
  echo "Failed:"
  grep -vE "$runs" "$log" | sed -nE 's/^[^ ]+ Test (.*) failed after.*$/  \1/p'
  status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
