// The guest's own GDT, TSS and IDT.
#include "guest.h"

.text
// Loads the GDT, its selectors and the TSS. Changes RAX, RDX.
function load_descriptors
  // A TSS descriptor has its base in pieces.
  lea tss(%rip), %rax
  lea tss_descriptor(%rip), %rdx
  movw %ax, 2(%rdx)
  shr $16, %rax
  movb %al, 4(%rdx)
  movb %ah, 7(%rdx)
  lgdt gdt_pointer(%rip)
  mov $DATA, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov $TSS, %eax
  ltr %ax
  lidt idt_pointer(%rip)
  pop %rax
  push $CODE64
  push %rax
  lretq

// Points the interrupt gate of vector EDI at RSI, with the interrupt stack EDX (0: the stack in use). Changes RAX, RDI.
function set_gate
  lea idt(%rip), %rax
  shl $4, %edi
  add %rax, %rdi
  movw %si, (%rdi)
  movw $CODE64, 2(%rdi)
  movb %dl, 4(%rdi)
  movb $0x8e, 5(%rdi)
  mov %rsi, %rax
  shr $16, %rax
  movw %ax, 6(%rdi)
  shr $16, %rax
  movl %eax, 8(%rdi)
  movl $0, 12(%rdi)
  ret

.data
.balign 16
label gdt
  .quad 0
  .quad 0x00af9b000000ffff // CODE64
  .quad 0x00cf93000000ffff // DATA
  .quad 0x00cf9b000000ffff // CODE32
  .quad 0x00009b070000ffff // CODE16: its base is that of the low page
  .quad 0x000093070000ffff // DATA16: likewise
  .quad 0x00cff3000000ffff // USER_DATA
  .quad 0x00affb000000ffff // USER_CODE64
tss_descriptor:
  .quad 0x0000890000000067 // TSS
  .quad 0
gdt_end:

label gdt_pointer
  .word gdt_end - gdt - 1
  .quad gdt

label idt_pointer
  .word 256 * 16 - 1
  .quad idt

.balign 16
label tss
  .long 0
  .quad stack_top // RSP0
  .quad 0, 0, 0
  .quad ist1_top
  .skip 52
  .word 104 // No I/O permission bitmap.

.bss
.balign 16
label idt
  .skip 256 * 16
label ist1_bottom
  .skip 4096
label ist1_top
