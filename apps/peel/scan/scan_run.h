#pragma once

#include "apps/peel/scan/scan_arguments.h"

namespace peel {

// Runs `peel scan`; returns the exit code.
int RunScanCommand(const ScanArguments& a);

}  // namespace peel
