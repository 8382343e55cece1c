// The GICv3 of the `virt` board, for the CPU that boots (Arm IHI 0069, chapter 12).
#include "guest.h"

#define DISTRIBUTOR 0x08000000
#define REDISTRIBUTOR 0x080a0000
// The frame of the interrupts that are the CPU's own; its registers stand as in the distributor.
#define OWN_INTERRUPTS (REDISTRIBUTOR + 0x10000)

#define GICD_CTLR 0x000
#define GICR_WAKER 0x014
#define IGROUPR 0x080
#define ISENABLER 0x100
#define IPRIORITYR 0x400
#define GICD_IROUTER 0x6000

// Affinity routing, and group 1 enabled
#define CTLR_VALUE 0x12
#define WAKER_PROCESSOR_SLEEP (1 << 1)
#define WAKER_CHILDREN_ASLEEP_BIT 2
#define PRIORITY 0x80

.text
// Turns the interrupt controller on, all interrupts disabled. Changes X0 and X1.
function start_gic
  ldr x1, =DISTRIBUTOR
  mov w0, #CTLR_VALUE
  str w0, [x1, #GICD_CTLR]
  ldr x1, =REDISTRIBUTOR
  ldr w0, [x1, #GICR_WAKER]
  bic w0, w0, #WAKER_PROCESSOR_SLEEP
  str w0, [x1, #GICR_WAKER]
1:
  ldr w0, [x1, #GICR_WAKER]
  tbnz w0, #WAKER_CHILDREN_ASLEEP_BIT, 1b
  mrs x0, icc_sre_el1
  orr x0, x0, #1
  msr icc_sre_el1, x0
  isb
  mov x0, #0xff
  msr icc_pmr_el1, x0
  mov x0, #1
  msr icc_igrpen1_el1, x0
  isb
  ret

// Lets through the interrupt with the number W0; a shared one comes to the CPU with affinity 0. Changes X1 to X4.
function enable_interrupt
  ldr x1, =DISTRIBUTOR
  cmp w0, #32
  b.hs 1f
  ldr x1, =OWN_INTERRUPTS
1:
  // A bit for each interrupt in words of 32
  lsr w2, w0, #5
  add x2, x1, x2, lsl #2
  mov w3, #1
  lsl w3, w3, w0
  ldr w4, [x2, #IGROUPR]
  orr w4, w4, w3
  str w4, [x2, #IGROUPR]
  // A byte for each interrupt
  add x4, x1, #IPRIORITYR
  add x4, x4, x0
  mov w1, #PRIORITY
  strb w1, [x4]
  cmp w0, #32
  b.lo 2f
  ldr x4, =DISTRIBUTOR + GICD_IROUTER
  add x4, x4, x0, lsl #3
  str xzr, [x4]
2:
  str w3, [x2, #ISENABLER]
  ret
