// Counts 20 timer interrupts at 100 Hz.
#include "guest.h"

#define PIT_CHANNEL0 0x40
#define PIT_COMMAND 0x43
// 1193182 Hz / 100
#define DIVISOR 11932
#define TICKS 20

.text
  begin
  call load_descriptors
  mov $IRQ_VECTOR(0), %edi
  lea timer_handler(%rip), %rsi
  xor %edx, %edx
  call set_gate
  mov $0xfffe, %edi
  call start_pics
  mov $0x34, %al // Channel 0, both bytes, rate generator
  out %al, $PIT_COMMAND
  mov $DIVISOR & 0xff, %al
  out %al, $PIT_CHANNEL0
  mov $DIVISOR >> 8, %al
  out %al, $PIT_CHANNEL0
  say "pit: waiting\n"
label wait_for_tick
  sti
  hlt
  cli
  cmpq $TICKS, ticks(%rip)
  jb wait_for_tick
  say "pit: ticks "
  mov ticks(%rip), %rdi
  call print_hex
  say "\n"
  finish 0

function timer_handler
  push %rax
  incq ticks(%rip)
  mov $PIC_END_OF_INTERRUPT, %al
  out %al, $PIC1_COMMAND
  pop %rax
  iretq

.data
.balign 8
label ticks
  .quad 0
