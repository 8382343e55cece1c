// Page tables by the granule of 2^GRANULE_SHIFT bytes. Both halves have 36 bits: TTBR0 maps the devices and RAM to
// themselves by one block each, TTBR1 maps RAM to HIGH_HALF in several ways.
#include "guest.h"

#define HIGH_HALF 0xfffffff000000000
#define ADDRESS_BITS 36
#define TABLE_SIZE (1 << GRANULE_SHIFT)
#define DEVICES 0x08000000
// How many pages map the image, from the start of RAM on
#define PAGE_COUNT (0x100000 >> GRANULE_SHIFT)

// BLOCK_SHIFT is what an entry of a root table covers.
#if GRANULE_SHIFT == 12
#define BLOCK_SHIFT 30
#define GRANULES (TCR_TG0(0) | TCR_TG1(2))
#elif GRANULE_SHIFT == 14
#define BLOCK_SHIFT 25
#define GRANULES (TCR_TG0(2) | TCR_TG1(1))
#elif GRANULE_SHIFT == 16
#define BLOCK_SHIFT 29
#define GRANULES (TCR_TG0(1) | TCR_TG1(3))
#endif

#define DEVICES_INDEX (DEVICES >> BLOCK_SHIFT)
#define RAM_INDEX (RAM >> BLOCK_SHIFT)

// Where the high half has what is at a physical address: by pages, by a block of the root table, and by pages again
// below a root entry that makes all of them read-only.
#define BY_PAGE(physical) (HIGH_HALF - RAM + (physical))
#define BY_BLOCK(physical) (BY_PAGE(physical) + (1 << BLOCK_SHIFT))
#define BY_READ_ONLY_TABLE(physical) (BY_PAGE(physical) + (2 << BLOCK_SHIFT))
// Where `sample_pages` map the memory behind the image's pages, each in its own way.
#define SAMPLE(index) BY_PAGE(RAM + ((PAGE_COUNT + (index)) << GRANULE_SHIFT))
#define SAMPLE_COUNT 8

.text
// Turns the MMU on with these tables; ends the machine where the CPU lacks the granule. Changes X0.
function enable_mmu
  mrs x0, id_aa64mmfr0_el1
#if GRANULE_SHIFT == 14
  tst x0, #0xf << 20
  b.eq granule_missing
#elif GRANULE_SHIFT == 12
  tbnz x0, #31, granule_missing
#else
  tbnz x0, #27, granule_missing
#endif
  ldr x0, =MAIR
  msr mair_el1, x0
  ldr x0, =TCR_T0SZ(ADDRESS_BITS) | TCR_T1SZ(ADDRESS_BITS) | TCR_WALKS0 | TCR_WALKS1 | GRANULES
  msr tcr_el1, x0
  ldr x0, =low_root
  msr ttbr0_el1, x0
  ldr x0, =high_root
  msr ttbr1_el1, x0
  dsb sy
  tlbi vmalle1
  dsb sy
  isb
  mrs x0, sctlr_el1
  orr x0, x0, #SCTLR_M
label before_mmu
  msr sctlr_el1, x0
  isb
label after_mmu
  ret

granule_missing:
  say "this CPU lacks the granule\n"
  finish

.data
.balign TABLE_SIZE
label low_root
  .skip 8 * DEVICES_INDEX
  .quad (DEVICES_INDEX << BLOCK_SHIFT) + (DEVICE | BLOCK)
  .skip 8 * (RAM_INDEX - DEVICES_INDEX - 1)
  .quad RAM + (MEMORY | BLOCK)
  .skip TABLE_SIZE - 8 * (RAM_INDEX + 1)

label high_root
  .quad high_table + TABLE
  .quad RAM + (MEMORY | BLOCK)
  .quad high_table + (TABLE | TABLE_READ_ONLY)
  .skip TABLE_SIZE - 8 * 3

#if GRANULE_SHIFT == 12
label high_table
  .quad high_pages + TABLE
  .quad RAM + (MEMORY | BLOCK) // 2 MiB
  .skip TABLE_SIZE - 8 * 2
label high_pages
#else
label high_table
#endif
  .set address, RAM
  .rept PAGE_COUNT
  .quad address + (MEMORY | PAGE)
  .set address, address + TABLE_SIZE
  .endr
label sample_pages
  .quad address + (MEMORY | PAGE | READ_ONLY)
  .quad address + (MEMORY | PAGE | EL0_ACCESS)
  .quad address + (MEMORY | PAGE | EL0_ACCESS | READ_ONLY)
  .quad address + ((MEMORY & ~ACCESSED) | PAGE)
  .quad address + (DEVICE | PAGE)
  .quad address + (MEMORY | PAGE | NEVER_EXECUTE)
  .quad address + (MEMORY | PAGE | NOT_GLOBAL)
  .quad 0
  .skip TABLE_SIZE - 8 * (PAGE_COUNT + SAMPLE_COUNT)
