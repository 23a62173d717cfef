#include "src/video/media/ffmpeg_abilities.h"

namespace peel::video {

std::vector<std::string> EncodersOf(VideoCodec codec) {
  switch (codec) {
    case VideoCodec::kVp9:
      return {"libvpx-vp9"};
    case VideoCodec::kProres:
      return {"prores_ks"};
    case VideoCodec::kH264:
      return {"libx264"};
    case VideoCodec::kHevc:
      return {"libx265"};
    case VideoCodec::kAv1:
      return {"libsvtav1", "libaom-av1"};
    case VideoCodec::kGif:
      return {"gif"};
    case VideoCodec::kWebp:
      return {"libwebp_anim"};
    case VideoCodec::kPng:
      return {"png"};
    case VideoCodec::kQtrle:
      return {"qtrle"};
    case VideoCodec::kFfv1:
      return {"ffv1"};
  }
  return {};
}

Result<FfmpegAbilities> AskAbilities(const FfmpegTools& tools) {
  PEEL_ASSIGN_OR_RETURN(const auto encoders, ListFfmpeg(tools, "encoders"));
  PEEL_ASSIGN_OR_RETURN(const auto decoders, ListFfmpeg(tools, "decoders"));
  PEEL_ASSIGN_OR_RETURN(const auto filters, ListFfmpeg(tools, "filters"));
  FfmpegAbilities abilities;
  for (const VideoCodec codec :
       {VideoCodec::kVp9, VideoCodec::kProres, VideoCodec::kH264, VideoCodec::kHevc,
        VideoCodec::kAv1, VideoCodec::kGif, VideoCodec::kWebp, VideoCodec::kPng, VideoCodec::kQtrle,
        VideoCodec::kFfv1}) {
    std::string found;
    for (const std::string& encoder : EncodersOf(codec)) {
      if (found.empty() && encoders->contains(encoder)) found = encoder;
    }
    abilities.encoders.emplace_back(codec, std::move(found));
  }
  abilities.reads_vpx_alpha = decoders->contains("libvpx") && decoders->contains("libvpx-vp9");
  abilities.maps_tones = filters->contains("zscale") && filters->contains("tonemap");
  return abilities;
}

}  // namespace peel::video
