#include "src/pipeline/folder/batch.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "src/base/caught.h"
#include "src/base/hash.h"
#include "src/base/os/files.h"
#include "src/base/os/temporary_files.h"
#include "src/base/sentences.h"
#include "src/codec/decoder.h"
#include "src/codec/frames.h"
#include "src/pipeline/folder/bounded_queue.h"
#include "src/pipeline/folder/memory_budget.h"
#include "src/pipeline/folder/numbered_name.h"

namespace peel {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string ShownName(const std::string& path, const char* stream) {
  return path == "-" ? stream : path;
}

// A picture on its way.
struct Work {
  Job job;
  FileReport report;
  std::vector<uint8_t> bytes;  // of the input, then of the output
  Manifest* manifest = nullptr;
  uint64_t content = 0;  // hash of the input
  Admission admitted;
};

class Batch {
 public:
  Batch(const Cutter& cutter, const BatchOptions& options,
        const std::function<void(const FileReport&)>& done)
      : cutter_(cutter),
        options_(options),
        done_(done),
        decoder_(DecoderOr(options.cut.decode.decoder)),
        budget_(options.memory),
        to_cut_(static_cast<size_t>(std::max(options.jobs, 1))),
        to_write_(static_cast<size_t>(std::max(options.jobs, 1))) {}

  Status Run(const std::function<std::optional<Job>()>& next, size_t at_most);

 private:
  bool Stopped() const {
    return fatal_seen_.load(std::memory_order_relaxed) || CancelFired(options_.stop) ||
           CancelFired(options_.cut.control.cancel);
  }
  static bool CancelFired(const CancelToken* token) {
    return token != nullptr && token->cancelled();
  }

  void ReadAll(const std::function<std::optional<Job>()>& next);
  bool ReadOne(Job job);  // false: stopped
  void CutAll();
  void CutOne(std::unique_ptr<Work> work);
  void WriteAll();
  void HandToWriter(std::unique_ptr<Work> work);
  void WriteOne(std::unique_ptr<Work> work);
  Status Read(Work& work);  // kSkipped in the report ends the work
  Status Cut(Work& work);
  Status CutFrames(Work& work);
  Result<bool> AreFramesUpToDate(const Work& work, int frames);
  // An input of one frame alone is treated as ever, unless its output has a place for a number.
  bool GoesByFrames(const Work& work) const {
    return options_.all_frames &&
           (work.report.frames > 1 || NumberedName(work.job.output, 1).has_value());
  }
  Result<std::string> FrameOutput(const Job& job, int frame);
  void Describe(const EncodedCut& cut, FileReport& report) const;
  Status Write(Work& work);
  bool IsUpToDate(const Work& work, const std::string& output) const;
  Status MakeFolderOf(const std::string& path);
  void End(Work& work, Status status);
  // A step of a work, with what it throws made a status.
  template <typename Step>
  Status Try(Work& work, Step step) {
    return Caught(ShownName(work.job.input.path, "standard input"),
                  [&] { return (this->*step)(work); });
  }
  // What a thread does with one picture. Nothing gets out of it: where there is not even memory for
  // the words, the run says so in the end.
  template <typename Step>
  void Guard(Step step) noexcept {
    try {
      step();
    } catch (...) {
      lost_.store(true, std::memory_order_relaxed);
    }
  }

