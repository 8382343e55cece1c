# shellcheck shell=bash
# The compiler and linker that come with Swift, for scripts to source.

# The toolchain's own directory: `swift` may be a link or a launcher that stands elsewhere.
toolchain() {
  swift -print-target-info 2>/dev/null | sed -n 's/.*"runtimeResourcePath" *: *"\(.*\)\/lib\/swift".*/\1\/bin/p'
}

find_tool() {
  local beside
  beside=$(toolchain)/$1
  if [ -x "$beside" ]; then echo "$beside"; else command -v "$1"; fi
}

# shellcheck disable=SC2034 # they are for who sources this
# Sets `clang` and `linker`, or says who is without them and exits.
find_compiler() { # SCRIPT
  if ! clang=$(find_tool clang) || ! linker=$(find_tool ld.lld); then
    echo "$1: clang and ld.lld are neither beside swift nor on PATH; they come with a Swift toolchain" >&2
    exit 1
  fi
}
