#include "src/video/media/frame_reader.h"

#include <chrono>
#include <cmath>
#include <string>
#include <utility>

#include "src/base/os/piped_process.h"
#include "src/video/media/complaints.h"
#include "src/video/media/ffmpeg_tools.h"
#include "src/video/media/nut_reader.h"
#include "src/video/media/pixel_format.h"
#include "src/video/media/read_plan.h"

namespace peel::video {
namespace {

// A film without an index is read through to where its part begins.
constexpr std::chrono::minutes kPatience{1}, kSeekPatience{15};

Status CheckLists(const ReadPlan& plan, const VideoStream& video, const FfmpegTools& tools) {
  if (plan.needs_vpx) {
    PEEL_ASSIGN_OR_RETURN(const auto decoders, ListFfmpeg(tools, "decoders"));
    if (!decoders->contains(video.codec == "vp8" ? "libvpx" : "libvpx-vp9")) {
      return Unsupported("its transparency is read with libvpx alone, which this ffmpeg (" +
                         tools.ffmpeg + ") was built without; " + FfmpegRemedy());
    }
  }
  if (plan.needs_tone_map) {
    PEEL_ASSIGN_OR_RETURN(const auto filters, ListFfmpeg(tools, "filters"));
    for (const char* filter : {"zscale", "tonemap"}) {
      if (filters->contains(filter)) continue;
      return Unsupported("tone mapping needs ffmpeg's filter " + std::string(filter) +
                         ", which this one (" + tools.ffmpeg + ") was built without; " +
                         FfmpegRemedy());
    }
  }
  return OkStatus();
}

class FfmpegReader : public FrameReader {
 public:
  FfmpegReader(const MediaInfo& info, FrameFormat format)
      : path_(info.path),
        format_(std::move(format)),
        nut_([this](std::span<uint8_t> into) { return process_->Read(into); }) {}

  Status Start(const FfmpegTools& tools, const ReadPlan& plan, const ReadOptions& options) {
    is_part_ = options.from || options.to;
    if (options.to) {
      // ffmpeg counts it from the first picture, which may come late.
      const double seconds = *options.to - options.from.value_or(0);
      end_ = static_cast<int64_t>(std::ceil(seconds / format_.time_base.value() - 1e-6));
    }
    PEEL_ASSIGN_OR_RETURN(PipedOptions piped,
                          FfmpegOptions(options.from ? kSeekPatience : kPatience, options.cancel));
    piped.on_line = [this](std::string_view line) { complaints_.Add(line); };
    PEEL_ASSIGN_OR_RETURN(process_,
                          PipedProcess::Start(tools.ffmpeg, plan.arguments, std::move(piped)));
    return Explain(nut_.ReadHeaders());
  }

  const FrameFormat& format() const override { return format_; }

  Result<std::optional<Frame>> Next() override {
    if (ended_) return std::optional<Frame>();
    auto frame = ReadNext();
    if (!frame.ok()) return Explain(frame.status());
    return frame;
  }

  std::string warning() const override { return complaints_.Text(path_); }

 private:
  Result<std::optional<Frame>> ReadNext() {
    PEEL_ASSIGN_OR_RETURN(const auto head, nut_.NextFrame());
    if (!head) return End();
    PEEL_ASSIGN_OR_RETURN(Frame frame, Frame::Allocate(format_.layout, format_.width,
                                                       format_.height, /*room_for_alpha=*/true));
    if (head->size != frame.bytes()) {
      return Corrupt("ffmpeg gave a frame of " + std::to_string(head->size) + " bytes, not of " +
                     std::to_string(frame.bytes()));
    }
    PEEL_RETURN_IF_ERROR(nut_.ReadFrame({frame.data(), frame.bytes()}));
    PEEL_ASSIGN_OR_RETURN(frame.pts,
                          Rescale(head->pts, nut_.stream().time_base, format_.time_base));
    if (end_ && frame.pts >= *end_) {
      process_->Kill();
      return AtEnd();
    }
    ++frames_;
    return std::optional<Frame>(std::move(frame));
  }

  Result<std::optional<Frame>> End() {
    PEEL_ASSIGN_OR_RETURN(const ProcessEnd end, process_->Wait());
    if (end.code != 0) return Corrupt("");
    return AtEnd();
  }

  Result<std::optional<Frame>> AtEnd() {
    ended_ = true;
    if (frames_ == 0 && is_part_ && complaints_.Text(path_).empty()) {
      return InvalidArgument("none of its pictures begins in the part to be read");
    }
    if (frames_ == 0) return Corrupt("none of its pictures can be decoded");
    return std::optional<Frame>();
  }

  // Where the stream of frames stops, ffmpeg's own words for it say more than ours.
  Status Explain(Status status) {
    if (status.code() != StatusCode::kCorrupt) return status;
    const auto end = process_->Wait();
    if (!end.ok()) return end.status();
    ended_ = true;
    const std::string words = PlainWords(process_->LastWords(), path_);
    if (end->code == 0) {
      return Corrupt(status.message() + (words.empty() ? "" : " (" + words + ")"));
    }
    const std::string frames =
        frames_ == 0 ? "the film cannot be decoded"
                     : "the film cannot be decoded beyond its frame " + std::to_string(frames_);
    return Corrupt(frames + ": ffmpeg ended with " + EndText(*end) +
                   (words.empty() ? "" : " (" + words + ")"));
  }

  const std::string path_;
  const FrameFormat format_;
  Complaints complaints_;
  NutReader nut_;
  int64_t frames_ = 0;
  bool ended_ = false, is_part_ = false;
  std::optional<int64_t> end_;             // frames from then on are left out
  std::unique_ptr<PipedProcess> process_;  // ends before what it tells of
};

}  // namespace

Result<std::unique_ptr<FrameReader>> FrameReader::Open(const MediaInfo& info,
                                                       const ReadOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const auto tools, FindFfmpeg());
  if (info.video && info.video->pixel_format.empty()) {
    PEEL_ASSIGN_OR_RETURN(const auto decoders, ListFfmpeg(*tools, "decoders"));
    if (decoders->contains(info.video->codec)) {
      return Corrupt("none of its pictures (codec " + info.video->codec +
                     ") can be decoded; the film is damaged");
    }
  }
  PEEL_ASSIGN_OR_RETURN(ReadPlan plan, PlanRead(info, options, *tools));
  PEEL_RETURN_IF_ERROR(CheckCancelled(options.cancel));
  if (plan.needs_vpx || plan.needs_tone_map) {
    PEEL_RETURN_IF_ERROR(CheckLists(plan, *info.video, *tools));
  }
  auto reader = std::make_unique<FfmpegReader>(info, plan.format);
  PEEL_RETURN_IF_ERROR(reader->Start(*tools, plan, options));
  return std::unique_ptr<FrameReader>(std::move(reader));
}

}  // namespace peel::video
