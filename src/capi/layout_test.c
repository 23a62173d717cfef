/* The header is C, and its structs lie there as they do in C++. */
#include "src/capi/layout.h"

/* Called by additions_test.cc. */
int peel_numeric_version_in_c(void);
int peel_numeric_version_in_c(void) { return PEEL_NUMERIC_VERSION; }
