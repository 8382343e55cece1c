#!/bin/bash
# Sets up what the tests need and runs every one, or those of one part. The last line counts them; the lines before it say
# what was skipped.
#
# Usage: test.sh [host] [arm64]    host: on this machine; arm64: on KVM in an emulated arm64 machine; both when not given
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- host arm64

logs=.build/logs
mkdir -p "$logs"
reports=()
status=0

# The tests of a package have this many seconds: several times what two cores need, so that only one that hangs meets it.
limit=1200

# Builds and runs the tests of a package. Lines come as they are printed, so that the log tells which test hangs.
run() { # NAME [OPTION...]
  local log=$logs/$1.log
  reports+=("$log")
  swift build --build-tests "${@:2}"
  timeout --signal=INT --kill-after=30 "$limit" \
    stdbuf --output=L swift test --skip-build --disable-xctest "${@:2}" 2>&1 | tee "$log" || status=$?
}

# arm64 Linux on the software CPU of a hvgdb: at work by itself, and debugged.
linux() { # HVGDB
  if ! Tests/Support/kernels.sh arm64 || ! Tests/Linux/initramfs.sh; then
    echo "SKIPPED: arm64 Linux on the software CPU: Debian's packages are not to be had today"
    return
  fi
  local status=0
  Tests/Linux/test.sh --hvgdb "$1" || status=1
  Tests/Arm64/session.sh soft "$1" || status=1
  return "$status"
}

host() {
  Tests/Support/install.sh
  # Without a kernel the tests that boot one are skipped and say so.
  Tests/Support/kernels.sh || true
  Tests/Support/u-boot.sh || true
  Tests/Support/guests.sh
  # The tests from end to end run the program as it is used: optimized.
  swift build --configuration release --product hvgdb
  HVGDB_TEST_BINARY=$(swift build --configuration release --show-bin-path)/hvgdb
  export HVGDB_TEST_BINARY
  make --silent lint || {
    faults="The style check found faults: make lint shows them."
    status=1
  }
  run tests
  Tests/Support/handlers.sh "$HVGDB_TEST_BINARY" | tee --append "$logs/tests.log" || status=1
  linux "$HVGDB_TEST_BINARY" | tee --append "$logs/tests.log" || status=1
  run benchmarks --package-path Benchmarks
}

arm64() {
  reports+=("$logs/arm64.log")
  Tests/Arm64/test.sh 2>&1 | tee "$logs/arm64.log" || status=$?
}

faults=
for part in "$@"; do
  case $part in
    host) host ;;
    arm64) arm64 ;;
    *)
      sed -n '/^# Usage/,/^set/s/^# //p' "$0" >&2
      exit 64
      ;;
  esac
done
[ -z "$faults" ] || echo "$faults"
Tests/Support/results.sh "${reports[@]}" || status=1
exit "$status"
