// The MMU with pages of 4 KiB.
#define GRANULE_SHIFT 12
#include "mmu.h"
