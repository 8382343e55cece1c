// Has a breakpoint instruction of its own, and a handler for it.
#include "guest.h"

#define NUMBER 0x2a

.text
  begin
  say "brk: next\n"
label brk_site
  brk #NUMBER
label after_brk
  say "brk: returned\n"
  finish

function sync_handler
  mrs x19, esr_el1
  mrs x20, elr_el1
  say "brk: handled, ESR "
  say_value x19
  say ", at "
  say_value x20
  say "\n"
  add x20, x20, #4
  msr elr_el1, x20
  eret
