#include "src/video/video_cutter.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "src/base/caught.h"
#include "src/base/os/files.h"
#include "src/base/sentences.h"
#include "src/base/thread_pool.h"
#include "src/pipeline/folder/bounded_queue.h"
#include "src/pipeline/model/model_loader.h"
#include "src/video/backdrop.h"

namespace peel::video {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Frames that wait for the encoder.
constexpr size_t kToWrite = 2;

// Frames a second of the last few seconds, and the time left.
class Pace {
 public:
  explicit Pace(std::optional<int64_t> all) : start_(Clock::now()) { now_.all = all; }

  const VideoProgress& Step() {
    constexpr double kWindow = 5;
    ++now_.frames;
    now_.seconds = SecondsSince(start_);
    recent_.emplace_back(now_.seconds, now_.frames);
    while (recent_.size() > 2 && recent_.front().first < now_.seconds - kWindow) {
      recent_.pop_front();
    }
    const auto [then, frames] = recent_.front();
    const double seconds = now_.seconds - then;
    now_.frames_per_second = seconds > 0 ? static_cast<double>(now_.frames - frames) / seconds : 0;
    now_.left.reset();
    if (now_.all && now_.frames_per_second > 0) {
      now_.left = static_cast<double>(std::max<int64_t>(*now_.all - now_.frames, 0)) /
                  now_.frames_per_second;
    }
    return now_;
  }

 private:
  const Clock::time_point start_;
  VideoProgress now_;
  std::deque<std::pair<double, int64_t>> recent_;  // seconds and frames
};

// Where frames go that nobody wants to see: all is done but the encoding.
class NullWriter final : public FrameWriter {
 public:
  Status Write(const Frame&) override {
    ++frames_;
    return OkStatus();
  }
  Status Finish() override { return OkStatus(); }
  int64_t frames() const override { return frames_; }

 private:
  int64_t frames_ = 0;
};

Result<std::unique_ptr<FrameWriter>> WriterFor(const std::string& output, const FrameFormat& format,
                                               const WriteOptions& options) {
  if (output == kNullDevice) return std::unique_ptr<FrameWriter>(std::make_unique<NullWriter>());
  return FrameWriter::Create(output, format, options);
}

// Hands frames to the encoder in a thread of its own.
class WriterThread {
 public:
  explicit WriterThread(FrameWriter& writer) : writer_(writer), queue_(kToWrite) {}
  ~WriterThread() {
    queue_.Abandon();
    if (thread_.joinable()) thread_.join();
  }

  Status Start() {
    return Caught("a thread cannot be started", [&] {
      thread_ = std::thread([this] { WriteAll(); });
      return OkStatus();
    });
  }
  // What went wrong with an earlier frame.
  Status Push(Frame frame) {
    queue_.Push(std::make_unique<Frame>(std::move(frame)));
    const std::lock_guard lock(mutex_);
    return status_;
  }
  Status Finish() {
    queue_.Close();
    thread_.join();
    return status_;
  }
  double seconds() const { return seconds_; }  // after Finish

 private:
  void WriteAll() {
    while (std::optional<std::unique_ptr<Frame>> frame = queue_.Pop()) {
      const Clock::time_point start = Clock::now();
      Status status = Caught("", [&] { return writer_.Write(**frame); });
      seconds_ += SecondsSince(start);
      if (status.ok()) continue;
      {
        const std::lock_guard lock(mutex_);
        status_ = std::move(status);
      }
      queue_.Abandon();
      return;
    }
  }

  FrameWriter& writer_;
  BoundedQueue<std::unique_ptr<Frame>> queue_;
  std::thread thread_;
  std::mutex mutex_;
  Status status_;
  double seconds_ = 0;
};

// Codecs that are written with half the chroma in both directions take even sizes alone.
bool WantsEven(VideoCodec codec) {
  return codec == VideoCodec::kH264 || codec == VideoCodec::kHevc || codec == VideoCodec::kAv1;
}

uint64_t BytesOf(const std::string& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return fs::file_size(path, error);
  uint64_t bytes = 0;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code none;
    const uint64_t size = entry->file_size(none);
    if (!none) bytes += size;
  }
  return bytes;
}

