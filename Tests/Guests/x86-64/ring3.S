// Enters ring 3 with interrupts off and counts there, in a register and in memory, forever.
#include "guest.h"

#define RING3 3
#define RFLAGS_RESERVED 0x02

.text
  begin
  call load_identity_map
  call load_descriptors
  say "ring3: entering\n"
  push $USER_DATA | RING3
  push $user_stack_top
  push $RFLAGS_RESERVED
  push $USER_CODE64 | RING3
  push $user_entry
label enter_ring3
  iretq

label user_entry
  xor %eax, %eax
label user_loop
  inc %rax
  call user_tick
  jmp user_loop

function user_tick
  incq user_counter(%rip)
label user_tick_return
  ret

.data
.balign 8
label user_counter
  .quad 0

.bss
.balign 16
.skip 4096
label user_stack_top
