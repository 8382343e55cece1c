// Sends back what the PL011 receives, by interrupts, until the byte q.
#include "guest.h"

// Words of 8 bits, FIFOs on
#define LINE_CONTROL 0x70
// The UART, its transmitter and its receiver on
#define CONTROL 0x301
// Receive, and receive timeout
#define INTERRUPTS 0x50
#define ALL_INTERRUPTS 0x7ff

.macro write_uart register, value
  mov w0, #\value
  str w0, [x1, #\register]
.endm

.text
  begin
  bl start_gic
  mov w0, #UART_INTERRUPT
  bl enable_interrupt
  mov x1, #UART
  write_uart UART_CR, 0
  write_uart UART_LCR_H, LINE_CONTROL
  write_uart UART_ICR, ALL_INTERRUPTS
  write_uart UART_CR, CONTROL
  write_uart UART_IMSC, INTERRUPTS
  say "uart: ready\n"
  // A masked interrupt ends the wait too, so that none comes between the look and the wait.
label wait_for_input
  wfi
  msr daifclr, #2
  isb
  msr daifset, #2
  adr x0, finished
  ldrb w0, [x0]
  cbz w0, wait_for_input
  say "\nuart: done\n"
  finish

function irq_handler
  save_registers
  mrs x4, icc_iar1_el1
1:
  mov x1, #UART
  ldr w0, [x1, #UART_FR]
  tbnz w0, #FR_RXFE_BIT, 3f
  ldr w0, [x1, #UART_DR]
  and w0, w0, #0xff
  cmp w0, #'q'
  b.eq 2f
  bl print_byte
  b 1b
2:
  adr x0, finished
  mov w1, #1
  strb w1, [x0]
  b 1b
3:
  mov w0, #INTERRUPTS
  str w0, [x1, #UART_ICR]
  msr icc_eoir1_el1, x4
  restore_registers
  eret

.data
label finished
  .byte 0
