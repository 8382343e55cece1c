// Faults with no IDT.
#include "guest.h"

.text
  begin
  say "triplefault: next\n"
  lidt empty_idt(%rip)
label fault_site
  ud2

.section .rodata
empty_idt:
  .word 0
  .quad 0
