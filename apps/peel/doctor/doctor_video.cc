#include "apps/peel/doctor/doctor_video.h"

#include <string>

#include "apps/peel/output.h"
#include "src/video/media/ffmpeg_abilities.h"
#include "src/video/media/write_plan.h"

namespace peel {
namespace {

using Json = nlohmann::ordered_json;

Json Missing(const Status& status) { return {{"found", false}, {"reason", status.message()}}; }

}  // namespace

Json VideoToolsJson() {
  const auto tools = video::FindFfmpeg();
  if (!tools.ok()) return Missing(tools.status());
  const auto abilities = video::AskAbilities(**tools);
  if (!abilities.ok()) return Missing(abilities.status());
  Json doc = {{"found", true},
              {"version", (*tools)->version},
              {"ffmpeg", (*tools)->ffmpeg},
              {"ffprobe", (*tools)->ffprobe},
              {"encoders", Json::object()},
              {"reads_vpx_alpha", abilities->reads_vpx_alpha},
              {"tone_mapping", abilities->maps_tones}};
  for (const auto& [codec, encoder] : abilities->encoders) {
    doc["encoders"][video::CodecName(codec)] = encoder.empty() ? Json() : Json(encoder);
  }
  return doc;
}

void PrintVideoTools(const Json& video) {
  Print("\nFilms\n");
  if (!video["found"].get<bool>()) {
    Print("  ffmpeg       no: {}\n", video["reason"].get<std::string>());
    return;
  }
  Print("  ffmpeg       {} ({})\n", video["version"].get<std::string>(),
        video["ffmpeg"].get<std::string>());
  std::string writes, lacks;
  for (const auto& [codec, encoder] : video["encoders"].items()) {
    std::string& list = encoder.is_null() ? lacks : writes;
    list += (list.empty() ? "" : ", ") + codec;
  }
  Print("  writes       {}\n", writes);
  if (!lacks.empty()) Print("  lacks        {}\n", lacks);
  if (!video["reads_vpx_alpha"].get<bool>()) {
    Print("  lacks        libvpx, which transparent VP8 and VP9 are read with\n");
  }
  if (!video["tone_mapping"].get<bool>()) {
    Print("  lacks        zscale, which HDR is tone-mapped with\n");
  }
}

}  // namespace peel
