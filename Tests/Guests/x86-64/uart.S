// Sends back what COM1 receives, by interrupts, until the byte q.
#include "guest.h"

#define RECEIVED_DATA 0x01
// FIFOs on and cleared, trigger at 14 bytes
#define FIFO_CONTROL 0xc7
// DTR, RTS and OUT2, which lets the interrupt through
#define MODEM_CONTROL 0x0b
#define NO_INTERRUPT 0x01
#define DATA_READY 0x01

.macro write_port port, value
  mov $\port, %dx
  mov $\value, %al
  out %al, %dx
.endm

.text
  begin
  call load_descriptors
  mov $IRQ_VECTOR(4), %edi
  lea uart_handler(%rip), %rsi
  xor %edx, %edx
  call set_gate
  mov $0xffef, %edi
  call start_pics
  write_port COM1_LCR, 0x03
  write_port COM1_FCR, FIFO_CONTROL
  write_port COM1_MCR, MODEM_CONTROL
  write_port COM1_IER, RECEIVED_DATA
  say "uart: ready\n"
1:
  sti
  hlt
  cli
  cmpb $0, finished(%rip)
  je 1b
  say "\nuart: done\n"
  finish 0

// The line is edge-triggered: it must be seen idle before the handler returns.
function uart_handler
  push %rax
  push %rdx
1:
  mov $COM1_IIR, %dx
  in %dx, %al
  test $NO_INTERRUPT, %al
  jnz 3f
2:
  mov $COM1_LSR, %dx
  in %dx, %al
  test $DATA_READY, %al
  jz 1b
  mov $COM1, %dx
  in %dx, %al
  cmp $'q', %al
  je 4f
  call print_byte
  jmp 2b
4:
  movb $1, finished(%rip)
  jmp 2b
3:
  mov $PIC_END_OF_INTERRUPT, %al
  out %al, $PIC1_COMMAND
  pop %rdx
  pop %rax
  iretq

.data
label finished
  .byte 0