  const Cutter& cutter_;
  const BatchOptions& options_;
  const std::function<void(const FileReport&)>& done_;
  Decoder& decoder_;
  MemoryBudget budget_;
  BoundedQueue<std::unique_ptr<Work>> to_cut_, to_write_;
  std::atomic<size_t> cutters_{0}, writers_{0};  // threads that run
  std::atomic<bool> fatal_seen_{false};
  std::atomic<bool> lost_{false};
  std::mutex mutex_;  // around done_, fatal_, trouble_ and folders_
  Status fatal_;
  Status trouble_;                 // the first that is no picture's and has stopped nothing
  std::set<std::string> folders_;  // made and tidied already
};

bool Batch::IsUpToDate(const Work& work, const std::string& output) const {
  std::error_code error;
  if (output == "-" || !fs::is_regular_file(output, error)) return false;
  if (work.manifest != nullptr) {
    switch (
        work.manifest->Compare(work.manifest->NameOf(output), work.content, options_.settings)) {
      case Manifest::Match::kSame:
        return true;
      case Manifest::Match::kDifferent:
        return false;
      case Manifest::Match::kUnknown:
        break;
    }
  }
  if (work.job.input.path == "-") return true;
  const auto made = fs::last_write_time(output, error);
  return !error && made >= fs::last_write_time(work.job.input.path, error) && !error;
}

Result<bool> Batch::AreFramesUpToDate(const Work& work, int frames) {
  for (int frame = 1; frame <= frames; ++frame) {
    PEEL_ASSIGN_OR_RETURN(const std::string output, FrameOutput(work.job, frame));
    if (!IsUpToDate(work, output)) return false;
  }
  return true;
}

Result<std::string> Batch::FrameOutput(const Job& job, int frame) {
  const std::lock_guard lock(mutex_);
  return options_.frame_output(job, frame);
}

Status Batch::MakeFolderOf(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  const std::lock_guard lock(mutex_);
  if (folders_.contains(folder.string())) return OkStatus();
  if (options_.make_folders && !folder.empty()) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
      return IoError("cannot create the folder " + folder.string() + " (" + error.message() + ")");
    }
  }
  RemoveStaleTemporaries(folder.empty() ? "." : folder.string());
  folders_.insert(folder.string());
  return OkStatus();
}

Status Batch::Read(Work& work) {
  const std::string& path = work.job.input.path;
  const std::string shown = ShownName(path, "standard input");
  const Clock::time_point start = Clock::now();
  auto bytes = ReadWholeFile(path, options_.cut.decode.limits.max_bytes);
  if (!bytes.ok()) return std::move(bytes).status().WithContext(shown);
  work.bytes = *std::move(bytes);
  work.report.input_bytes = work.bytes.size();
  if (options_.manifest && work.job.output != "-") work.manifest = options_.manifest(work.job);
  if (work.manifest != nullptr) work.content = Hash64(work.bytes);
  work.report.times.emplace_back("read", MillisecondsSince(start));
  // What is wrong with it is told when it is decoded.
  const auto info = decoder_.Probe(work.bytes, options_.cut.control.cancel);
  if (options_.all_frames && info.ok()) work.report.frames = info->frames;
  if (options_.skip_existing) {
    bool up_to_date = false;
    if (GoesByFrames(work)) {
      PEEL_ASSIGN_OR_RETURN(up_to_date, AreFramesUpToDate(work, work.report.frames));
    } else {
      up_to_date = IsUpToDate(work, work.job.output);
    }
    if (up_to_date) {
      work.report.state = FileReport::State::kSkipped;
      work.report.reason = "is up to date";
      return OkStatus();
    }
  }
  const uint64_t need =
      info.ok() ? EstimateMemory(info.value(), work.bytes.size(), options_.cut) : work.bytes.size();
  work.admitted = Admission(budget_, need);
  return OkStatus();
}

Status Batch::Cut(Work& work) {
  const std::string shown = ShownName(work.job.input.path, "standard input");
  auto cut = cutter_.CutBytes(work.bytes, options_.cut);
  if (!cut.ok()) return std::move(cut).status().WithContext(shown);
  Describe(*cut, work.report);
  work.bytes = std::move(cut->bytes);
  // Only the file waits to be written.
  work.admitted.ShrinkTo(work.bytes.size());
  return OkStatus();
}

void Batch::Describe(const EncodedCut& cut, FileReport& report) const {
  report.width = cut.width;
  report.height = cut.height;
  report.has_subject = cut.info.has_subject;
  report.subject_score = cut.info.subject_score;
  report.coverage = cut.info.coverage;
  report.written_frames = cut.info.frames;
  report.warning = cut.info.warning;
  report.times.insert(report.times.end(), cut.info.times.begin(), cut.info.times.end());
}

