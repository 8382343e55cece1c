// The stacks, and output to the PL011 without interrupts.
#include "guest.h"

.bss
.balign 16
.skip 16384
label stack_top
.skip 4096
label el0_stack_top

.text
// Prints the byte in W0. Changes X1 and X2.
function print_byte
  mov x1, #UART
1:
  ldr w2, [x1, #UART_FR]
  tbnz w2, #FR_TXFF_BIT, 1b
  str w0, [x1, #UART_DR]
  ret

// Prints the NUL-terminated string at X0. Changes X0 to X4.
function print
  mov x4, x30
  mov x3, x0
1:
  ldrb w0, [x3], #1
  cbz w0, 2f
  bl print_byte
  b 1b
2:
  ret x4

// Prints the number in X0 as 0x and its hexadecimal digits. Changes X0 to X4.
function print_hex
  adr x1, hex_end
1:
  and x2, x0, #15
  adr x3, hex_digits
  ldrb w2, [x3, x2]
  strb w2, [x1, #-1]!
  lsr x0, x0, #4
  cbnz x0, 1b
  mov w2, #'x'
  strb w2, [x1, #-1]!
  mov w2, #'0'
  strb w2, [x1, #-1]!
  mov x0, x1
  b print

.section .rodata
hex_digits:
  .ascii "0123456789abcdef"

.data
  .skip 18
hex_end:
  .byte 0
