// Prints its exception level, drops to EL0 and comes back by supervisor calls.
#include "guest.h"

#define CALL_RETURN 1
#define CALL_FINISH 2

.text
  begin
  mrs x19, CurrentEL
  lsr x19, x19, #2
  say "levels: at EL "
  say_value x19
  say "\n"
  drop_to_el0 el0_entry

label el0_entry
  // At EL0 CurrentEL cannot be read.
label svc_site
  svc #CALL_RETURN
label after_svc
  svc #CALL_FINISH

// Prints the call's number and the exception level that it came from, and returns from the first one.
function lower_sync_handler
  mrs x19, esr_el1
  and x20, x19, #0xffff
  lsr x19, x19, #26
  mrs x21, spsr_el1
  ubfx x21, x21, #2, #2
  say "levels: class "
  say_value x19
  say ", call "
  say_value x20
  say ", from EL "
  say_value x21
  say "\n"
  cmp x20, #CALL_FINISH
  b.eq 1f
  eret
1:
  finish