// What all mattes say together.
class Summary {
 public:
  void Add(const MattedFrame& frame) {
    ++frames_;
    coverage_ += frame.coverage;
    score_ = std::max(score_, static_cast<double>(frame.subject_score));
    has_subject_ |= frame.has_subject;
  }
  void Tell(VideoResult& result) const {
    result.has_subject = has_subject_;
    result.subject_score = score_;
    result.coverage = frames_ > 0 ? coverage_ / static_cast<double>(frames_) : 0;
  }

 private:
  int64_t frames_ = 0;
  double coverage_ = 0, score_ = 0;
  bool has_subject_ = false;
};

class VideoCutterImpl final : public VideoCutter {
 public:
  VideoCutterImpl(int threads, int jobs, Executor* executor)
      : threads_(threads), jobs_(jobs), pool_(executor, std::max(1, threads - jobs + 1)) {}

  Status Load(const ModelOptions& options) {
    PEEL_ASSIGN_OR_RETURN(loaded_, LoadModel(options, pool_));
    Take(*loaded_.matting, loaded_.info);
    return OkStatus();
  }
  void Take(const MattingModel& model, const ModelInfo& info) {
    model_ = &model;
    info_ = info;
    AddSentence(pool_.Shortage(), &info_.warning);
    info_.threads = threads_;  // all together, not those that share one frame
  }

  const ModelInfo& info() const override { return info_; }
  int jobs() const override { return jobs_; }

  Result<VideoResult> Cut(const std::string& input, const std::string& output,
                          const VideoOptions& options) const override {
    return Caught(input, [&] { return CutFilm(input, output, options); });
  }

  Result<std::unique_ptr<MattedFrames>> Open(const std::string& input,
                                             const VideoOptions& options) const override {
    PEEL_ASSIGN_OR_RETURN(const MediaInfo info, ProbeFilm(input));
    auto frames = MattedFrames::Open(info, ReadOptionsFor(options.frames, options.cancel),
                                     options.matting, RunFor(options));
    if (!frames.ok()) return std::move(frames).status().WithContext(input);
    return frames;
  }

 private:
  MattingRun RunFor(const VideoOptions& options) const {
    MattingRun run;
    run.model = model_;
    run.pool = &pool_;
    run.alone = model_ != loaded_.matting.get();
    run.workers = jobs_;
    run.memory = options.memory;
    return run;
  }

  Result<VideoResult> CutFilm(const std::string& input, const std::string& output,
                              const VideoOptions& options) const;
  struct Names {
    const std::string &input, &output;
  };
  Result<int64_t> WriteFilm(const Names& names, MattedFrames& frames, const FrameComposer& composer,
                            BackdropFilm* behind, FrameWriter& writer,
                            std::optional<int64_t> expected, const VideoOptions& options,
                            VideoResult& result) const;

  const int threads_, jobs_;
  mutable ThreadPool pool_;
  LoadedModel loaded_;  // empty: the model is somebody else's
  const MattingModel* model_ = nullptr;
  ModelInfo info_;
};

