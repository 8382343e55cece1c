#!/bin/bash
# Holds the software CPU against the oracle on new cases: the long run of what the fixtures are a sample of.
#
# Cases on which they disagree are kept in .build/oracle/failures. The ones of a file are added to the fixtures by
#   tail -c +9 FILE >> Tests/SoftEngineTests/Fixtures/failures.cases
#
# Usage: run.sh [CASES [CLASS]]    CASES: of each class, 20000 by default; CLASS: a regular expression
#        run.sh fixtures           makes the fixtures anew, but for failures.cases
set -euo pipefail
cd "$(dirname "$0")/../.."

# How many cases of a class are made and executed at a time.
round=4000
made=.build/oracle/cases
failures=.build/oracle/failures

Tests/Support/install.sh oracle
oracle=$(Tests/Oracle/executor.sh)

if [ "${1:-}" = fixtures ]; then
  exec Tests/Oracle/generate.py --oracle "$oracle" --count 300 Tests/SoftEngineTests/Fixtures
fi

cases=${1:-20000}
class=${2:-}
swift build --build-tests
status=0
for ((seed = 1; (seed - 1) * round < cases; seed++)); do
  rm -rf "$made"
  Tests/Oracle/generate.py --oracle "$oracle" --count "$round" --seed "$seed" --class "$class" "$made"
  mkdir -p "$failures/$seed"
  HVGDB_ORACLE_CASES=$made HVGDB_ORACLE_FAILURES=$failures/$seed \
    swift test --skip-build --disable-xctest --filter SoftEngineTests.OracleTests || status=1
  rmdir --ignore-fail-on-non-empty "$failures/$seed"
  echo "oracle: $((seed * round)) of $cases cases of each class"
done
exit "$status"
