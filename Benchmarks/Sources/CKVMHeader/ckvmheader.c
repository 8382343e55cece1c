#include "ckvmheader.h"
