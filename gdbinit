# Connects gdb to hvgdb and sets what helps with a kernel:
#
#     gdb-multiarch -x gdbinit                                  port 1234
#     gdb-multiarch -ex 'set $hvgdb_port = 4321' -x gdbinit     another one
set pagination off
set disassemble-next-line auto
# A kernel's own stack need not end where gdb expects it to.
set backtrace past-main on
if $_isvoid($hvgdb_port)
  set $hvgdb_port = 1234
end
eval "target remote 127.0.0.1:%d", $hvgdb_port
