#pragma once

#include "apps/peel/console.h"
#include "apps/peel/cut/cut_run.h"
#include "src/pipeline/folder/batch.h"

namespace peel {

// What became of a picture, on standard error: warnings, errors, and with -v everything; and a step
// of the progress bar, a file counting once.
void Tell(Console& console, const FileReport& report, const CutArguments& arguments);

}  // namespace peel
