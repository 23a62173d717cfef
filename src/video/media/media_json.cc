#include "src/video/media/media_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "src/video/media/frame.h"
#include "src/video/media/iso6709.h"
#include "src/video/media/pixel_format.h"

namespace peel::video {
namespace {

using Json = nlohmann::json;

constexpr int kMostSide = 1 << 20;  // of what a file may claim

const Json* Member(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string Text(const Json& object, const char* key) {
  const Json* const value = Member(object, key);
  if (value == nullptr || !value->is_string()) return "";
  std::string text = value->get<std::string>();
  return text == "unknown" || text == "N/A" ? "" : text;
}

// A number, or a text that is one.
template <typename T>
std::optional<T> Number(const Json& object, const char* key) {
  const Json* const value = Member(object, key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) {
    const std::string& text = value->get_ref<const std::string&>();
    T number{};
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || rest != end) return std::nullopt;
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(number)) return std::nullopt;
    }
    return number;
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (value->is_number()) return value->get<T>();
  } else {
    if (value->is_number_unsigned()) {
      const auto number = value->get<uint64_t>();
      if (number <= static_cast<uint64_t>(std::numeric_limits<T>::max())) {
        return static_cast<T>(number);
      }
    } else if (value->is_number_integer()) {
      const auto number = value->get<int64_t>();
      if (std::in_range<T>(number)) return static_cast<T>(number);
    }
  }
  return std::nullopt;
}

int Bounded(const Json& object, const char* key, int most) {
  const auto number = Number<int64_t>(object, key);
  return number && *number > 0 && *number <= most ? static_cast<int>(*number) : 0;
}

// "30000/1001", "16:9"; 0 where it makes no sense.
Rational Ratio(const Json& object, const char* key, char between) {
  const std::string text = Text(object, key);
  const size_t at = text.find(between);
  if (at == std::string::npos) return {0, 1};
  Rational ratio{0, 0};
  const char* const middle = text.data() + at;
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data(), middle, ratio.num).ptr != middle ||
      std::from_chars(middle + 1, end, ratio.den).ptr != end) {
    return {0, 1};
  }
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  const bool good = ratio.num > 0 && ratio.den > 0 && ratio.num <= kMost && ratio.den <= kMost;
  return good ? ratio : Rational{0, 1};
}

// Tags are written in any case and with languages behind them ("location-eng").
std::string Tag(const Json& object, std::initializer_list<std::string_view> names) {
  const Json* const tags = Member(object, "tags");
  if (tags == nullptr || !tags->is_object()) return "";
  for (const std::string_view name : names) {
    for (const auto& [key, value] : tags->items()) {
      const bool same = std::equal(key.begin(), key.end(), name.begin(), name.end(),
                                   [](char a, char b) { return (a | 0x20) == (b | 0x20); });
      if (same && value.is_string() && !value.get_ref<const std::string&>().empty()) {
        return value.get<std::string>();
      }
    }
  }
  return "";
}

// "00:00:05.005000000", as Matroska's tag has it.
std::optional<double> ClockSeconds(std::string_view text) {
  double seconds = 0;
  for (int part = 0; part < 3; ++part) {
    const size_t end = part < 2 ? text.find(':') : text.size();
    if (end == std::string_view::npos) return std::nullopt;
    double value = 0;
    const auto [rest, error] =
        std::from_chars(text.data(), text.data() + end, value, std::chars_format::fixed);
    if (error != std::errc() || rest != text.data() + end || !(value >= 0) || value > 1e6) {
      return std::nullopt;
    }
    seconds = seconds * 60 + value;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return seconds;
}

std::optional<double> Seconds(const Json& object, const char* key) {
  const auto number = Number<double>(object, key);
  return number && std::abs(*number) < 1e9 ? number : std::nullopt;
}

void ReadMatrix(std::string_view text, VideoStream* video) {
  // Lines of "00000000:  0  65536  0": 16.16 for the first two numbers of the first two lines.
  double matrix[2][2] = {};
  for (auto& row : matrix) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return;
    text.remove_prefix(colon + 1);
    for (double& entry : row) {
      text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
      int64_t value = 0;
      const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc()) return;
      text.remove_prefix(static_cast<size_t>(rest - text.data()));
      entry = static_cast<double>(value) / 65536;
    }
  }
  const double determinant = matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0];
  if (determinant == 0) return;
  // A point (x, y) is shown at (x, y) * matrix: a turn, and with a negative determinant left for
  // right behind it. Undone, the first row is the turn's cosine and sine.
  video->mirrored = determinant < 0;
  const double cosine = video->mirrored ? -matrix[0][0] : matrix[0][0];
  const double turn = std::atan2(matrix[0][1], cosine) * 180 / std::numbers::pi;
  video->rotation = (static_cast<int>(std::lround(turn / 90)) * 90 + 360) % 360;
}

