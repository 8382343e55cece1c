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

if [ "$lint" = faulty ]; then
  echo "The style check found faults: make lint shows them."
  status=1
fi
Tests/Support/results.sh "$log" 2 || status=1
exit "$status"