// Each frame becomes a work of its own that is handed on; what is left of `work` is the last one.
Status Batch::CutFrames(Work& work) {
  const std::string shown = ShownName(work.job.input.path, "standard input");
  auto opened = decoder_.OpenFrames(work.bytes, cutter_.DecodeOptionsFor(options_.cut));
  if (!opened.ok()) return std::move(opened).status().WithContext(shown);
  FrameReader& frames = **opened;
  work.report.frames = frames.count();
  for (int frame = 1; frame <= frames.count(); ++frame) {
    const auto where = [&](Status status) {
      return std::move(status).WithContext(shown + ", frame " + std::to_string(frame) + " of " +
                                           std::to_string(frames.count()));
    };
    if (Stopped()) return Cancelled("stopped before all pictures were done");
    const Clock::time_point start = Clock::now();
    auto picture = frames.Next();
    if (!picture.ok()) return where(std::move(picture).status());
    const double decoded_in = MillisecondsSince(start);
    auto cut = cutter_.CutPicture(*std::move(picture), options_.cut);
    if (!cut.ok()) return where(std::move(cut).status());
    auto output = FrameOutput(work.job, frame);
    if (!output.ok()) return std::move(output).status();
    const bool last = frame == frames.count();
    auto part = std::make_unique<Work>();
    Work& made = last ? work : *part;
    made.job = {work.job.input, *std::move(output)};
    made.manifest = work.manifest;
    made.content = work.content;
    made.report.input = work.report.input;
    made.report.output = made.job.output;
    made.report.input_bytes = work.report.input_bytes;
    made.report.frame = frame;
    made.report.frames = frames.count();
    if (frame == 1 && !last) made.report.times = std::exchange(work.report.times, {});
    made.report.times.emplace_back("decode", decoded_in);
    Describe(*cut, made.report);
    if (!last) {
      made.bytes = std::move(cut->bytes);
      HandToWriter(std::move(part));
      continue;
    }
    opened = std::unique_ptr<FrameReader>();  // it reads from what is replaced now
    work.bytes = std::move(cut->bytes);
    break;
  }
  return OkStatus();
}

Status Batch::Write(Work& work) {
  const std::string& output = work.job.output;
  const std::string shown = ShownName(output, "standard output");
  PEEL_RETURN_IF_ERROR(CheckCancelled(options_.cut.control.cancel).WithContext(shown));
  const Clock::time_point start = Clock::now();
  if (output != "-") PEEL_RETURN_IF_ERROR(MakeFolderOf(output).WithContext(shown));
  // A manifest that cannot be written costs work later, not this picture.
  Status noted;
  const std::string name = work.manifest != nullptr ? work.manifest->NameOf(output) : "";
  if (work.manifest != nullptr) noted = work.manifest->Begin(name);
  PEEL_RETURN_IF_ERROR(WriteFileAtomically(output, work.bytes).WithContext(shown));
  if (work.manifest != nullptr && noted.ok()) {
    noted = work.manifest->Finish(name, work.content, options_.settings);
  }
  if (!noted.ok()) AddSentence(noted.message(), &work.report.warning);
  work.report.output_bytes = work.bytes.size();
  work.report.times.emplace_back("write", MillisecondsSince(start));
  return OkStatus();
}

void Batch::End(Work& work, Status status) {
  using State = FileReport::State;
  FileReport& report = work.report;
  report.status = std::move(status);
  if (!report.status.ok()) {
    report.state =
        report.status.code() == StatusCode::kCancelled ? State::kCancelled : State::kFailed;
  } else if (report.state != State::kSkipped) {
    report.state = State::kDone;
  }
  for (const auto& [stage, milliseconds] : report.times) report.total_ms += milliseconds;
  work.bytes = {};
  work.admitted.ShrinkTo(0);
  const std::lock_guard lock(mutex_);
  if (report.state == State::kCancelled) {
    if (fatal_.ok()) fatal_ = std::move(report.status);
    return;
  }
  Status told = Caught(ShownName(report.input, "standard input"), [&] {
    done_(report);
    return OkStatus();
  });
  if (!told.ok() && trouble_.ok()) trouble_ = std::move(told);
}

void Batch::ReadAll(const std::function<std::optional<Job>()>& next) {
  bool more = true;
  while (more) {
    // Where the next picture cannot be found out, the list ends there.
    more = false;
    Guard([&] {
      std::optional<Job> job;
      Status found = Caught("the list of pictures", [&] {
        job = next();
        return OkStatus();
      });
      if (job) {
        more = true;
        more = ReadOne(*std::move(job));
      } else if (!found.ok()) {
        const std::lock_guard lock(mutex_);
        trouble_ = std::move(found);
      }
    });
  }
}

