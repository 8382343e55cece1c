// The MMU with pages of 16 KiB.
#define GRANULE_SHIFT 14
#include "mmu.h"
