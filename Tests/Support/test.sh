#!/bin/bash
# Sets up what the tests need and runs every one. The last line counts them; the lines before it say what was skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

Tests/Support/install.sh
# Without a kernel the tests that boot one are skipped and say so.
Tests/Support/kernels.sh || true
Tests/Support/guests.sh

status=0
lint=clean
swift format lint --strict --recursive Package.swift Sources Tests || lint=faulty
swift build --build-tests

log=.build/test.log
swift test --skip-build --disable-xctest 2>&1 | tee "$log" || status=$?

# What Swift Testing says of each test, behind a symbol, and of all of them at the end.
test='^[^ ]+ Test'
total=$(sed -nE "s/$test run with ([0-9]+) tests? .* (passed|failed) after .*/\1/p" "$log" | tail -n 1)
failed=$(grep -vE "$test run" "$log" | grep -cE "$test .* failed after" || true)
skipped=$(grep -cE "$test .* skipped(\.|: )" "$log" || true)

if [ "$skipped" -gt 0 ]; then
  echo "Skipped:"
  sed -nE "s/$test (.*) skipped: \"(.*)\"$/  \1: \2/p; s/$test (.*) skipped\.$/  \1: no reason is given/p" "$log"
fi
if [ "$failed" -gt 0 ]; then
  echo "Failed:"
  grep -vE "$test run" "$log" | sed -nE "s/$test (.*) failed after .*/  \1/p"
  status=1
fi
if [ "$lint" = faulty ]; then
  echo "The style check found the faults above the build."
  status=1
fi
if [ -z "$total" ]; then
  echo "The tests ended before they were all run."
  [ "$status" -ne 0 ] || status=1
  total=$((failed + skipped))
fi
echo "$((total - failed - skipped)) passed, $failed failed, $skipped skipped"
exit "$status"
