// Switches the machine off by PSCI.
#include "guest.h"

.text
  begin
  say "poweroff: now\n"
  ldr w0, =PSCI_SYSTEM_OFF
label poweroff_site
  hvc #0
label after_poweroff
  wfi
  b after_poweroff
