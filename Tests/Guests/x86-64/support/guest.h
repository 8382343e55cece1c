// What every guest uses. A guest is entered by Linux's 64-bit boot protocol: long mode, the first 4 GiB mapped to
// themselves, interrupts off, the address of boot_params in RSI. It brings its own stack.

#define COM1 0x3f8
#define COM1_IER 0x3f9
#define COM1_IIR 0x3fa
#define COM1_FCR 0x3fa
#define COM1_LCR 0x3fb
#define COM1_MCR 0x3fc
#define COM1_LSR 0x3fd

#define DEBUG_EXIT 0xf4

#define PIC1_COMMAND 0x20
#define PIC1_DATA 0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA 0xa1
#define PIC_END_OF_INTERRUPT 0x20
// Where support/interrupts.S puts the interrupt requests 0 to 15.
#define IRQ_VECTOR(line) (0x20 + (line))

// Selectors of the GDT in support/descriptors.S.
#define CODE64 0x08
#define DATA 0x10
#define CODE32 0x18
#define CODE16 0x20
#define DATA16 0x28
#define USER_DATA 0x30
#define USER_CODE64 0x38
#define TSS 0x40

#define CR0_PE (1 << 0)
#define CR0_PG (1 << 31)
#define CR4_PAE (1 << 5)
#define MSR_EFER 0xc0000080
#define EFER_LME (1 << 8)

#define PAGE_PRESENT 0x01
#define PAGE_WRITABLE 0x02
#define PAGE_USER 0x04
#define PAGE_LARGE 0x80

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
  cld
  mov $stack_top, %esp
.endm

// Prints a literal string.
.macro say text
  .pushsection .rodata
.Lsay\@:
  .asciz "\text"
  .popsection
  lea .Lsay\@(%rip), %rsi
  call print
.endm

// Ends the machine with the exit status (value << 1) | 1.
.macro finish value
  mov $\value, %eax
  out %eax, $DEBUG_EXIT
.Lstop\@:
  hlt
  jmp .Lstop\@
.endm