void ReadSideData(const Json& stream, VideoStream* video) {
  const Json* const list = Member(stream, "side_data_list");
  bool has_matrix = false;
  if (list != nullptr && list->is_array()) {
    for (const Json& data : *list) {
      const std::string kind = Text(data, "side_data_type");
      if (kind == "Display Matrix") {
        ReadMatrix(Text(data, "displaymatrix"), video);
        has_matrix = true;
      } else if (kind.starts_with("DOVI")) {
        video->hdr = HdrKind::kDolbyVision;
      }
    }
  }
  if (has_matrix) return;
  const std::string turned = Tag(stream, {"rotate"});
  int degrees = 0;
  std::from_chars(turned.data(), turned.data() + turned.size(), degrees);
  if (degrees % 90 == 0) video->rotation = (degrees % 360 + 360) % 360;
}

void ReadColour(const Json& stream, const PixelFormat& format, VideoStream* video) {
  ColourTags& colour = video->colour;
  colour.range = Text(stream, "color_range");
  if (colour.range.empty() && format.is_full_range) colour.range = "pc";
  colour.matrix = Text(stream, "color_space");
  colour.primaries = Text(stream, "color_primaries");
  colour.transfer = Text(stream, "color_transfer");
  for (std::string* tag : {&colour.range, &colour.matrix, &colour.primaries, &colour.transfer}) {
    if (*tag == "reserved") tag->clear();
  }
  if (video->hdr != HdrKind::kNone) return;
  if (colour.transfer == "smpte2084") video->hdr = HdrKind::kHdr10;
  if (colour.transfer == "arib-std-b67") video->hdr = HdrKind::kHlg;
}

// Upright, with square pixels: those that are wider than high are spread.
void SetShownSize(VideoStream* video) {
  const double aspect = video->sample_aspect.value();
  double width = video->width;
  const double height = video->height;
  // A ratio beyond that is a mistake of the file's.
  if (aspect >= 1.0 / 16 && aspect <= 16) {
    width = std::max(1.0, std::round(width * aspect));
  } else {
    video->sample_aspect = {1, 1};
  }
  video->shown_width = static_cast<int>(width);
  video->shown_height = static_cast<int>(height);
  if (video->rotation % 180 != 0) std::swap(video->shown_width, video->shown_height);
}

