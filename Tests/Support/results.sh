#!/bin/bash
# Tells from what Swift Testing printed which tests were skipped and why, which failed, and how many there were, in one
# closing line. Fails when a test did, or when a run was cut off.
#
# Usage: results.sh LOG RUNS    RUNS: how many runs of tests the log holds
set -euo pipefail

log=$1
runs=$2

# What Swift Testing says of each test, behind a symbol, and of all those of a run at its end.
test='^[^ ]+ Test'
tests=$(grep -vE "$test run " "$log" || true)
passed=$(grep -cE "$test .* passed after" <<<"$tests" || true)
failed=$(grep -cE "$test .* failed after" <<<"$tests" || true)
skipped=$(grep -cE "$test .* skipped(\.|: )" <<<"$tests" || true)
ended=$(grep -cE "$test run with .* (passed|failed) after" "$log" || true)

status=0
if [ "$skipped" -gt 0 ]; then
  echo "Skipped:"
  sed -nE "s/$test (.*) skipped: \"(.*)\"$/  \1: \2/p; s/$test (.*) skipped\.$/  \1: no reason is given/p" <<<"$tests"
fi
if [ "$failed" -gt 0 ]; then
  echo "Failed:"
  sed -nE "s/$test (.*) failed after .*/  \1/p" <<<"$tests"
  status=1
fi
if [ "$ended" -ne "$runs" ]; then
  echo "A run of tests ended before all were run."
  status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
