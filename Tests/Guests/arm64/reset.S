// Resets the machine by PSCI.
#include "guest.h"

.text
  begin
  say "reset: now\n"
  ldr w0, =PSCI_SYSTEM_RESET
label reset_site
  hvc #0
label after_reset
  wfi
  b after_reset
