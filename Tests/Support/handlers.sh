#!/bin/bash
# Checks in the optimized hvgdb that the software CPU's loop is clean. A handler, which executes an instruction, is a
# function of SoftEngine with the type `Handler`, as its mangled name tells, that goes on to the next one by an indirect
# jump. None counts references, checks exclusivity or allocates; and none is called by another one, which would nest.
#
# Usage: handlers.sh PROGRAM
set -euo pipefail

[ $# -eq 1 ] || { sed -n 's/^# Usage/usage/p' "$0" >&2; exit 64; }

# Prints a line for each fault, and the count of handlers.
faults() {
  { nm --print-size "$1" && objdump --disassemble --no-show-raw-insn --section=.text "$1"; } | awk '
    function number(digits, i, value) {
      for (i = 1; i <= length(digits); i++) value = 16 * value + index("123456789abcdef", substr(digits, i, 1))
      return value
    }
    # Closures inside of a handler have their own type behind it.
    function isHandler(name) { return name ~ /^\$s10SoftEngine.*Sv_SvSit/ && name !~ /8OperandsV[^_]*XE/ }
    NF == 4 && $1 ~ /^[0-9a-f]+$/ && $2 ~ /^[0-9a-f]+$/ && isHandler($4) { size[$4] = number($2) }
    /^[0-9a-f]+ <.*>:$/ {
      name = substr($2, 2, length($2) - 3)
      isOurs = (name in size)
      if (isOurs) end = number($1) + size[name]
    }
    # What comes behind its end is a function without a name.
    !isOurs || $1 !~ /^[0-9a-f]+:$/ || number(substr($1, 1, length($1) - 1)) >= end { next }
    $2 == "jmp" && $3 ~ /^\*/ || $2 == "br" { handlers[name] }
    $2 ~ /^callq?$/ || $2 ~ /^blr?$/ {
      target = $NF
      gsub(/[<>]/, "", target)
      if (target ~ /^[*x]/) target = "the next handler"
      if (target == "the next handler" || isHandler(target)) callees[++calleeCount] = name SUBSEP target
    }
    /<_?swift_(retain|release|bridgeObject|unknownObject|beginAccess|endAccess|alloc|slowAlloc)|<(malloc|posix_memalign|aligned_alloc)[@>]/ {
      calls[name] = calls[name] " " $NF
    }
    END {
      for (name in handlers) {
        count++
        if (name in calls) print "fault: " name " calls" calls[name]
      }
      for (call in callees) {
        split(callees[call], pair, SUBSEP)
        if (pair[2] in handlers || pair[2] == "the next handler" && !(pair[1] in handlers))
          print "fault: " pair[1] " calls " pair[2]
      }
      print count + 0
    }'
}

found=$(faults "$1")
count=$(tail -n 1 <<<"$found")
# An unoptimized program has no jumps, and one without names no handlers.
if [ "$count" -lt 500 ]; then
  echo "FAILED: the software CPU's handlers are found in the optimized program ($count are)"
  exit 1
fi
if grep '^fault: ' <<<"$found" >&2; then
  echo "FAILED: the software CPU's handlers neither count references, check exclusivity, allocate nor nest"
  exit 1
fi
echo "ok: the software CPU's handlers, $count, neither count references, check exclusivity, allocate nor nest"
