// The AT instructions over tables with pages of 64 KiB.
#define GRANULE_SHIFT 16
#include "at.h"
