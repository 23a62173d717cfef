#include "src/video/media/frame_writer.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "src/base/os/file.h"
#include "src/base/os/files.h"
#include "src/base/os/piped_process.h"
#include "src/base/os/replace_file.h"
#include "src/base/os/temporary_files.h"
#include "src/base/os/unique_fd.h"
#include "src/video/media/complaints.h"
#include "src/video/media/nut_writer.h"
#include "src/video/media/pixel_format.h"
#include "src/video/media/read_back.h"
#include "src/video/media/read_plan.h"
#include "src/video/media/write_plan.h"

namespace peel::video {
namespace {

namespace fs = std::filesystem;

// Slow encoders think about one frame of a large film for a while.
constexpr auto kPatience = std::chrono::minutes(5);

// The system's words, as ffmpeg passes them on.
constexpr std::string_view kDiskFull = "No space left on device", kFileTooLarge = "File too large";

bool TellsOfDisk(std::string_view words) {
  return words.find(kDiskFull) != std::string_view::npos ||
         words.find(kFileTooLarge) != std::string_view::npos;
}

// A result on its way: a file or a folder beside it that takes its name in the end, and that goes
// with this object if it does not.
class Unfinished {
 public:
  ~Unfinished() {
    std::error_code error;
    if (!temporary_.empty()) fs::remove_all(temporary_, error);
  }

  Status Make(const std::string& output, bool folder) {
    folder_ = folder;
    std::error_code error;
    target_ = output;
    while (target_.size() > 1 && target_.ends_with('/')) target_.pop_back();
    // A link stays one.
    if (fs::is_symlink(target_, error)) {
      const fs::path real = fs::weakly_canonical(target_, error);
      if (!error) target_ = real.string();
    }
    old_ = InfoOf(target_);
    PEEL_RETURN_IF_ERROR(folder ? CheckFolder() : CheckFile());
    const fs::path parent = fs::path(target_).parent_path();
    RemoveStaleTemporaries(parent.empty() ? "." : parent.string());
    temporary_ = TemporaryName(target_);
    if (folder) {
      if (!fs::create_directory(temporary_, error)) {
        temporary_.clear();
        return WriteFailure("cannot create a folder for it", error.value());
      }
      return OkStatus();
    }
    // What replaces a private file is private from the start.
    const UniqueFd file(
        OpenFile(temporary_, kOpenWrite | kOpenCreate | kOpenExclusive, old_ ? 0600 : 0666));
    if (file) return OkStatus();
    const int reason = errno;
    temporary_.clear();
    return WriteFailure("cannot create a file in its folder", reason);
  }

  const std::string& path() const { return temporary_; }

  Status Finish() {
    PEEL_RETURN_IF_ERROR(folder_ ? SyncFolder() : SyncOne());
    if (RenameFile(temporary_.c_str(), target_.c_str()) == 0) {
      temporary_.clear();
      return OkStatus();
    }
    const int error = errno;
    if (folder_ || !old_) return WriteFailure("cannot give the result its name", error);
    // A file that cannot be replaced, as it is a mount point, is written in place.
    return WriteFileAtomically(target_, [this](const ByteSink& sink) { return Copy(sink); });
  }

 private:
  Status CheckFile() const {
    if (!old_) return OkStatus();
    if (old_->is_folder()) return InvalidArgument("a folder has this name; choose another one");
    if (!old_->is_file()) {
      return InvalidArgument("is no regular file; films are written to those only");
    }
    return OkStatus();
  }

  Status CheckFolder() const {
    if (!old_) return OkStatus();
    if (!old_->is_folder()) return InvalidArgument("a file has this name; choose another one");
    std::error_code error;
    if (fs::is_empty(target_, error) && !error) return OkStatus();
    return InvalidArgument("the folder has files in it; frames go into a new or an empty one");
  }

  static Status Sync(const std::string& path) {
    const UniqueFd file(OpenFile(path, kOpenRead));
    if (!file || (SyncFile(file.get()) != 0 && errno != EINVAL)) {
      return WriteFailure("cannot write it", errno);
    }
    return OkStatus();
  }

