// Counts 20 interrupts of the virtual timer at 100 Hz.
#include "guest.h"

#define TIMER_INTERRUPT 27
#define RATE 100
#define TICKS 20

.text
  begin
  bl start_gic
  mov w0, #TIMER_INTERRUPT
  bl enable_interrupt
  mrs x19, cntfrq_el0
  mov x0, #RATE
  udiv x19, x19, x0
  msr cntv_tval_el0, x19
  mov x0, #1
  msr cntv_ctl_el0, x0
  say "timer: waiting\n"
label wait_for_tick
  wfi
  msr daifclr, #2
  isb
  msr daifset, #2
  adr x0, ticks
  ldr x20, [x0]
  cmp x20, #TICKS
  b.lo wait_for_tick
  say "timer: ticks "
  say_value x20
  say "\n"
  finish

// X19 is the timer's period.
function irq_handler
  save_registers
  mrs x4, icc_iar1_el1
  adr x0, ticks
  ldr x1, [x0]
  add x1, x1, #1
  str x1, [x0]
  msr cntv_tval_el0, x19
  isb
  msr icc_eoir1_el1, x4
  restore_registers
  eret

.data
.balign 8
label ticks
  .quad 0
