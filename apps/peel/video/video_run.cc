#include "apps/peel/video/video_run.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "apps/peel/console.h"
#include "apps/peel/run_parts.h"
#include "apps/peel/settings_hash.h"
#include "apps/peel/video/video_messages.h"
#include "apps/peel/video/video_plan.h"
#include "apps/peel/video/video_progress.h"
#include "src/base/caught.h"
#include "src/base/hash.h"
#include "src/base/os/file.h"
#include "src/base/os/files.h"
#include "src/base/os/interrupt.h"
#include "src/base/os/temporary_files.h"
#include "src/base/os/unique_fd.h"
#include "src/base/sentences.h"
#include "src/base/thread_pool.h"
#include "src/pipeline/folder/own_results.h"
#include "src/pipeline/folder/up_to_date.h"
#include "src/video/extract_frames.h"
#include "src/video/media/ffmpeg_tools.h"
#include "src/video/video_cutter.h"

namespace peel {
namespace {

namespace fs = std::filesystem;
using video::VideoResult;

// A hash of a film's content, read in pieces; 0 where it cannot be read, which matches nothing.
uint64_t ContentHash(const std::string& path) {
  const UniqueFd file(OpenFile(path, kOpenRead));
  if (!file) return 0;
  std::vector<uint8_t> buffer(size_t{4} << 20);
  uint64_t hash = 1;
  for (uint64_t at = 0;;) {
    if (Interrupted().cancelled()) return 0;
    const ptrdiff_t got = ReadAt(file.get(), buffer.data(), buffer.size(), at);
    if (got < 0) return 0;
    if (got == 0) return hash;
    hash = Hash64({buffer.data(), static_cast<size_t>(got)}, hash);
    at += static_cast<uint64_t>(got);
  }
}

bool NamesFolder(const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [](const std::string& name) {
    std::error_code error;
    return fs::is_directory(name, error);
  });
}

// A run of `video` once its command line has been understood: one film after another, each with all
// of the threads.
class VideoRun {
 public:
  VideoRun(const VideoArguments& a, VideoPlan plan, Console& console, ReportSink report)
      : a_(a),
        plan_(std::move(plan)),
        console_(console),
        report_(std::move(report)),
        progress_(plan_.progress, a.cut.quiet),
        manifests_(a.cut.output_folder,
                   plan_.shard.count > 1
                       ? fmt::format("{}-of-{}", plan_.shard.index, plan_.shard.count)
                       : "") {}

  int OnList(InputList list, JobList jobs);

 private:
  void Prepare();
  Status LoadModel();
  FileReport Work(const Job& job);  // kCancelled ends the run, for the status's reason
  Status CutFilm(const Job& job, FileReport& report);
  Status TakeFrames(const Job& job, FileReport& report);
  Status MakeFolderOf(const std::string& path);
  void TellPassedOver(const InputList& list);
  void PassOver(const PassedOver& passed);
  void Add(const FileReport& report);
  void Report(const FileReport& report);
  int End(const Status& outcome, const InputTable& inputs, size_t films);

