#pragma once

#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "src/video/media/ffmpeg_tools.h"
#include "src/video/media/frame_writer.h"

namespace peel::video {

// ffmpeg's encoders for a codec, the best first.
std::vector<std::string> EncodersOf(VideoCodec codec);

// What this ffmpeg was built with of what Peel asks for.
struct FfmpegAbilities {
  // Each codec with the encoder that writes it; "": there is none.
  std::vector<std::pair<VideoCodec, std::string>> encoders;
  bool reads_vpx_alpha = false;  // transparency of VP8 and VP9
  bool maps_tones = false;       // HDR to BT.709
};
Result<FfmpegAbilities> AskAbilities(const FfmpegTools& tools);

}  // namespace peel::video
