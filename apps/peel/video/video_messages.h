#pragma once

#include "apps/peel/console.h"
#include "apps/peel/video/video_run.h"
#include "src/pipeline/folder/batch.h"
#include "src/pipeline/folder/inputs.h"

namespace peel {

// What became of a film, on standard error: warnings, errors, and with -v everything.
void TellFilm(Console& console, const FileReport& report, const VideoArguments& arguments);

// --info: a JSON object for each film, in the order given, on standard output. Returns the
// program's exit code.
int PrintInfos(const InputList& list, Console& console);

}  // namespace peel
