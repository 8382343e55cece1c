// Counts in memory, forever: for breakpoints, steps and watchpoints.
#include "guest.h"

.text
  begin
  say "counter: running\n"
label loop
  bl tick
  b loop

function tick
  adr x0, counter
  ldr x1, [x0]
  add x1, x1, #1
label count_site
  str x1, [x0]
label tick_return
  ret

.data
.balign 8
label counter
  .quad 0
