// Accesses memory at odd addresses, the UART in every size, and an address where the board has nothing.
#include "guest.h"

#define NOTHING 0x0b000000

// Performs a load to X20 and prints what it brought.
.macro show text, instruction
  mov x20, #-1
  \instruction
  say "access: \text "
  say_value x20
  say "\n"
.endm

.text
  begin
  // Only with the MMU on may accesses to memory be unaligned.
  bl enable_identity_map
  adr x19, bytes
label access_ready
  show "byte", "ldrb w20, [x19, #1]"
  show "half", "ldrh w20, [x19, #3]"
  show "word", "ldr w20, [x19, #5]"
  show "double", "ldr x20, [x19, #7]"
  mov x20, #-1
  strb w20, [x19, #1]
  strh w20, [x19, #3]
  str w20, [x19, #7]
label stores_done
  ldr x19, =UART + UART_PERIPH_ID0
label device_site
  show "UART byte", "ldrb w20, [x19]"
  show "UART half", "ldrh w20, [x19]"
  show "UART word", "ldr w20, [x19]"
  show "UART double", "ldr x20, [x19]"
  mov x19, #NOTHING
label nothing_site
  strb w19, [x19]
  strh w19, [x19, #8]
  str w19, [x19, #16]
  str x19, [x19, #24]
  show "nothing, byte", "ldrb w20, [x19, #32]"
  show "nothing, half", "ldrh w20, [x19, #40]"
  show "nothing, word", "ldr w20, [x19, #48]"
  show "nothing, double", "ldr x20, [x19, #56]"
label access_done
  finish

// Other boards abort an access to nothing: it is passed over.
function sync_handler
  save_registers
  mrs x0, elr_el1
  add x0, x0, #4
  msr elr_el1, x0
  say "access: aborted\n"
  restore_registers
  eret

.data
.balign 16
label bytes
  .byte 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff
