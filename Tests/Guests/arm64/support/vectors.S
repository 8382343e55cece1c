// The vector table. A guest defines the handlers that it needs; any other exception is printed and ends the machine.
#include "guest.h"

.macro vector handler
  .balign 128
  b \handler
.endm

.macro replaceable handler
  .weak \handler
\handler:
.endm

.text
.balign 2048
label vectors
  // From EL1 with SP_EL0: synchronous, IRQ, FIQ, SError
  vector unexpected_exception
  vector unexpected_exception
  vector unexpected_exception
  vector unexpected_exception
  // From EL1 with SP_EL1
  vector sync_handler
  vector irq_handler
  vector unexpected_exception
  vector unexpected_exception
  // From EL0 in AArch64
  vector lower_sync_handler
  vector unexpected_exception
  vector unexpected_exception
  vector unexpected_exception
  // From EL0 in AArch32
  vector unexpected_exception
  vector unexpected_exception
  vector unexpected_exception
  vector unexpected_exception

replaceable sync_handler
replaceable irq_handler
replaceable lower_sync_handler
function unexpected_exception
  mrs x19, esr_el1
  mrs x20, elr_el1
  mrs x21, far_el1
  say "unexpected exception: ESR "
  say_value x19
  say ", ELR "
  say_value x20
  say ", FAR "
  say_value x21
  say "\n"
  finish