Result<VideoResult> VideoCutterImpl::CutFilm(const std::string& input, const std::string& output,
                                             const VideoOptions& options) const {
  const Clock::time_point start = Clock::now();
  const auto at = [](const std::string& name, Status status) {
    return std::move(status).WithContext(name);
  };
  auto format = FormatFor(output, options);
  if (!format.ok()) return at(output, std::move(format).status());
  if (IsSameFile(input, output)) {
    return InvalidArgument(output + ": is the input itself; choose another name");
  }
  PEEL_ASSIGN_OR_RETURN(const MediaInfo info, ProbeFilm(input));
  if (options.frames.from && info.duration && *options.frames.from >= *info.duration) {
    return InvalidArgument(input + ": ends before --from");
  }

  ReadOptions read = ReadOptionsFor(options.frames, options.cancel);
  read.keep_odd = !WantsEven(format->codec);
  auto opened = MattedFrames::Open(info, read, options.matting, RunFor(options));
  if (!opened.ok()) return at(input, std::move(opened).status());
  MattedFrames& frames = **opened;
  auto backdrop = BackdropFor(options.behind, frames.format(), &pool_);
  if (!backdrop.ok()) return at(input, std::move(backdrop).status());
  std::unique_ptr<BackdropFilm> behind;
  if (!options.behind.film.empty()) {
    auto film = BackdropFilm::Open(options.behind.film, frames.format(), options.frames.tone_map,
                                   options.cancel);
    if (!film.ok()) return at(options.behind.film, std::move(film).status());
    behind = *std::move(film);
  }
  auto composer = FrameComposer::Create(frames.format(), options.composed, *std::move(backdrop),
                                        /*decontaminate=*/true, &pool_);
  if (!composer.ok()) return at(input, std::move(composer).status());

  WriteOptions write;
  write.container = format->container;
  write.codec = format->codec;
  write.quality = options.quality;
  write.cancel = options.cancel;
  const bool holds_sound = format->container != Container::kGif &&
                           format->container != Container::kWebp &&
                           format->container != Container::kPngFolder;
  if (options.sound && holds_sound && !info.audio.empty()) {
    write.sound_of = input;
    write.sound_from = options.frames.from.value_or(0);
    write.sound_to = options.frames.to;
  }
  const FrameFormat composed = ComposedFormat(frames.format(), options.composed);
  auto writer = WriterFor(output, composed, write);
  if (!writer.ok()) return at(output, std::move(writer).status());

  VideoResult result;
  result.width = composed.width;
  result.height = composed.height;
  result.container = format->container;
  result.codec = format->codec;
  result.steady = options.matting.steady;
  result.has_alpha = options.composed == Composed::kAlpha;
  result.has_sound = !write.sound_of.empty() && (*writer)->warning().empty();
  PEEL_ASSIGN_OR_RETURN(const int64_t written,
                        WriteFilm({input, output}, frames, **composer, behind.get(), **writer,
                                  FramesExpected(info, options.frames), options, result));
  if (written == 0) {
    return Corrupt(input + ": not one of its frames could be decoded" +
                   (frames.warning().empty() ? "" : " (" + frames.warning() + ")"));
  }
  const Clock::time_point finishing = Clock::now();
  if (Status status = (*writer)->Finish(); !status.ok()) return at(output, std::move(status));
  result.stages.back().second += SecondsSince(finishing);
  AddSentence(frames.warning(), &result.warning);
  AddSentence((*writer)->warning(), &result.warning);
  result.output_bytes = BytesOf(output);
  result.total_seconds = SecondsSince(start);
  return result;
}