  Status SyncOne() {
    UniqueFd file(OpenFile(temporary_, kOpenRead));
    if (!file) return WriteFailure("cannot write it", errno);
    if (old_) KeepAccess(file.get(), target_, *old_);
    file.Reset();
    return Sync(temporary_);
  }

  Status SyncFolder() {
    Status status;
    const int error = ListFolder(temporary_, [&](std::string_view name, FileKind) {
      if (status.ok()) status = Sync((fs::path(temporary_) / name).string());
    });
    if (!status.ok()) return status;
    return error == 0 ? OkStatus() : WriteFailure("cannot write it", error);
  }

  Status Copy(const ByteSink& sink) const {
    const UniqueFd file(OpenFile(temporary_, kOpenRead));
    std::vector<uint8_t> buffer(size_t{1} << 20);
    for (;;) {
      const ptrdiff_t n = file ? ReadOnce(file.get(), buffer.data(), buffer.size()) : -1;
      if (n < 0) return WriteFailure("cannot read it again", errno);
      if (n == 0) return OkStatus();
      PEEL_RETURN_IF_ERROR(sink({buffer.data(), static_cast<size_t>(n)}));
    }
  }

  bool folder_ = false;
  std::string target_, temporary_;
  std::optional<FileInfo> old_;
};

// ffmpeg's name for the frames of a folder, whose own name may have a % in it.
std::string FramePattern(const std::string& folder) {
  std::string pattern;
  for (const char c : folder) pattern += c == '%' ? std::string("%%") : std::string(1, c);
  return pattern + "/%06d.png";
}

class FfmpegWriter : public FrameWriter {
 public:
  FfmpegWriter(FrameFormat format, WriteOptions options, std::shared_ptr<const FfmpegTools> tools)
      : format_(std::move(format)), options_(std::move(options)), tools_(std::move(tools)) {}

  Status Start(const std::string& output, const SoundPlan& sound, WritePlan plan) {
    time_base_ = plan.time_base;
    warning_ = sound.warning;
    written_.container = options_.container;
    written_.codec = options_.codec;
    written_.width = format_.width;
    written_.height = format_.height;
    written_.alpha = format_.layout.alpha;
    written_.sound_streams = sound.streams.size();
    written_.frame_seconds = format_.rate.num > 0 ? 1 / format_.rate.value() : 0;
    const bool folder = options_.container == Container::kPngFolder;
    PEEL_RETURN_IF_ERROR(unfinished_.Make(output, folder));
    plan.arguments.push_back(
        FfmpegName(folder ? FramePattern(unfinished_.path()) : unfinished_.path()));
    arguments_ = std::move(plan.arguments);
    return OkStatus();
  }

  Status Write(const Frame& frame) override {
    if (!status_.ok()) return status_;
    status_ = WriteNext(frame);
    return status_;
  }

  Status Finish() override {
    PEEL_RETURN_IF_ERROR(status_);
    status_ = FinishAll();
    return status_;
  }

  int64_t frames() const override { return written_.frames; }
  std::string warning() const override { return warning_; }

 private:
  Status WriteNext(const Frame& frame) {
    if (finished_) return Internal("a frame behind the film's end");
    if (frame.layout() != format_.layout || frame.width() != format_.width ||
        frame.height() != format_.height) {
      return Internal("a frame that is not of the film's format");
    }
    PEEL_ASSIGN_OR_RETURN(const int64_t pts, Rescale(frame.pts, format_.time_base, time_base_));
    if (pts < 0 || (written_.frames > 0 && pts <= last_)) {
      return Internal("a frame's time does not lie behind that of the one before");
    }
    if (written_.frames == 0) {
      first_ = pts;
      PEEL_RETURN_IF_ERROR(Launch());
    }
    last_ = pts;
    if (static_cast<size_t>(written_.frames) < Written::kFirst) {
      written_.covered[static_cast<size_t>(written_.frames)] =
          MeanAlpha(frame, options_.container == Container::kGif);
    }
    PEEL_RETURN_IF_ERROR(Explain(process_->Write(nut_.FrameHead(pts, frame.bytes()))));
    PEEL_RETURN_IF_ERROR(Explain(process_->Write({frame.data(), frame.bytes()})));
    ++written_.frames;
    return OkStatus();
  }