  const VideoArguments& a_;
  VideoPlan plan_;
  Console& console_;
  ReportSink report_;
  VideoProgressLine progress_;
  ManifestSet manifests_;
  bool remembers_ = false;
  uint64_t settings_ = 0;
  std::unique_ptr<video::VideoCutter> cutter_;
  std::unique_ptr<ThreadPool> pool_;  // of frames that are taken out
  std::set<std::string> folders_;     // made and tidied already
  size_t done_ = 0, skipped_ = 0, failed_ = 0;
};

void VideoRun::Prepare() {
  KeepMemoryFlat();
  plan_.video.cancel = &Interrupted();
  // A folder of results remembers what they were made from; beside the sources only on demand.
  remembers_ =
      a_.cut.skip_existing || (!a_.cut.output_folder.empty() && NamesFolder(a_.cut.inputs));
  if (remembers_) settings_ = SettingsHash(PEEL_VERSION, a_.cut.settings, a_.cut.model);
  plan_.video.progress = [this](const video::VideoProgress& now) {
    progress_.Show(now);
    return !Interrupted().cancelled();
  };
  CatchInterrupts();
}

Status VideoRun::LoadModel() {
  if (cutter_ != nullptr) return OkStatus();
  PEEL_ASSIGN_OR_RETURN(
      cutter_, Caught("the model", [&] { return video::VideoCutter::Create(plan_.model); }));
  TellModel(cutter_->info(), cutter_->jobs(), console_);
  return OkStatus();
}

Status VideoRun::MakeFolderOf(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  if (!folders_.insert(folder).second) return OkStatus();
  if (!a_.cut.output_folder.empty()) {
    PEEL_RETURN_IF_ERROR(CreateFolders(folder).WithContext(path));
  }
  RemoveStaleTemporaries(folder.empty() ? "." : folder);
  return OkStatus();
}

Status VideoRun::CutFilm(const Job& job, FileReport& report) {
  PEEL_ASSIGN_OR_RETURN(const VideoResult result,
                        cutter_->Cut(job.input.path, job.output, plan_.video));
  FilmFacts& film = report.film.emplace();
  film.frames = result.frames;
  film.seconds = result.seconds;
  film.container = video::ContainerWord(result.container);
  film.codec = video::VideoCodecName(result.codec);
  film.has_alpha = result.has_alpha;
  film.has_sound = result.has_sound;
  film.steady = video::SteadyName(result.steady);
  report.width = result.width;
  report.height = result.height;
  report.output_bytes = result.output_bytes;
  report.has_subject = result.has_subject;
  report.subject_score = result.subject_score;
  report.coverage = result.coverage;
  report.warning = result.warning;
  for (const auto& [stage, seconds] : result.stages)
    report.times.emplace_back(stage, seconds * 1e3);
  report.total_ms = result.total_seconds * 1e3;
  return OkStatus();
}

Status VideoRun::TakeFrames(const Job& job, FileReport& report) {
  if (pool_ == nullptr) pool_ = std::make_unique<ThreadPool>(a_.cut.threads);
  video::ExtractOptions options;
  options.which = *plan_.frames;
  options.frames = plan_.video.frames;
  options.format = plan_.frame_format;
  options.quality = plan_.frame_quality;
  options.pool = pool_.get();
  options.cancel = &Interrupted();
  options.progress = plan_.video.progress;
  const fs::path list(job.output);
  const std::string name = list.filename().string();
  const std::string stem = name.substr(0, name.size() - plan_.output.suffix->size());
  PEEL_ASSIGN_OR_RETURN(
      const video::ExtractResult result,
      video::ExtractFrames(job.input.path, list.parent_path().string(), stem, options));
  FilmFacts& film = report.film.emplace();
  film.frames = result.frames;
  film.frame_list = result.list;
  report.has_subject = true;  // nobody has looked for one
  report.width = result.width;
  report.height = result.height;
  report.output_bytes = result.output_bytes;
  report.warning = result.warning;
  report.total_ms = result.total_seconds * 1e3;
  return OkStatus();
}

FileReport VideoRun::Work(const Job& job) {
  FileReport report;
  report.input = job.input.path;
  report.output = job.output;
  std::error_code error;
  const auto size = fs::file_size(job.input.path, error);
  report.input_bytes = error ? 0 : size;
  Manifest* const manifest = remembers_ ? manifests_.For(job) : nullptr;
  const uint64_t content = manifest != nullptr ? ContentHash(job.input.path) : 0;
  if (a_.cut.skip_existing && fs::exists(job.output, error) &&
      IsUpToDate(job.input.path, job.output, manifest, content, settings_)) {
    report.state = FileReport::State::kSkipped;
    report.reason = "is up to date";
    return report;
  }
  if (Status model = plan_.frames ? OkStatus() : LoadModel(); !model.ok()) {
    report.state = FileReport::State::kCancelled;  // no film's fault
    report.status = std::move(model);
    return report;
  }
  Status noted;
  const std::string name = manifest != nullptr ? manifest->NameOf(job.output) : "";
  report.status = [&]() -> Status {
    PEEL_RETURN_IF_ERROR(MakeFolderOf(job.output));
    if (manifest != nullptr) noted = manifest->Begin(name);
    return plan_.frames ? TakeFrames(job, report) : CutFilm(job, report);
  }();
  if (report.status.ok()) {
    report.state = FileReport::State::kDone;
    if (manifest != nullptr && noted.ok()) noted = manifest->Finish(name, content, settings_);
    if (!noted.ok()) AddSentence(noted.message(), &report.warning);
  } else if (report.status.code() == StatusCode::kCancelled) {
    report.state = FileReport::State::kCancelled;
  }
  return report;
}

void VideoRun::Add(const FileReport& report) {
  progress_.Clear();
  TellFilm(console_, report, a_);
  done_ += report.state == FileReport::State::kDone;
  skipped_ += report.state == FileReport::State::kSkipped;
  failed_ += report.state == FileReport::State::kFailed;
  Report(report);
}

void VideoRun::Report(const FileReport& report) {
  const Status written = report_.Add(report, cutter_ != nullptr ? &cutter_->info() : nullptr);
  if (!written.ok()) {
    ++failed_;
    console_.Error(written.message());
  }
}

void VideoRun::PassOver(const PassedOver& passed) {
  FileReport report;
  report.input = passed.input.path;
  report.state = FileReport::State::kSkipped;
  report.reason = passed.reason;
  Report(report);
}

// Never in silence, and no input that counts.
void VideoRun::TellPassedOver(const InputList& list) {
  for (const PassedOver& passed : list.passed_over) {
    if (!plan_.shard.Has(passed.input)) continue;
    console_.Note(fmt::format("{}: passed over, as it {}", passed.input.path, passed.reason));
    PassOver(passed);
  }
  if (list.own_results.empty()) return;
  OwnResults own;
  for (const Input input : list.own_results) {
    if (!a_.cut.report.empty() && plan_.shard.Has(input)) {
      PassOver({input, own.Reason(input.path)});
    }
  }
  console_.Note(fmt::format(
      "{} earlier {} of Peel's own, such as {}, {} not cut out again; a film that is named itself "
      "always is",
      list.own_results.size(), list.own_results.size() == 1 ? "result" : "results",
      list.own_results[0].path, list.own_results.size() == 1 ? "is" : "are"));
}

int VideoRun::End(const Status& outcome, const InputTable& inputs, size_t films) {
  progress_.Clear();
  const bool stopped = outcome.code() == StatusCode::kCancelled;
  if (!outcome.ok() && !stopped) {
    console_.Error(outcome.message());
    if (done_ + skipped_ + failed_ == 0) return kExitNothing;
    ++failed_;
  }
  if (const Status status = manifests_.Compact(); !status.ok()) console_.Warn(status.message());
  const Status written = report_.Finish(inputs, cutter_ != nullptr ? &cutter_->info() : nullptr);
  if (!written.ok()) {
    console_.Error(written.message());
    return kExitSomeFailed;
  }
  if (stopped) {
    console_.Note(films == 1 ? std::string("interrupted: nothing is written")
                             : fmt::format("interrupted: {} of {} films are done; run it again "
                                           "with --skip-existing to finish the rest",
                                           done_ + skipped_, films));
    DieOfInterrupt();
  }
  if (done_ + skipped_ + failed_ > 1 && (failed_ > 0 || console_.verbose())) {
    console_.Note(fmt::format("{} done, {} skipped, {} failed", done_, skipped_, failed_));
  }
  return failed_ > 0 ? kExitSomeFailed : kExitDone;
}

int VideoRun::OnList(InputList list, JobList jobs) {
  if (plan_.shard.count > 1) {
    jobs.jobs.Filter([&](const Job& job) { return plan_.shard.Has(job.input); });
  }
  TellPassedOver(list);
  for (const std::vector<InputFailure>* failures : {&list.errors, &jobs.errors}) {
    for (const InputFailure& failure : *failures) {
      if (!plan_.shard.Has(failure.input)) continue;
      FileReport report;
      report.input = failure.input.path;
      report.status = failure.status;
      Add(report);
    }
  }
  Prepare();
  Status outcome;
  size_t number = 0;
  const size_t count = jobs.jobs.size();
  for (const Job job : jobs.jobs) {
    ++number;
    if (outcome = CheckCancelled(&Interrupted()); !outcome.ok()) break;
    progress_.Begin(count > 1 ? fmt::format("{}/{} ", number, count) : "", job.input.path);
    const FileReport report = Work(job);
    if (report.state == FileReport::State::kCancelled) {
      outcome = report.status;
      break;
    }
    Add(report);
  }
  return End(outcome, list.inputs, count);
}

}  // namespace

