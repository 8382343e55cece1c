#!/bin/bash
# Tells from the logs of test runs which tests were skipped and why, which failed, and how many there were, in one closing
# line. Fails when a test did, or when a run did not come to its end.
#
# Usage: results.sh LOG...    each the log of one run: what Swift Testing printed, and lines of scripts that check
#                             something, `ok: WHAT`, `FAILED: WHAT` or `SKIPPED: WHAT: REASON`
set -euo pipefail

# What Swift Testing says of each test, behind a symbol.
test='^[^ ]+ Test'
status=0
passed=0
failed=0
skipped=0

# The reasons, each with the first of the tests that gave it.
by_reason() {
  awk -F '\t' '
    !($1 in count) { order[++reasons] = $1 }
    ++count[$1] <= 3 { names[$1] = names[$1] (count[$1] > 1 ? ", " : "") $2 }
    END {
      for (r = 1; r <= reasons; r++) {
        reason = order[r]
        printf "  %s: %s%s\n", reason, names[reason], (count[reason] > 3 ? " and " count[reason] - 3 " more" : "")
      }
    }'
}

# The first of those that began and did not end.
begun() {
  sed -nE "s/$test (.*) started\.$/+\t\1/p; s/$test (.*) (passed|failed) after .*/-\t\1/p" |
    sed -E 's/ with [0-9]+ test cases?$//' |
    awk -F '\t' '
      $2 ~ /^case / { next }
      { open[$2] += $1 == "+" ? 1 : -1 }
      END { for (name in open) if (open[name] > 0) print "  " name }' | sort | head -20
}

for log in "$@"; do
  name=$(basename "$log" .log)
  lines=$(grep -vE "$test run " "$log" || true)
  passed=$((passed + $(grep -cE "$test .* passed after|^ok: " <<<"$lines" || true)))
  unfit=$(sed -nE "s/$test (.*) failed after .*/  \1/p; s/^FAILED: /  /p" <<<"$lines")
  without=$(sed -nE "s/$test (.*) skipped: \"(.*)\"$/\2\t\1/p; s/$test (.*) skipped\.$/no reason is given\t\1/p
    s/^SKIPPED: ([^:]*): (.*)$/\2\t\1/p" <<<"$lines")
  if [ -n "$without" ]; then
    skipped=$((skipped + $(wc -l <<<"$without")))
    echo "Skipped of $name:"
    by_reason <<<"$without"
  fi
  if [ -n "$unfit" ]; then
    failed=$((failed + $(wc -l <<<"$unfit")))
    echo "Failed of $name:"
    echo "$unfit"
    status=1
  fi
  if ! grep -qE "$test run with .* (passed|failed) after|^SKIPPED: " "$log"; then
    echo "The run of $name ended before all its tests were run. These had begun:"
    begun <<<"$lines"
    status=1
  fi
done
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
