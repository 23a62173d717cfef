#pragma once

#include "apps/peel/cut/cut_run.h"

namespace peel {

// The command line of `stream`: that of `cut` without what belongs to files and folders.
struct StreamArguments {
  CutArguments cut;
  int width = 0, height = 0;  // of raw RGB frames; 0: pictures in files
};

// Does it and returns the program's exit code.
int RunStream(const StreamArguments& arguments);

}  // namespace peel
