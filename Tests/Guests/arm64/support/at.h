// Translates addresses of its tables by the CPU's own AT instructions, and leaves in memory for each address: the
// address, then PAR_EL1 of AT S1E1R, S1E1W, S1E0R and S1E0W.
#include "tables.h"

.text
  begin
  bl enable_mmu
  adr x19, addresses
  adr x20, addresses_end
  adr x21, at_results
1:
  ldr x0, [x19], #8
  str x0, [x21], #8
  .irp stage, s1e1r, s1e1w, s1e0r, s1e0w
  at \stage, x0
  isb
  mrs x1, par_el1
  str x1, [x21], #8
  .endr
  cmp x19, x20
  b.ne 1b
  adr x0, addresses
  sub x19, x20, x0
  lsr x19, x19, #3
  str x19, [x21, #at_count - at_results_end]
  say "at: translated "
  say_value x19
  say "\n"
label at_done
  finish

.section .rodata
.balign 8
addresses:
  .quad _start, UART, RAM, RAM + 0x1fff123
  .quad (RAM_INDEX + 1) << BLOCK_SHIFT, (1 << ADDRESS_BITS) - 1, 1 << ADDRESS_BITS, 1 << 55
  .quad BY_PAGE(_start), BY_PAGE(RAM), BY_PAGE(RAM + 0xfffff), BY_BLOCK(_start), BY_READ_ONLY_TABLE(_start)
  .set sample, 0
  .rept SAMPLE_COUNT
  .quad SAMPLE(sample) + 0x123
  .quad SAMPLE(sample) + (2 << BLOCK_SHIFT)
  .set sample, sample + 1
  .endr
  .quad HIGH_HALF - 1, HIGH_HALF + (3 << BLOCK_SHIFT), 0xffffffffffffffff
addresses_end:

.data
.balign 8
label at_results
  .skip 5 * (addresses_end - addresses)
at_results_end:
label at_count
  .quad 0
