// What every guest uses. A guest is entered by Linux's arm64 boot protocol: EL1h, MMU and caches off, interrupts masked,
// the address of the device tree in X0. It brings its own stack and vectors, and knows the `virt` board's addresses.

#define RAM 0x40000000

// PL011 (Arm DDI 0183, section 3.2), SPI 1.
#define UART 0x09000000
#define UART_DR 0x000
#define UART_FR 0x018
#define UART_LCR_H 0x02c
#define UART_CR 0x030
#define UART_IMSC 0x038
#define UART_ICR 0x044
#define UART_PERIPH_ID0 0xfe0
#define UART_INTERRUPT 33
#define FR_RXFE_BIT 4
#define FR_TXFF_BIT 5

// PSCI (Arm DEN 0022), called by HVC.
#define PSCI_CPU_ON 0xc4000003
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009

#define SPSR_EL0T_MASKED 0x3c0

#define SCTLR_M (1 << 0)
#define SCTLR_A (1 << 1)

// Stage 1 descriptors (Arm ARM, section D8.3).
#define BLOCK (1 << 0)
#define TABLE (3 << 0)
#define PAGE (3 << 0)
#define ATTRIBUTES(index) ((index) << 2)
#define EL0_ACCESS (1 << 6)
#define READ_ONLY (1 << 7)
#define INNER_SHAREABLE (3 << 8)
#define ACCESSED (1 << 10)
#define NOT_GLOBAL (1 << 11)
#define NEVER_EXECUTE (3 << 53)
#define TABLE_READ_ONLY (1 << 62)
// MAIR_EL1: attributes 0 are write-back memory, attributes 1 Device-nGnRE.
#define MAIR 0x04ff
#define MEMORY (ACCESSED | INNER_SHAREABLE | ATTRIBUTES(0))
#define DEVICE (ACCESSED | ATTRIBUTES(1) | NEVER_EXECUTE)

// TCR_EL1: table walks are cacheable and inner-shareable.
#define TCR_T0SZ(bits) (64 - (bits))
#define TCR_T1SZ(bits) ((64 - (bits)) << 16)
#define TCR_WALKS0 (0x35 << 8)
#define TCR_WALKS1 (0x35 << 24)
#define TCR_EPD1 (1 << 23)
#define TCR_TG0(granule) ((granule) << 14)
#define TCR_TG1(granule) ((granule) << 30)

// A global label, so that a debugger knows it.
.macro label name
  .globl \name
\name:
.endm

.macro function name
  .globl \name
  .type \name, @function
\name:
.endm

.macro begin
  function _start
  adr x1, stack_top
  mov sp, x1
  adr x1, vectors
  msr vbar_el1, x1
  isb
.endm

// Prints a literal string. Changes X0 to X4.
.macro say text
  .pushsection .rodata
.Lsay\@:
  .asciz "\text"
  .popsection
  adr x0, .Lsay\@
  bl print
.endm

// Prints a register's value. Changes X0 to X4.
.macro say_value register
  mov x0, \register
  bl print_hex
.endm

// What a handler keeps for the code that it interrupted: all that the support functions change.
.macro save_registers
  stp x0, x1, [sp, #-48]!
  stp x2, x3, [sp, #16]
  stp x4, x30, [sp, #32]
.endm

.macro restore_registers
  ldp x4, x30, [sp, #32]
  ldp x2, x3, [sp, #16]
  ldp x0, x1, [sp], #48
.endm

// Goes on at EL0 with interrupts masked, on a stack of its own.
.macro drop_to_el0 entry
  mov x0, #SPSR_EL0T_MASKED
  msr spsr_el1, x0
  adr x0, \entry
  msr elr_el1, x0
  adr x0, el0_stack_top
  msr sp_el0, x0
label enter_el0
  eret
.endm

// Switches the machine off.
.macro finish
  ldr w0, =PSCI_SYSTEM_OFF
  hvc #0
.Lstop\@:
  wfi
  b .Lstop\@
.endm