  // With the first frame, as ffmpeg would have the film begin with it if it were not told when.
  Status Launch() {
    if (first_ > 0) {
      const double seconds = static_cast<double>(first_) * time_base_.value();
      arguments_.insert(arguments_.begin(), {"-itsoffset", std::to_string(seconds)});
    }
    PEEL_ASSIGN_OR_RETURN(PipedOptions piped, FfmpegOptions(kPatience, options_.cancel));
    piped.input = true;
    piped.output = false;  // its progress, a sign of life
    PEEL_ASSIGN_OR_RETURN(process_,
                          PipedProcess::Start(tools_->ffmpeg, arguments_, std::move(piped)));
    nut_ = NutWriter({NutFourcc(format_.layout), format_.width, format_.height, time_base_});
    return Explain(process_->Write(nut_.Headers()));
  }

  Status FinishAll() {
    if (finished_) return OkStatus();
    if (written_.frames == 0) return InvalidArgument("a film without a frame cannot be written");
    process_->CloseInput();
    const auto end = process_->Wait();
    if (!end.ok()) return Explain(end.status());
    if (end->code != 0) {
      return Explain(IoError("ffmpeg ended with " + EndText(*end) + ": " + process_->LastWords()));
    }
    // Not every muxer's failure is ffmpeg's: of 5.1 those at the film's end are not.
    if (const std::string words = process_->LastWords(); TellsOfDisk(words)) {
      return Explain(IoError(words));
    }
    finished_ = true;
    written_.start = static_cast<double>(first_) * time_base_.value();
    written_.seconds = static_cast<double>(last_ - first_) * time_base_.value();
    Status status = ReadBack(unfinished_.path(), written_, *tools_, options_.cancel);
    if (!status.ok()) {
      const std::string words = process_->LastWords();
      if (status.code() == StatusCode::kCorrupt && !words.empty()) {
        return Corrupt(status.message() +
                       "; ffmpeg said: " + PlainWords(words, unfinished_.path()));
      }
      return status;
    }
    return unfinished_.Finish();
  }

  Status Explain(Status status) {
    if (status.code() != StatusCode::kIo) return status;
    std::string words = PlainWords(status.message(), unfinished_.path());
    if (words.find(kDiskFull) != std::string::npos) {
      words += "; free some space or choose another folder";
    } else if (words.find(kFileTooLarge) != std::string::npos) {
      words += "; the limit on file sizes in force is too small";
    }
    return IoError("the film cannot be written: " + words);
  }

  const FrameFormat format_;
  const WriteOptions options_;
  const std::shared_ptr<const FfmpegTools> tools_;
  Rational time_base_;
  std::string warning_;
  Written written_;
  int64_t first_ = 0, last_ = 0;
  std::vector<std::string> arguments_;
  Status status_;
  bool finished_ = false;
  NutWriter nut_{{}};
  Unfinished unfinished_;
  std::unique_ptr<PipedProcess> process_;  // ends before its file goes
};

}  // namespace

Result<std::unique_ptr<FrameWriter>> FrameWriter::Create(const std::string& output,
                                                         const FrameFormat& format,
                                                         const WriteOptions& options) {
  PEEL_RETURN_IF_ERROR(CheckWritable(options.container, options.codec, format.layout.alpha));
  PEEL_ASSIGN_OR_RETURN(auto tools, FindFfmpeg());
  PEEL_ASSIGN_OR_RETURN(const auto encoders, ListFfmpeg(*tools, "encoders"));
  SoundPlan sound;
  if (!options.sound_of.empty()) {
    PEEL_ASSIGN_OR_RETURN(const MediaInfo film, Probe(options.sound_of));
    sound = PlanSound(options.container, film);
  }
  PEEL_ASSIGN_OR_RETURN(WritePlan plan, PlanWrite(format, options, sound, *tools, *encoders));
  auto writer = std::make_unique<FfmpegWriter>(format, options, std::move(tools));
  PEEL_RETURN_IF_ERROR(writer->Start(output, sound, std::move(plan)));
  return std::unique_ptr<FrameWriter>(std::move(writer));
}

}  // namespace peel::video
