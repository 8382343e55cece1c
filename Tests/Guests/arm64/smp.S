// Turns the other CPUs on by PSCI; each CPU then counts in its own place, until a debugger sets `proceed`.
#include "guest.h"

#define MAXIMUM_CPUS 8

.text
  begin
  say "smp: starting\n"
  adr x20, counters
  mov x19, #1
1:
  // CPU n has affinity n, and gets n as its context.
  ldr w0, =PSCI_CPU_ON
  mov x1, x19
  adr x2, secondary_cpu
  mov x3, x19
  hvc #0
  cbnz x0, 3f
  // It is there when it has counted.
2:
  ldr x0, [x20, x19, lsl #3]
  cbz x0, 2b
  add x19, x19, #1
  cmp x19, #MAXIMUM_CPUS
  b.lo 1b
3:
  adr x0, cpu_count
  str x19, [x0]
  say "smp: processors "
  say_value x19
  say "\n"
  adr x21, proceed
label boot_cpu_loop
  ldr x0, [x20]
  add x0, x0, #1
  str x0, [x20]
  ldr x0, [x21]
  cbz x0, boot_cpu_loop
  finish

// Where PSCI enters the other CPUs, with their number in X0.
label secondary_cpu
  adr x1, counters
  add x1, x1, x0, lsl #3
label secondary_cpu_loop
  ldr x2, [x1]
  add x2, x2, #1
  str x2, [x1]
  b secondary_cpu_loop

.data
.balign 8
label proceed
  .quad 0
label cpu_count
  .quad 1
label counters
  .skip MAXIMUM_CPUS * 8
