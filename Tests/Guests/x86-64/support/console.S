// The stack, and output to COM1 without interrupts.
#include "guest.h"

.bss
.balign 16
.skip 16384
label stack_top

.text
// Prints the NUL-terminated string at RSI. Changes RAX, RDX, RSI.
function print
  lodsb
  test %al, %al
  jz 1f
  call print_byte
  jmp print
1:
  ret

// Prints the byte in AL. Changes RAX, RDX.
function print_byte
  mov %al, %ah
  mov $COM1_LSR, %dx
1:
  in %dx, %al
  test $0x20, %al
  jz 1b
  mov %ah, %al
  mov $COM1, %dx
  out %al, %dx
  ret

// Prints the number in RDI as 0x and its hexadecimal digits. Changes RAX, RCX, RDX, RSI.
function print_hex
  lea hex_end(%rip), %rsi
1:
  dec %rsi
  mov %edi, %eax
  and $15, %eax
  lea hex_digits(%rip), %rcx
  movb (%rcx, %rax), %al
  movb %al, (%rsi)
  shr $4, %rdi
  jnz 1b
  movb $'x', -1(%rsi)
  movb $'0', -2(%rsi)
  sub $2, %rsi
  jmp print

.section .rodata
hex_digits:
  .ascii "0123456789abcdef"

.data
  .skip 18
hex_end:
  .byte 0
