// Changes to page tables of its own and goes on in the high half, through pages of 4 KiB and 2 MiB.
#include "guest.h"

#define HIGH_HALF 0xffffffff80000000
#define IMAGE 0x1000000
#define TABLE (PAGE_PRESENT | PAGE_WRITABLE)

.text
  begin
  say "paging: identity map\n"
label before_switch
  mov $pml4, %eax
  mov %rax, %cr3
label after_switch
  movabs $HIGH_HALF + high_entry, %rax
  jmp *%rax

// Runs at HIGH_HALF + high_entry; the stack and all data are reached there too.
label high_entry
  movabs $HIGH_HALF, %rax
  add %rax, %rsp
  say "paging: at "
  lea high_entry(%rip), %rdi
  call print_hex
  say "\n"

  // The same word through a 2 MiB page.
  movabs $large_page_address, %rbx
  movl $0x600df00d, marker(%rip)
  mov $marker - IMAGE, %ecx
  mov (%rbx, %rcx), %edi
  say "paging: through a large page "
  call print_hex
  say "\n"
label high_done
  finish 0

// Where the high half maps the image once more, by a 2 MiB page, and where it maps nothing.
.globl large_page_address, unmapped_address
.set large_page_address, HIGH_HALF + 0x2000000
.set unmapped_address, HIGH_HALF + 0x3000000

.data
.balign 8
label marker
  .quad 0

.balign 4096
label pml4
  .quad identity_pdpt + TABLE
  .skip 510 * 8
  .quad high_pdpt + TABLE
label high_pdpt
  .skip 510 * 8
  .quad high_pd + TABLE
  .quad 0
label high_pd
  .skip 8 * 8
  .quad image_pt + TABLE // The image, by 4 KiB pages
  .skip 7 * 8
  .quad IMAGE + (TABLE | PAGE_LARGE) // The image again
  .skip 495 * 8
label image_pt
  .set address, IMAGE
  .rept 512
  .quad address + TABLE
  .set address, address + 0x1000
  .endr