VideoStream ReadVideo(const Json& stream) {
  VideoStream video;
  video.index = static_cast<int>(Number<int32_t>(stream, "index").value_or(0));
  video.codec = Text(stream, "codec_name");
  if (video.codec.empty()) video.codec = Text(stream, "codec_tag_string");
  video.profile = Text(stream, "profile");
  video.pixel_format = Text(stream, "pix_fmt");
  video.width = Bounded(stream, "width", kMostSide);
  video.height = Bounded(stream, "height", kMostSide);
  const Rational aspect = Ratio(stream, "sample_aspect_ratio", ':');
  if (aspect.num > 0) video.sample_aspect = aspect;
  video.time_base = Ratio(stream, "time_base", '/');
  if (video.time_base.num == 0) video.time_base = {1, 90000};
  video.frames = Number<int64_t>(stream, "nb_read_packets");  // where they were counted
  if (!video.frames) video.frames = Number<int64_t>(stream, "nb_frames");
  if (video.frames && *video.frames <= 0) video.frames.reset();
  video.duration = Seconds(stream, "duration");
  if (!video.duration) video.duration = ClockSeconds(Tag(stream, {"DURATION", "DURATION-eng"}));
  video.bit_rate = std::max<int64_t>(0, Number<int64_t>(stream, "bit_rate").value_or(0));
  const PixelFormat format = ParsePixelFormat(video.pixel_format);
  video.depth = std::max(format.depth, Bounded(stream, "bits_per_raw_sample", 32));
  if (video.pixel_format.empty()) video.depth = 8;
  video.alpha = format.alpha || Tag(stream, {"alpha_mode"}) == "1";
  const std::string order = Text(stream, "field_order");
  video.interlaced = order == "tt" || order == "bb" || order == "tb" || order == "bt";
  ReadSideData(stream, &video);
  ReadColour(stream, format, &video);
  SetShownSize(&video);
  return video;
}

AudioStream ReadAudio(const Json& stream) {
  AudioStream audio;
  audio.index = static_cast<int>(Number<int32_t>(stream, "index").value_or(0));
  audio.codec = Text(stream, "codec_name");
  audio.language = Tag(stream, {"language"});
  if (audio.language == "und") audio.language.clear();
  audio.sample_rate = Bounded(stream, "sample_rate", 1 << 24);
  audio.channels = Bounded(stream, "channels", 1024);
  audio.channel_layout = Text(stream, "channel_layout");
  audio.bit_rate = std::max<int64_t>(0, Number<int64_t>(stream, "bit_rate").value_or(0));
  return audio;
}

bool Disposed(const Json& stream, const char* name) {
  const Json* const dispositions = Member(stream, "disposition");
  return dispositions != nullptr && Number<int64_t>(*dispositions, name).value_or(0) == 1;
}

// Which of two streams of pictures is the film: one that can be decoded, the default one, the
// larger one.
struct Rank {
  bool known = false, is_default = false;
  int64_t area = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): misreads a defaulted comparison
  auto operator<=>(const Rank&) const = default;
};

// Differences of the first time stamps, in the order in which they are shown.
std::vector<int64_t> FirstSteps(const Json& root, int index) {
  std::vector<int64_t> times;
  const Json* packets = Member(root, "packets");
  if (packets == nullptr) packets = Member(root, "packets_and_frames");
  if (packets == nullptr || !packets->is_array()) return times;
  for (const Json& packet : *packets) {
    const auto time = Number<int64_t>(packet, "pts");
    const bool shown = Text(packet, "flags").find('D') == std::string::npos;
    if (shown && time && std::abs(*time) < int64_t{1} << 60 &&
        Number<int64_t>(packet, "stream_index") == index) {
      times.push_back(*time);
    }
  }
  std::ranges::sort(times);
  // Where reading stopped, frames that are shown earlier may be missing.
  constexpr size_t kReorder = 17;
  if (times.size() > 4 * kReorder) times.resize(times.size() - kReorder);
  for (size_t i = 0; i + 1 < times.size(); ++i) times[i] = times[i + 1] - times[i];
  if (!times.empty()) times.pop_back();
  return times;
}

