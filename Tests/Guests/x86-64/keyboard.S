// Prints each scan code that its keyboard interrupt brings, until the key Esc goes down. It presses the keys itself, by
// the controller's command that puts a byte into its output buffer as if the keyboard had sent it.
#include "guest.h"

#define DATA_PORT 0x60
#define COMMAND_PORT 0x64
#define INPUT_BUFFER_FULL 0x02
#define WRITE_CONFIGURATION 0x60
// Interrupt 1, system flag, no mouse, translation to set 1
#define CONFIGURATION 0x65
#define WRITE_OUTPUT_BUFFER 0xd2
#define ESCAPE 0x01

.macro wait_for_room
1:
  in $COMMAND_PORT, %al
  test $INPUT_BUFFER_FULL, %al
  jnz 1b
.endm

.text
  begin
  call load_descriptors
  mov $IRQ_VECTOR(1), %edi
  lea keyboard_handler(%rip), %rsi
  xor %edx, %edx
  call set_gate
  mov $0xfffd, %edi
  call start_pics
  wait_for_room
  mov $WRITE_CONFIGURATION, %al
  out %al, $COMMAND_PORT
  wait_for_room
  mov $CONFIGURATION, %al
  out %al, $DATA_PORT
  say "keyboard: ready\n"
  lea keys(%rip), %rbx
label press
  wait_for_room
  mov $WRITE_OUTPUT_BUFFER, %al
  out %al, $COMMAND_PORT
  wait_for_room
  movb (%rbx), %al
  inc %rbx
  out %al, $DATA_PORT
label pressed
  sti
  hlt
  cli
  cmpb $ESCAPE, scan_code(%rip)
  jne press
  say "keyboard: escape\n"
  finish 0

function keyboard_handler
  push %rax
  push %rcx
  push %rdx
  push %rsi
  push %rdi
  xor %eax, %eax
  in $DATA_PORT, %al
  movb %al, scan_code(%rip)
  say "keyboard: "
  movzbl scan_code(%rip), %edi
  call print_hex
  say "\n"
  mov $PIC_END_OF_INTERRUPT, %al
  out %al, $PIC1_COMMAND
  pop %rdi
  pop %rsi
  pop %rdx
  pop %rcx
  pop %rax
  iretq

.section .rodata
keys:
  .byte 0x1e, 0x9e, ESCAPE // A down, A up

.data
label scan_code
  .byte 0