int RunVideo(const VideoArguments& a) {
  Console console;
  console.set_quiet(a.cut.quiet);
  console.set_verbose(a.cut.verbose && !a.cut.quiet);
  const auto usage = [&](const Status& status) {
    console.Error(status.message());
    return kExitUsage;
  };
  auto plan = MakeVideoPlan(a);
  if (!plan.ok()) return usage(plan.status());
  InputList list = ExpandInputs(a.cut.inputs, a.cut.recursive, InputKind::kFilms);
  // Without it no film at all can be done.
  if (const auto tools = video::FindFfmpeg(); !tools.ok()) {
    console.Error(tools.status().message());
    return kExitNothing;
  }
  if (a.info) return PrintInfos(list, console);
  auto jobs = PlanOutputs(list.inputs, plan->output);
  if (!jobs.ok()) return usage(jobs.status());
  if (jobs->planner->IsInput(a.cut.report)) {
    return usage(InvalidArgument(a.cut.report + ": is an input; give --report another name"));
  }
  auto report = ReportSink::Create(a.cut.report, a.cut.output_folder, ReportStyle::kCut);
  if (!report.ok()) {
    console.Error(report.status().message());
    return kExitSomeFailed;
  }
  return VideoRun(a, *std::move(plan), console, *std::move(report))
      .OnList(std::move(list), *std::move(jobs));
}

}  // namespace peel