void SetRate(const Json& root, const Json& stream, VideoStream* video) {
  const Rational mean = Ratio(stream, "avg_frame_rate", '/');
  const Rational base = Ratio(stream, "r_frame_rate", '/');
  std::vector<int64_t> steps = FirstSteps(root, video->index);
  constexpr double kMost = 480;  // beyond it a time base has been taken for a rate
  int64_t sum = 0;
  for (const int64_t step : steps) sum += step > 0 && step < int64_t{1} << 50 ? step : 0;
  const double seconds = static_cast<double>(sum) * video->time_base.value();
  const double counted = seconds > 0 ? static_cast<double>(steps.size()) / seconds : 0;
  if (mean.num > 0 && mean.value() <= kMost) {
    video->rate = mean;
  } else if (counted > 0 && counted <= kMost) {
    video->rate = {std::max<int64_t>(1, std::llround(counted * 1000)), 1000};
  } else {
    video->rate = base.value() <= kMost ? base : Rational{0, 1};
  }
  if (steps.size() < 2) return;
  std::ranges::nth_element(steps, steps.begin() + static_cast<ptrdiff_t>(steps.size() / 2));
  const int64_t median = steps[steps.size() / 2];
  // Time bases of a millisecond round by one up and down; beyond that and a tenth it varies.
  const int64_t slack = std::max<int64_t>(2, median / 10);
  video->variable_rate = std::ranges::any_of(
      steps, [&](int64_t step) { return step > median + slack || step < median - slack; });
}

void ReadFormat(const Json& format, MediaInfo* info) {
  info->container = Text(format, "format_name");
  info->bytes = Number<uint64_t>(format, "size").value_or(0);
  info->duration = Seconds(format, "duration");
  info->start = Seconds(format, "start_time");
  info->bit_rate = std::max<int64_t>(0, Number<int64_t>(format, "bit_rate").value_or(0));
  info->created = Tag(format, {"com.apple.quicktime.creationdate", "creation_time", "date"});
  if (info->created.size() >= 19 && info->created[10] == ' ') info->created[10] = 'T';
  info->make = Tag(format, {"com.apple.quicktime.make", "com.android.manufacturer", "make"});
  info->model = Tag(format, {"com.apple.quicktime.model", "com.android.model", "model"});
  info->title =
      Tag(format, {"title", "com.apple.quicktime.title", "com.apple.quicktime.displayname"});
  info->place = ParseIso6709(
      Tag(format, {"com.apple.quicktime.location.ISO6709", "location", "location-eng"}));
}

}  // namespace

Result<MediaInfo> ParseMedia(std::string_view json) {
  const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const Json* const format = root.is_object() ? Member(root, "format") : nullptr;
  if (format == nullptr) return Corrupt("ffprobe's description of it cannot be read");
  MediaInfo info;
  ReadFormat(*format, &info);
  static const Json kNone = Json::array();
  const Json* streams = Member(root, "streams");
  if (streams == nullptr || !streams->is_array()) streams = &kNone;
  Rank best;
  const Json* shown = nullptr;
  for (const Json& stream : *streams) {
    const std::string kind = Text(stream, "codec_type");
    if (kind == "audio") {
      info.audio.push_back(ReadAudio(stream));
    } else if (kind == "subtitle") {
      ++info.subtitles;
    } else if (kind != "video" || Disposed(stream, "attached_pic") ||
               Disposed(stream, "still_image") || Disposed(stream, "timed_thumbnails")) {
      ++info.other;
    } else {
      VideoStream video = ReadVideo(stream);
      const Rank rank = {!video.pixel_format.empty() && video.width > 0 && video.height > 0,
                         Disposed(stream, "default"), int64_t{video.width} * video.height};
      if (info.video) ++info.other;
      if (info.video && rank <= best) continue;
      best = rank;
      shown = &stream;
      info.video = std::move(video);
    }
  }
  if (info.video) {
    SetRate(root, *shown, &*info.video);
    if (info.created.empty()) info.created = Tag(*shown, {"creation_time"});
  }
  return info;
}

bool HasHdr10Plus(std::string_view json) {
  const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  const Json* const frames = root.is_object() ? Member(root, "frames") : nullptr;
  if (frames == nullptr || !frames->is_array()) return false;
  for (const Json& frame : *frames) {
    const Json* const list = Member(frame, "side_data_list");
    if (list == nullptr || !list->is_array()) continue;
    for (const Json& data : *list) {
      if (Text(data, "side_data_type").find("SMPTE2094-40") != std::string::npos) return true;
    }
  }
  return false;
}

}  // namespace peel::video
