#pragma once

#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/video/media/ffmpeg_tools.h"
#include "src/video/media/frame_reader.h"

namespace peel::video {

// How a film is read: what its frames will be, and ffmpeg's arguments for that.
struct ReadPlan {
  FrameFormat format;
  bool needs_vpx = false;       // alpha that libvpx's decoder alone gives
  bool needs_tone_map = false;  // the filters zscale and tonemap
  std::vector<std::string> arguments;
};

// Without a look at the file. kUnsupported, kInvalidArgument, kLimit as FrameReader::Open says.
Result<ReadPlan> PlanRead(const MediaInfo& info, const ReadOptions& options,
                          const FfmpegTools& tools);

// pts of one time base in another's units, to the nearest. kCorrupt where it is too large.
Result<int64_t> Rescale(int64_t pts, const Rational& from, const Rational& to);

}  // namespace peel::video
