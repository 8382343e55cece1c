// Writes two lines of text into the VGA text buffer and puts the cursor behind them.
#include "guest.h"

#define TEXT_BUFFER 0xb8000
#define COLUMNS 80
#define GREY_ON_BLACK 0x07
#define CRTC_INDEX 0x3d4

.text
  begin
  mov $TEXT_BUFFER, %edi
  mov $80 * 25, %ecx
  mov $(GREY_ON_BLACK << 8 | ' '), %eax
1:
  movw %ax, (%rdi)
  add $2, %rdi
  dec %ecx
  jnz 1b

  mov $TEXT_BUFFER, %edi
  lea first_line(%rip), %rsi
  call show
  mov $TEXT_BUFFER + 2 * COLUMNS, %edi
  lea second_line(%rip), %rsi
  call show

  sub $TEXT_BUFFER, %edi
  shr $1, %edi
  mov $CRTC_INDEX, %dx
  mov %edi, %eax
  and $0xff00, %eax
  mov $0x0e, %al // Cursor location, high byte
  out %ax, %dx
  mov %edi, %eax
  shl $8, %eax
  mov $0x0f, %al // Cursor location, low byte
  out %ax, %dx
  say "vga: written\n"
label vga_done
  finish 0

// Writes the string at RSI into the cells from RDI on.
function show
  lodsb
  test %al, %al
  jz 1f
  movb %al, (%rdi)
  movb $GREY_ON_BLACK, 1(%rdi)
  add $2, %rdi
  jmp show
1:
  ret

.section .rodata
first_line:
  .asciz "Hello from the text buffer"
second_line:
  .byte 0xc9, 0xcd, 0xbb // A corner, a line and a corner of code page 437
  .asciz " line two"
