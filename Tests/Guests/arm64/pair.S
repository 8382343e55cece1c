// Loads a pair of registers from a device: an access for which the CPU has no syndrome to perform it by.
#include "guest.h"

.text
  begin
  say "pair: next\n"
  mov x0, #UART
label pair_site
  ldp w1, w2, [x0, #UART_FR]
label after_pair
  say "pair: loaded\n"
  finish
