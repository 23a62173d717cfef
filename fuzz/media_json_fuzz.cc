// ffprobe's description of a film, whose texts and numbers are the film's own, and what is planned
// by it: never a crash, and nothing told that cannot be.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "src/video/media/complaints.h"
#include "src/video/media/ffmpeg_tools.h"
#include "src/video/media/iso6709.h"
#include "src/video/media/media_json.h"
#include "src/video/media/pixel_format.h"
#include "src/video/media/read_plan.h"

namespace video = peel::video;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto place = video::ParseIso6709(text)) {
    if (!(std::abs(place->latitude) <= 90) || !(std::abs(place->longitude) <= 180)) std::abort();
  }
  video::Complaints complaints;
  complaints.Add(text);
  (void)complaints.Text(text.substr(0, size / 2));
  (void)video::ParsePixelFormat(text);
  (void)video::ParseListing(text);
  (void)video::ParseVersion(text);
  (void)video::HasHdr10Plus(text);
  const auto info = video::ParseMedia(text);
  if (!info.ok()) return 0;
  if (video::InfoJson(*info).empty()) std::abort();
  video::FfmpegTools tools;
  video::ReadOptions options;
  options.max_size = size % 2 == 0 ? 0 : 100;
  options.tone_map = size % 3 == 0;
  const auto plan = video::PlanRead(*info, options, tools);
  if (!plan.ok()) {
    if (plan.status().message().empty()) std::abort();
    return 0;
  }
  if (plan->format.width < 1 || plan->format.width > video::Frame::kMaxSide ||
      plan->format.height < 1 || plan->format.height > video::Frame::kMaxSide ||
      plan->format.time_base.den < 1) {
    std::abort();
  }
  return 0;
}
