// Writes over a function's first instruction between two calls of it.
#include "guest.h"

.text
  begin
  say "selfmodify: before "
  call patched
  mov %rax, %rdi
  call print_hex
  mov replacement(%rip), %rax
label patch_site
  mov %rax, patched(%rip)
label patch_done
  say ", after "
  call patched
  mov %rax, %rdi
  call print_hex
  say "\n"
  finish 0

// Each is eight bytes long, so that one store replaces it whole.
.balign 8
function patched
  mov $1, %eax
  ret
.balign 8
label replacement
  xor %eax, %eax
  mov $2, %al
  ret
.balign 8
