#include <tuple>
#include <utility>

#include "src/capi/handles.h"
#include "src/capi/option_table.h"
#include "src/capi/options.h"
#include "src/video/backdrop.h"

namespace peel {
namespace {

using video::Composed;
using video::Steady;
using video::VideoOptions;

constexpr std::pair<peel_video_content, Composed> kContents[] = {
    {PEEL_VIDEO_ALPHA, Composed::kAlpha},
    {PEEL_VIDEO_MASK, Composed::kMask},
    {PEEL_VIDEO_SIDE_BY_SIDE, Composed::kSideBySide}};
constexpr std::pair<peel_steady, Steady> kSteady[] = {{PEEL_STEADY_AUTO, Steady::kAuto},
                                                      {PEEL_STEADY_OFF, Steady::kOff},
                                                      {PEEL_STEADY_STRONG, Steady::kStrong}};
constexpr std::pair<peel_edges, Edges> kEdges[] = {{PEEL_EDGES_AUTO, Edges::kAuto},
                                                   {PEEL_EDGES_OFF, Edges::kOff},
                                                   {PEEL_EDGES_REFINE, Edges::kRefine}};

// A text into what it means; null leaves it alone.
template <typename Parser, typename To>
Status Parse(const char* text, const char* member, const Parser& parser, To& to) {
  if (text == nullptr) return OkStatus();
  auto value = parser(text);
  if (!value.ok()) return std::move(value).status().WithContext(member);
  to = *std::move(value);
  return OkStatus();
}

// content comes before background, which has the last word.
using V = peel_video_options;
constexpr std::tuple kVideoTable = {
    Take<&V::format>([](const char* format, VideoOptions& to) {
      return Parse(format, "format", video::ParseContainer, to.container);
    }),
    Take<&V::codec>([](const char* codec, VideoOptions& to) {
      return Parse(codec, "codec", video::ParseVideoCodec, to.codec);
    }),
    Take<&V::quality>([](int quality, VideoOptions& to) {
      if (quality >= 0) to.quality = quality;
    }),
    Take<&V::content>([](peel_video_content content, VideoOptions& to) {
      return ReadChoice(content, kContents, "content is none of peel_video_content", &to.composed);
    }),
    Take<&V::background>([](const char* background, VideoOptions& to) -> Status {
      if (background == nullptr) return OkStatus();
      if (to.composed != Composed::kAlpha) {
        return InvalidArgument("a mask and a side-by-side film have no background");
      }
      to.composed = Composed::kOver;
      return Parse(background, "background", video::ParseBehind, to.behind);
    }),
    Take<&V::steady>([](peel_steady steady, VideoOptions& to) {
      return ReadChoice(steady, kSteady, "steady is none of peel_steady", &to.matting.steady);
    }),
    Take<&V::edges>([](peel_edges edges, VideoOptions& to) {
      return ReadChoice(edges, kEdges, "edges is AUTO, OFF or REFINE for films", &to.matting.edges);
    }),
    Take<&V::max_size>([](int size, VideoOptions& to) -> Status {
      if (size < 0) return InvalidArgument("max_size is not negative");
      to.frames.max_size = size;
      return OkStatus();
    }),
    Take<&V::from, &V::to>([](double from, double end, VideoOptions& to) -> Status {
      if (!(from >= 0) || !(end >= 0)) return InvalidArgument("from and to are not negative");
      if (end > 0 && end <= from) return InvalidArgument("there is nothing between from and to");
      if (from > 0) to.frames.from = from;
      if (end > 0) to.frames.to = end;
      return OkStatus();
    }),
    Take<&V::fps>([](const char* fps, VideoOptions& to) {
      return Parse(fps, "fps", video::ParseRate, to.frames.fps);
    }),
    Take<&V::no_audio>([](int on, VideoOptions& to) { to.sound = on == 0; }),
    Take<&V::tone_map>([](int on, VideoOptions& to) { to.frames.tone_map = on != 0; }),
    Take<&V::memory_limit>([](uint64_t bytes, VideoOptions& to) { to.memory = bytes; }),
    Take<&V::cancel>([](const peel_cancel* cancel, VideoOptions& to) {
      if (cancel != nullptr) to.cancel = &cancel->token;
    }),
    Take<&V::progress, &V::progress_data>(
        [](peel_video_progress tell, void* data, VideoOptions& to) {
          if (tell == nullptr) return;
          to.progress = [tell, data](const video::VideoProgress& now) {
            return tell(data, now.frames, now.all.value_or(0), now.frames_per_second,
                        now.left.value_or(-1)) == 0;
          };
        }),
};
static_assert(HasAllMembers<peel_video_options>(kVideoTable), "a member has no row, or has two");

}  // namespace

peel_video_options DefaultVideoOptions() {
  peel_video_options options = {};
  options.quality = -1;
  return options;
}

Result<video::VideoOptions> ToVideoOptions(const peel_video_options* given) {
  PEEL_ASSIGN_OR_RETURN(const peel_video_options c, CopyOptions(given, DefaultVideoOptions()));
  VideoOptions options;
  PEEL_RETURN_IF_ERROR(ReadTable(kVideoTable, c, options));
  return options;
}

}  // namespace peel
