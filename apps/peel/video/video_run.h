#pragma once

#include <optional>
#include <string>

#include "apps/peel/cut/cut_run.h"

namespace peel {

// The command line of `video` as typed. What it has in common with `cut` (inputs, places of
// results, model, run) is in `cut`; of the rest VideoPlan makes sense.
struct VideoArguments {
  CutArguments cut{};
  std::string codec, background, steady = "auto", from, to, fps, audio = "keep";
  std::string frames;          // which are taken out
  std::optional<int> quality;  // the codec's own scale
  int max_size = 0;
  bool mask = false, side_by_side = false, tone_map = false, info = false;
  // The options given that go with neither --info nor --frames.
  std::string not_with_info, not_with_frames;
};

// Does what `video` says and returns the program's exit code.
int RunVideo(const VideoArguments& arguments);

}  // namespace peel
