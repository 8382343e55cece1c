// Tables of the guest's own that map the devices and RAM to themselves, by blocks of 1 GiB, and nothing from 3 GiB on.
#include "guest.h"

.text
// Turns the MMU on with these tables. Changes X0.
function enable_identity_map
  ldr x0, =MAIR
  msr mair_el1, x0
  ldr x0, =TCR_T0SZ(32) | TCR_WALKS0 | TCR_EPD1
  msr tcr_el1, x0
  adr x0, identity_root
  msr ttbr0_el1, x0
  dsb sy
  tlbi vmalle1
  dsb sy
  isb
  mrs x0, sctlr_el1
  orr x0, x0, #SCTLR_M
  msr sctlr_el1, x0
  isb
  ret

.data
.balign 32
label identity_root
  .quad 0 + (DEVICE | BLOCK)
  .quad RAM + (MEMORY | BLOCK)
  .quad 2 * RAM + (MEMORY | BLOCK)
  .quad 0
