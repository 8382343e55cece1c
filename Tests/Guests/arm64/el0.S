// Enters EL0 with interrupts masked and counts there, in a register and in memory, forever.
#include "guest.h"

.text
  begin
  say "el0: entering\n"
  drop_to_el0 el0_entry

label el0_entry
  mov x19, #0
label el0_loop
  add x19, x19, #1
  bl el0_tick
  b el0_loop

function el0_tick
  adr x0, el0_counter
  ldr x1, [x0]
  add x1, x1, #1
  str x1, [x0]
label el0_tick_return
  ret

.data
.balign 8
label el0_counter
  .quad 0