// Composes in this thread, which also tells how far it is.
Result<int64_t> VideoCutterImpl::WriteFilm(const Names& names, MattedFrames& frames,
                                           const FrameComposer& composer, BackdropFilm* behind,
                                           FrameWriter& writer, std::optional<int64_t> expected,
                                           const VideoOptions& options, VideoResult& result) const {
  const auto of_input = [&](Status status) { return std::move(status).WithContext(names.input); };
  const auto of_output = [&](Status status) { return std::move(status).WithContext(names.output); };
  WriterThread writing(writer);
  PEEL_RETURN_IF_ERROR(of_output(writing.Start()));
  Pace pace(expected);
  Summary summary;
  double composing = 0;
  const double unit = frames.format().time_base.value();
  std::optional<int64_t> first;
  int64_t last = 0, count = 0;
  for (;;) {
    auto next = frames.Next();
    if (!next.ok()) return of_input(std::move(next).status());
    std::optional<MattedFrame>& frame = *next;
    if (!frame) break;
    const Clock::time_point start = Clock::now();
    const int64_t pts = frame->frame.pts;
    if (!first) first = pts;
    last = pts;
    const Frame* back = nullptr;
    if (behind != nullptr) {
      auto at = behind->At(static_cast<double>(pts - *first) * unit);
      if (!at.ok()) return std::move(at).status().WithContext(options.behind.film);
      back = *at;
    }
    summary.Add(*frame);
    auto composed = composer.Compose(*std::move(frame), back);
    if (!composed.ok()) return of_input(std::move(composed).status());
    composed->pts = pts;
    composing += SecondsSince(start);
    PEEL_RETURN_IF_ERROR(of_output(writing.Push(*std::move(composed))));
    ++count;
    const VideoProgress& now = pace.Step();
    if (options.progress && !options.progress(now)) {
      return of_input(Cancelled("stopped before it was done"));
    }
  }
  PEEL_RETURN_IF_ERROR(of_output(writing.Finish()));
  summary.Tell(result);
  result.frames = count;
  if (first) {
    // The last frame is shown as long as the others are in the mean.
    const double shown = static_cast<double>(last - *first) * unit;
    const double rate = frames.format().rate.value();
    result.seconds = shown + (count > 1  ? shown / static_cast<double>(count - 1)
                              : rate > 0 ? 1 / rate
                                         : 0);
  }
  result.stages = frames.stages();
  result.stages.emplace_back("compose", composing);
  result.stages.emplace_back("encode", writing.seconds());
  return count;
}

std::unique_ptr<VideoCutterImpl> WithoutModel(const ModelOptions& options) {
  int threads = options.threads > 0 ? options.threads : AvailableCpus();
  if (options.executor != nullptr) {
    const int most = std::max(1, options.executor->max_concurrency());
    threads = options.threads > 0 ? std::min(options.threads, most) : most;
  }
  // One frame a thread keeps them busy with the least waiting; of many, some help with refining,
  // which goes frame by frame.
  const int jobs = options.jobs > 0 ? std::min(options.jobs, 256) : threads - threads / 4;
  return std::make_unique<VideoCutterImpl>(threads, jobs, options.executor);
}

}  // namespace

Result<std::unique_ptr<VideoCutter>> VideoCutter::Create(const ModelOptions& options) {
  auto cutter = WithoutModel(options);
  PEEL_RETURN_IF_ERROR(cutter->Load(options));
  return std::unique_ptr<VideoCutter>(std::move(cutter));
}

std::unique_ptr<VideoCutter> VideoCutter::Around(const MattingModel& model, const ModelInfo& info,
                                                 const ModelOptions& options) {
  auto cutter = WithoutModel(options);
  cutter->Take(model, info);
  return cutter;
}

Result<MediaInfo> ProbeFilm(const std::string& path) {
  auto probed = Probe(path);
  if (!probed.ok()) return std::move(probed).status().WithContext(path);
  MediaInfo info = *std::move(probed);
  if (info.video) return info;
  if (!info.audio.empty()) {
    return Unsupported(path + ": there is sound in it, and no pictures");
  }
  return Unsupported(path + ": there is no film in it");
}

std::optional<int64_t> FramesExpected(const MediaInfo& info, const FrameChoices& choices) {
  if (!info.video) return std::nullopt;
  const std::optional<double> whole = info.video->duration ? info.video->duration : info.duration;
  const double rate = choices.fps ? choices.fps->value() : info.video->rate.value();
  if (!choices.from && !choices.to && !choices.fps && info.video->frames) return info.video->frames;
  if (!whole && !choices.to) return std::nullopt;
  const double end = std::min(choices.to.value_or(1e9), whole.value_or(1e9));
  const double frames = (end - choices.from.value_or(0)) * rate;
  if (!(frames > 0 && frames < 1e12)) return std::nullopt;
  return std::max<int64_t>(1, std::llround(frames));
}

}  // namespace peel::video
