// Switches the machine off through ACPI.
#include "guest.h"

// PM1a control, with the sleep type of \_S5 and SLP_EN
#define PM1A_CONTROL 0x604
#define SOFT_OFF 0x3400

.text
  begin
  say "poweroff: now\n"
  mov $PM1A_CONTROL, %dx
  mov $SOFT_OFF, %ax
label poweroff_site
  out %ax, %dx
label after_poweroff
  hlt
  jmp after_poweroff
