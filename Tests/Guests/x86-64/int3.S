// Has a breakpoint instruction of its own, and a handler for it.
#include "guest.h"

.text
  begin
  call load_descriptors
  mov $3, %edi
  lea breakpoint_handler(%rip), %rsi
  xor %edx, %edx
  call set_gate
  say "int3: next\n"
label int3_site
  int3
label after_int3
  say "int3: returned\n"
  finish 0

function breakpoint_handler
  say "int3: handled, return address "
  mov (%rsp), %rdi
  call print_hex
  say "\n"
  iretq
