// Takes exceptions and returns from them.
#include "guest.h"

// From here on the identity map has nothing.
#define UNMAPPED 0xc0000000

// Sets where the next exception returns to.
.macro resume_at address
  adr x0, \address
  adr x1, resume_address
  str x0, [x1]
.endm

.text
  begin
  bl enable_identity_map

  resume_at 1f
label undefined_site
  udf #0
1:
  resume_at 1f
  mov x0, #UNMAPPED
label read_fault_site
  ldr w1, [x0, #4]
1:
  resume_at 1f
  mov x0, #UNMAPPED
label write_fault_site
  str w1, [x0, #8]
1:
  resume_at 1f
  mov x0, #UNMAPPED
label fetch_fault_site
  br x0
1:
  mrs x0, sctlr_el1
  orr x0, x0, #SCTLR_A
  msr sctlr_el1, x0
  isb
  resume_at 1f
  adr x0, aligned
label unaligned_site
  ldr w1, [x0, #1]
1:
  resume_at 1f
  adr x0, _start
  add x0, x0, #2
label odd_fetch_site
  br x0
1:
  say "vectors: back in line\n"
label vectors_done
  finish

// Prints the exception's class and what belongs to it, and returns to resume_address.
function sync_handler
  mrs x19, esr_el1
  lsr x20, x19, #26
  ubfx x21, x19, #0, #25
  say "vectors: class "
  say_value x20
  say " syndrome "
  say_value x21
  cbz x20, 1f
  mrs x19, far_el1
  say " address "
  say_value x19
1:
  say "\n"
  adr x0, resume_address
  ldr x0, [x0]
  msr elr_el1, x0
  eret

.data
.balign 8
label resume_address
  .quad 0
label aligned
  .quad 0
