// Drops from long mode to 32-bit protected mode without paging, then to real mode, and spins in each.
//
// A debugger lets it go on from the first spin by writing something else than zero to proceed.
#include "guest.h"

#define LOW_PAGE 0x70000
#define LOW_SEGMENT (LOW_PAGE >> 4)

.text
  begin
  call load_identity_map
  call load_descriptors
  mov $low_load, %esi
  mov $LOW_PAGE, %edi
  mov $4096 / 8, %ecx
1:
  mov (%rsi), %rax
  mov %rax, (%rdi)
  add $8, %rsi
  add $8, %rdi
  dec %ecx
  jnz 1b
  say "modes: long mode\n"
label long_mode_done
  push $CODE32
  push $compatibility_mode
  lretq

.code32
label compatibility_mode
  mov %cr0, %eax
  and $~CR0_PG, %eax
  mov %eax, %cr0
label paging_off
  mov $MSR_EFER, %ecx
  rdmsr
  and $~EFER_LME, %eax
  wrmsr
  mov $DATA, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
label protected32_spin
  incl protected32_counter
  cmpl $0, proceed
  je protected32_spin
  mov $DATA16, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  ljmp $CODE16, $(protected16 - LOW_PAGE)

.data
.balign 4
label proceed
  .long 0
label protected32_counter
  .long 0

.section .low, "awx"
.code16
label protected16
  mov %cr0, %eax
  and $~CR0_PE, %eax
  mov %eax, %cr0
  ljmp $LOW_SEGMENT, $(real_mode - LOW_PAGE)

label real_mode
  mov $LOW_SEGMENT, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  mov $0x0ffc, %esp
label real16_spin
  incl real16_counter - LOW_PAGE
  jmp real16_spin

.balign 4
label real16_counter
  .long 0
