#!/bin/bash
# Sets up what the tests need and runs every one. The last line counts them; the lines before it say what was skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

Tests/Support/install.sh
# Without a kernel the tests that boot one are skipped and say so.
Tests/Support/kernels.sh || true
Tests/Support/guests.sh
# The tests from end to end run the program as it is used: optimized.
swift build --configuration release --product hvgdb
HVGDB_TEST_BINARY=$(swift build --configuration release --show-bin-path)/hvgdb
export HVGDB_TEST_BINARY

status=0
lint=clean
make --silent lint || lint=faulty

log=.build/test.log
: >"$log"
run() {
  swift build --build-tests "$@"
  swift test --skip-build --disable-xctest "$@" 2>&1 | tee -a "$log" || status=$?
}
run
run --package-path Benchmarks

# What Swift Testing says of each test, behind a symbol, and of all those of a package at its end.
test='^[^ ]+ Test'
tests=$(grep -vE "$test run " "$log")
passed=$(grep -cE "$test .* passed after" <<<"$tests" || true)
failed=$(grep -cE "$test .* failed after" <<<"$tests" || true)
skipped=$(grep -cE "$test .* skipped(\.|: )" <<<"$tests" || true)
packages=$(grep -cE "$test run with .* (passed|failed) after" "$log" || true)

if [ "$skipped" -gt 0 ]; then
  echo "Skipped:"
  sed -nE "s/$test (.*) skipped: \"(.*)\"$/  \1: \2/p; s/$test (.*) skipped\.$/  \1: no reason is given/p" <<<"$tests"
fi
if [ "$failed" -gt 0 ]; then
  echo "Failed:"
  sed -nE "s/$test (.*) failed after .*/  \1/p" <<<"$tests"
  status=1
fi
if [ "$lint" = faulty ]; then
  echo "The style check found faults: make lint shows them."
  status=1
fi
if [ "$packages" -ne 2 ]; then
  echo "The tests of a package ended before they were all run."
  [ "$status" -ne 0 ] || status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
