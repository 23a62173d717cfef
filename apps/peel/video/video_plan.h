#pragma once

#include <optional>
#include <string>

#include "apps/peel/console.h"
#include "apps/peel/video/video_run.h"
#include "src/base/status.h"
#include "src/codec/sniff.h"
#include "src/pipeline/folder/inputs.h"
#include "src/pipeline/folder/outputs.h"
#include "src/pipeline/model/model_options.h"
#include "src/video/frame_choice.h"
#include "src/video/video_options.h"

namespace peel {

// The options of the library from those of the command line.
struct VideoPlan {
  ModelOptions model;
  video::VideoOptions video;
  std::optional<video::FrameChoice> frames;  // to be taken out
  Format frame_format = Format::kPng;
  int frame_quality = 0;
  OutputOptions output;
  Shard shard;
  Console::Progress progress = Console::Progress::kAuto;
};

// kInvalidArgument and the like name the option.
Result<VideoPlan> MakeVideoPlan(const VideoArguments& arguments);

}  // namespace peel
