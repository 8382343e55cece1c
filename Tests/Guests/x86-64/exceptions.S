// Takes exceptions and returns from them; ends with a double fault that needs its own stack.
#include "guest.h"

#define INVALID_OPCODE 6
#define DOUBLE_FAULT 8
#define GENERAL_PROTECTION 13
#define PAGE_FAULT 14
#define IST1 1
// Above the 4 GiB that are mapped.
#define UNMAPPED 0x8000000000

.macro gate vector, handler, ist
  mov $\vector, %edi
  lea \handler(%rip), %rsi
  mov $\ist, %edx
  call set_gate
.endm

// Sets where the next exception returns to.
.macro resume_at address
  lea \address(%rip), %rax
  mov %rax, resume_address(%rip)
.endm

.text
  begin
  call load_descriptors
  gate INVALID_OPCODE, invalid_opcode, 0
  gate GENERAL_PROTECTION, general_protection, 0
  gate PAGE_FAULT, page_fault, 0
  gate DOUBLE_FAULT, double_fault, IST1

  resume_at 1f
label ud2_site
  ud2
1:
  resume_at 1f
  mov $0x1000, %eax
label bad_selector_site
  mov %eax, %fs // Past the end of the GDT
1:
  resume_at 1f
  movabs $UNMAPPED, %rbx
label read_fault_site
  mov (%rbx), %eax
1:
  resume_at 1f
label write_fault_site
  mov %eax, 8(%rbx)
1:
  say "exceptions: back in line\n"
  // With no stack to push a frame on, the page fault's delivery faults itself.
  lea 4096(%rbx), %rsp
label double_fault_site
  push %rax

function invalid_opcode
  push $0
  push $INVALID_OPCODE
  jmp report

function general_protection
  push $GENERAL_PROTECTION
  jmp report

function page_fault
  push $PAGE_FAULT
  jmp report

// Prints the vector and the error code on the stack, then returns to resume_address.
function report
  say "exceptions: vector "
  pop %rdi
  push %rdi
  call print_hex
  say " error "
  mov 8(%rsp), %rdi
  call print_hex
  pop %rax
  cmp $PAGE_FAULT, %eax
  jne 1f
  say " address "
  mov %cr2, %rdi
  call print_hex
1:
  say "\n"
  add $8, %rsp
  mov resume_address(%rip), %rax
  mov %rax, (%rsp)
  iretq

function double_fault
  say "exceptions: vector 0x8 error "
  pop %rdi
  call print_hex
  lea ist1_bottom(%rip), %rax
  cmp %rax, %rsp
  jb 1f
  lea ist1_top(%rip), %rax
  cmp %rax, %rsp
  ja 1f
  say " on its own stack\n"
  finish 0
1:
  say " on another stack\n"
  finish 1

.data
.balign 8
label resume_address
  .quad 0
