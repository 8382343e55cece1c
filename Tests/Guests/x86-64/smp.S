// Starts the other CPUs through the local APIC; each CPU then counts in its own place, forever.
#include "guest.h"

#define LOW_PAGE 0x70000
#define LOW_SEGMENT (LOW_PAGE >> 4)
#define APIC 0xfee00000
#define APIC_SPURIOUS (APIC + 0xf0)
#define APIC_COMMAND (APIC + 0x300)
// To all but itself, level asserted
#define INIT 0xc4500
#define STARTUP (0xc4600 | (LOW_PAGE >> 12))
#define MAXIMUM_CPUS 64

.macro apic register, value
  mov $\register, %edi
  movl $\value, (%rdi)
.endm

.text
  begin
  call load_identity_map
  call load_descriptors
  mov $low_load, %esi
  mov $LOW_PAGE, %edi
  mov $4096 / 8, %ecx
1:
  mov (%rsi), %rax
  mov %rax, (%rdi)
  add $8, %rsi
  add $8, %rdi
  dec %ecx
  jnz 1b
  say "smp: starting\n"
  apic APIC_SPURIOUS, 0x1ff
  apic APIC_COMMAND, INIT
  mov $30000000, %ebx
  call wait
  apic APIC_COMMAND, STARTUP
  mov $1000000, %ebx
  call wait
  apic APIC_COMMAND, STARTUP
  mov $1000000000, %ebx
  call wait
  say "smp: processors "
  mov cpu_count(%rip), %edi
  call print_hex
  say "\n"
  lea counters(%rip), %rbx
label boot_cpu_loop
  incq (%rbx)
  jmp boot_cpu_loop

// Waits for EBX cycles of the time-stamp counter. Changes RAX, RCX, RDX.
function wait
  rdtsc
  mov %eax, %ecx
1:
  rdtsc
  sub %ecx, %eax
  cmp %ebx, %eax
  jb 1b
  ret

// An application processor in long mode: it takes the next number and counts.
label application_cpu
  mov $1, %eax
  lock xadd %eax, cpu_count(%rip)
  cmp $MAXIMUM_CPUS, %eax
  jae 1f
  lea counters(%rip), %rbx
  lea (%rbx, %rax, 8), %rbx
label application_cpu_loop
  incq (%rbx)
  jmp application_cpu_loop
1:
  hlt
  jmp 1b

.data
.balign 8
label cpu_count
  .long 1
.balign 8
label counters
  .skip MAXIMUM_CPUS * 8

// Where the startup interrupt sends a processor: real mode, CS = LOW_SEGMENT.
.section .low, "awx"
.code16
label application_cpu_real
  cli
  mov $LOW_SEGMENT, %ax
  mov %ax, %ds
  lgdtl low_gdt_pointer - LOW_PAGE
  mov %cr0, %eax
  or $CR0_PE, %eax
  mov %eax, %cr0
  ljmpl $CODE32, $application_cpu_protected

.code32
label application_cpu_protected
  mov $DATA, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov %cr4, %eax
  or $CR4_PAE, %eax
  mov %eax, %cr4
  mov $identity_pml4, %eax
  mov %eax, %cr3
  mov $MSR_EFER, %ecx
  rdmsr
  or $EFER_LME, %eax
  wrmsr
  mov %cr0, %eax
  or $CR0_PG, %eax
  mov %eax, %cr0
  ljmp $CODE64, $application_cpu

.balign 8
low_gdt_pointer:
  .word TSS - 1
  .long gdt
