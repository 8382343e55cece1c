// Asks the keyboard controller to reset the machine.
#include "guest.h"

#define COMMAND_PORT 0x64
#define PULSE_RESET 0xfe

.text
  begin
  say "reset: now\n"
  mov $PULSE_RESET, %al
label reset_site
  out %al, $COMMAND_PORT
label after_reset
  hlt
  jmp after_reset
