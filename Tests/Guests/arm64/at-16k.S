// The AT instructions over tables with pages of 16 KiB.
#define GRANULE_SHIFT 14
#include "at.h"
