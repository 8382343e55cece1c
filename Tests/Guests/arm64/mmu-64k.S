// The MMU with pages of 64 KiB.
#define GRANULE_SHIFT 16
#include "mmu.h"
