// Counts in memory, forever: for breakpoints, steps and watchpoints.
#include "guest.h"

.text
  begin
  say "counter: running\n"
label loop
  call tick
  jmp loop

function tick
  incq counter(%rip)
label tick_return
  ret

.data
.balign 8
label counter
  .quad 0
