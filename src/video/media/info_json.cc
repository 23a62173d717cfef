#include <nlohmann/json.hpp>
#include <string>

#include "src/video/media/media_info.h"

namespace peel::video {
namespace {

using Json = nlohmann::ordered_json;

Json TextOrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

template <typename T>
Json ValueOrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json PositiveOrNull(int64_t value) { return value > 0 ? Json(value) : Json(); }

std::string RatioText(const Rational& ratio, char between) {
  return std::to_string(ratio.num) + between + std::to_string(ratio.den);
}

const char* HdrName(HdrKind kind) {
  switch (kind) {
    case HdrKind::kNone:
      return "";
    case HdrKind::kHdr10:
      return "hdr10";
    case HdrKind::kHdr10Plus:
      return "hdr10+";
    case HdrKind::kHlg:
      return "hlg";
    case HdrKind::kDolbyVision:
      return "dolby-vision";
  }
  return "";
}

Json VideoJson(const VideoStream& video) {
  return {{"index", video.index},
          {"codec", TextOrNull(video.codec)},
          {"profile", TextOrNull(video.profile)},
          {"pixel_format", TextOrNull(video.pixel_format)},
          {"width", video.width},
          {"height", video.height},
          {"shown_width", video.shown_width},
          {"shown_height", video.shown_height},
          {"sample_aspect", RatioText(video.sample_aspect, ':')},
          {"rotation", video.rotation},
          {"mirrored", video.mirrored},
          {"time_base", RatioText(video.time_base, '/')},
          {"rate", video.rate.num > 0 ? Json(RatioText(video.rate, '/')) : Json()},
          {"frames_per_second", video.rate.num > 0 ? Json(video.rate.value()) : Json()},
          {"variable_rate", video.variable_rate},
          {"frames", ValueOrNull(video.frames)},
          {"duration", ValueOrNull(video.duration)},
          {"bit_rate", PositiveOrNull(video.bit_rate)},
          {"alpha", video.alpha},
          {"depth", video.depth},
          {"colour_range", TextOrNull(video.colour.range)},
          {"colour_matrix", TextOrNull(video.colour.matrix)},
          {"colour_primaries", TextOrNull(video.colour.primaries)},
          {"colour_transfer", TextOrNull(video.colour.transfer)},
          {"hdr", TextOrNull(HdrName(video.hdr))},
          {"interlaced", video.interlaced}};
}

}  // namespace

std::string InfoJson(const MediaInfo& info) {
  Json doc = {{"path", info.path},
              {"container", info.container},
              {"bytes", info.bytes},
              {"duration", ValueOrNull(info.duration)},
              {"start", ValueOrNull(info.start)},
              {"bit_rate", PositiveOrNull(info.bit_rate)},
              {"created", TextOrNull(info.created)},
              {"make", TextOrNull(info.make)},
              {"model", TextOrNull(info.model)},
              {"title", TextOrNull(info.title)},
              {"place", Json()},
              {"video", info.video ? VideoJson(*info.video) : Json()},
              {"audio", Json::array()},
              {"subtitles", info.subtitles},
              {"other_streams", info.other}};
  if (info.place) {
    doc["place"] = {{"latitude", info.place->latitude},
                    {"longitude", info.place->longitude},
                    {"altitude", ValueOrNull(info.place->altitude)}};
  }
  for (const AudioStream& audio : info.audio) {
    doc["audio"].push_back({{"index", audio.index},
                            {"codec", TextOrNull(audio.codec)},
                            {"language", TextOrNull(audio.language)},
                            {"sample_rate", PositiveOrNull(audio.sample_rate)},
                            {"channels", PositiveOrNull(audio.channels)},
                            {"channel_layout", TextOrNull(audio.channel_layout)},
                            {"bit_rate", PositiveOrNull(audio.bit_rate)}});
  }
  return doc.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace peel::video
