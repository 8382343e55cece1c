// Turns the MMU on and goes on in the high half; reads a word there by a page and by a block.
#include "tables.h"

.text
  begin
  say "mmu: off\n"
  bl enable_mmu
  say "mmu: on\n"
  ldr x0, =BY_PAGE(high_entry)
  br x0

// Runs in the high half; the stack and all data but the UART are reached there too.
label high_entry
  ldr x0, =BY_PAGE(stack_top)
  mov sp, x0
  adr x19, high_entry
  say "mmu: at "
  say_value x19
  say "\n"

  // The same word through a block.
  adr x0, marker
  ldr w1, =0x600df00d
  str w1, [x0]
  ldr x19, =BY_BLOCK(marker)
  ldr w19, [x19]
  say "mmu: through a block "
  say_value x19
  say "\n"
label high_done
  finish

.globl high_half, block_address, read_only_address, sample_address, unmapped_address
.set high_half, HIGH_HALF
.set block_address, BY_BLOCK(RAM)
.set read_only_address, BY_READ_ONLY_TABLE(RAM)
.set sample_address, SAMPLE(0)
.set unmapped_address, SAMPLE(SAMPLE_COUNT - 1)

.data
.balign 8
label marker
  .quad 0