bool Batch::ReadOne(Job job) {
  auto work = std::make_unique<Work>();
  work->job = std::move(job);
  work->report.input = work->job.input.path;
  work->report.output = work->job.output;
  if (Stopped()) {
    End(*work, Cancelled("stopped before all pictures were done"));
    return false;
  }
  Status status = Try(*work, &Batch::Read);
  if (!status.ok() || work->report.state == FileReport::State::kSkipped) {
    End(*work, std::move(status));
  } else if (cutters_ > 0) {
    to_cut_.Push(std::move(work));
  } else {
    CutOne(std::move(work));
  }
  return true;
}

void Batch::CutAll() {
  while (auto work = to_cut_.Pop()) {
    Guard([&] { CutOne(*std::move(work)); });
  }
}

void Batch::CutOne(std::unique_ptr<Work> work) {
  if (Stopped()) {
    End(*work, Cancelled("stopped before all pictures were done"));
    return;
  }
  Status status = Try(*work, GoesByFrames(*work) ? &Batch::CutFrames : &Batch::Cut);
  if (status.ok()) {
    HandToWriter(std::move(work));
    return;
  }
  // A model that could not be loaded is nobody's input's fault, and is told once.
  Status model = Caught("the model", [&] { return cutter_.Wait(); });
  if (!model.ok()) {
    {
      const std::lock_guard lock(mutex_);
      fatal_ = std::move(model);
    }
    fatal_seen_.store(true, std::memory_order_relaxed);
    status = Cancelled("no model");
  }
  End(*work, std::move(status));
}

void Batch::HandToWriter(std::unique_ptr<Work> work) {
  if (writers_ > 0) {
    to_write_.Push(std::move(work));
  } else {
    WriteOne(std::move(work));
  }
}

void Batch::WriteAll() {
  while (auto work = to_write_.Pop()) {
    Guard([&] { WriteOne(*std::move(work)); });
  }
}

void Batch::WriteOne(std::unique_ptr<Work> work) {
  Status status = Try(*work, &Batch::Write);
  End(*work, std::move(status));
}

Status Batch::Run(const std::function<std::optional<Job>()>& next, size_t at_most) {
  const size_t cutters = std::min<size_t>(static_cast<size_t>(std::max(options_.jobs, 1)), at_most);
  // A writer mostly waits for the disk (fsync); several let the file system gather their wishes.
  const size_t writers = std::clamp<size_t>(cutters / 4, 1, 4);
  std::vector<std::thread> cutting, writing;
  const Status started = Caught("a thread cannot be started", [&] {
    writing.reserve(writers);
    cutting.reserve(cutters);
    for (; writers_ < writers; ++writers_) writing.emplace_back([this] { WriteAll(); });
    for (; cutters_ < cutters; ++cutters_) cutting.emplace_back([this] { CutAll(); });
    return OkStatus();
  });
  // Fewer threads have to do; what none could be had for is done by this one.
  if (!started.ok() && options_.note) {
    options_.note(started.message() + "; going on with " + std::to_string(cutters_ + writers_ + 1) +
                  " of " + std::to_string(cutters + writers + 1));
  }
  ReadAll(next);
  to_cut_.Close();
  for (std::thread& thread : cutting) thread.join();
  to_write_.Close();
  for (std::thread& thread : writing) thread.join();
  if (!fatal_.ok() && fatal_.code() != StatusCode::kCancelled) return fatal_;
  if (!trouble_.ok()) return trouble_;
  if (lost_) return OutOfMemory("there was not enough memory to say what became of some pictures");
  return fatal_;
}

}  // namespace

Status RunBatch(const Cutter& cutter, const std::vector<Job>& jobs, const BatchOptions& options,
                const std::function<void(const FileReport&)>& done) {
  size_t at = 0;
  const auto next = [&]() -> std::optional<Job> {
    if (at == jobs.size()) return std::nullopt;
    return jobs[at++];
  };
  return Batch(cutter, options, done).Run(next, std::max<size_t>(jobs.size(), 1));
}

Status RunBatch(const Cutter& cutter, const std::function<std::optional<Job>()>& next,
                const BatchOptions& options, const std::function<void(const FileReport&)>& done) {
  return Batch(cutter, options, done).Run(next, SIZE_MAX);
}

}  // namespace peel
