// Page tables of the guest's own that map the first 4 GiB to themselves, in pages of 2 MiB that ring 3 may use.
#include "guest.h"

#define TABLE (PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER)

.text
// Changes to these tables; they stand in the image, so that the guest may use all memory outside it. Changes RAX.
function load_identity_map
  mov $identity_pml4, %eax
  mov %rax, %cr3
  ret

.data
.balign 4096
label identity_pml4
  .quad identity_pdpt + TABLE
  .skip 4096 - 8
label identity_pdpt
  .quad identity_pd + TABLE
  .quad identity_pd + 0x1000 + TABLE
  .quad identity_pd + 0x2000 + TABLE
  .quad identity_pd + 0x3000 + TABLE
  .skip 4096 - 32
label identity_pd
  .set address, 0
  .rept 2048
  .quad address + (TABLE | PAGE_LARGE)
  .set address, address + 0x200000
  .endr
