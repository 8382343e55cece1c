// The AT instructions over tables with pages of 4 KiB.
#define GRANULE_SHIFT 12
#include "at.h"
