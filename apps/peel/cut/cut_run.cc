#include "apps/peel/cut/cut_run.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "apps/peel/console.h"
#include "apps/peel/cut/cut_messages.h"
#include "apps/peel/cut/cut_plan.h"
#include "apps/peel/cut/pdf_output.h"
#include "apps/peel/isolation.h"
#include "apps/peel/run_parts.h"
#include "apps/peel/settings_hash.h"
#include "src/base/caught.h"
#include "src/base/os/file.h"
#include "src/base/os/interrupt.h"
#include "src/base/os/terminal.h"
#include "src/pipeline/cut/cutter.h"
#include "src/pipeline/folder/batch.h"
#include "src/pipeline/folder/inputs.h"
#include "src/pipeline/folder/outputs.h"
#include "src/pipeline/folder/own_results.h"
#include "src/pipeline/folder/report.h"
#include "src/pipeline/folder/watch.h"

namespace peel {
namespace {

FileReport Skipped(const PassedOver& passed) {
  FileReport report;
  report.input = passed.input.path;
  report.state = FileReport::State::kSkipped;
  report.reason = passed.reason;
  return report;
}

FileReport Failure(const InputFailure& failure) {
  FileReport report;
  report.input = failure.input.path;
  report.status = failure.status;
  return report;
}

bool NamesFolder(const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [](const std::string& name) {
    std::error_code error;
    return name != "-" && std::filesystem::is_directory(name, error);
  });
}

// A run of `cut` once its command line has been understood.
class CutRun {
 public:
  CutRun(const CutArguments& a, Plan plan, Console& console, ReportSink report)
      : a_(a),
        plan_(std::move(plan)),
        console_(console),
        report_(std::move(report)),
        manifests_(a.output_folder,
                   plan_.shard.count > 1
                       ? fmt::format("{}-of-{}", plan_.shard.index, plan_.shard.count)
                       : "") {}

  int OnList(InputList list, JobList jobs, std::unique_ptr<PdfOutput> pdf);
  int OnWatch(OutputPlanner planner);

 private:
  void Prepare(size_t pictures);  // everything before the first picture
  void Add(const FileReport& report);
  void Fail(const InputFailure& failure);
  void PassOver(const PassedOver& passed, bool tell);
  void PassOverOwnResults(const InputTable& results);
  void Report(const FileReport& report);
  void FinishPdf(Status* outcome);
  int End(const Status& outcome, InputTable inputs, size_t pictures);

  const CutArguments& a_;
  Plan plan_;
  Console& console_;
  ReportSink report_;
  ManifestSet manifests_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<Cutter> cutter_;
  std::unique_ptr<PdfOutput> pdf_;
  bool model_told_ = false;
  size_t done_ = 0, skipped_ = 0, failed_ = 0;
};

void CutRun::Prepare(size_t pictures) {
  plan_.batch.stop = &Interrupted();
  plan_.batch.cut.control.stop = &Interrupted();  // an animation may be long
  if (pictures > 1) KeepMemoryFlat();
  plan_.batch.jobs = JobsFor(a_, pictures);
  plan_.model.threads = a_.threads;
  plan_.model.jobs = plan_.batch.jobs;
  decoder_ = MakeDecoder(pictures, plan_.batch.jobs, console_);
  plan_.batch.cut.decode.decoder = decoder_.get();
  // A folder of results remembers what they were made from; beside the sources only on demand.
  if (plan_.batch.skip_existing || (!a_.output_folder.empty() && NamesFolder(a_.inputs))) {
    plan_.batch.settings = SettingsHash(PEEL_VERSION, a_.settings, a_.model);
    plan_.batch.manifest = [this](const Job& job) { return manifests_.For(job); };
  }
  CatchInterrupts();
  cutter_ = Cutter::Start(plan_.model);
}

void CutRun::Add(const FileReport& report) {
  // Loaded by now, unless the pictures were skipped: then there is nothing to wait for.
  // Corners by hand need none, so that it may be missing.
  if (!model_told_ && report.state == FileReport::State::kDone && cutter_->Wait().ok()) {
    model_told_ = true;
    TellModel(cutter_->info(), plan_.batch.jobs, console_);
  }
  Tell(console_, report, a_);
  failed_ += report.state == FileReport::State::kFailed;
  done_ += report.state == FileReport::State::kDone;
  skipped_ += report.state == FileReport::State::kSkipped;
  Report(report);
}

void CutRun::Report(const FileReport& report) {
  const Status written = report_.Add(report, model_told_ ? &cutter_->info() : nullptr);
  if (!written.ok()) {
    ++failed_;
    console_.Error(written.message());
  }
}

void CutRun::Fail(const InputFailure& failure) { Add(Failure(failure)); }

// Never in silence, and no input that counts.
void CutRun::PassOver(const PassedOver& passed, bool tell) {
  const std::string text =
      fmt::format("{}: passed over, as it {}", passed.input.path, passed.reason);
  if (tell) {
    console_.Note(text);
  } else {
    console_.Detail(text);
  }
  Report(Skipped(passed));
}

void CutRun::PassOverOwnResults(const InputTable& results) {
  if (results.empty()) return;
  if (!console_.verbose()) {
    console_.Note(fmt::format(
        "{} earlier {} of Peel's own, such as {}, {} not cut out again; a picture that is named "
        "itself always is",
        results.size(), results.size() == 1 ? "result" : "results", results[0].path,
        results.size() == 1 ? "is" : "are"));
  }
  if (!console_.verbose() && a_.report.empty()) return;
  OwnResults own;
  for (const Input& input : results) {
    if (plan_.shard.Has(input)) PassOver({input, own.Reason(input.path)}, /*tell=*/false);
  }
}

// A run that was stopped, or whose PDF cannot be written, leaves none.
void CutRun::FinishPdf(Status* outcome) {
  if (pdf_ == nullptr || (!outcome->ok() && Interrupted().cancelled())) return;
  const Status written = pdf_->Finish();
  if (!written.ok()) {
    *outcome = OkStatus();
    ++failed_;
    console_.Error(written.message());
  } else if (pdf_->pages() == 0) {
    console_.Warn(plan_.pdf + ": is not written, as it would have no page");
  }
}

int CutRun::End(const Status& outcome, InputTable inputs, size_t pictures) {
  console_.EndProgress();
  if (!report_.needs_order()) inputs = {};
  decoder_.reset();
  const bool stopped = outcome.code() == StatusCode::kCancelled;
  if (!outcome.ok() && !stopped) {
    console_.Error(outcome.message());
    if (done_ + skipped_ + failed_ == 0) return kExitNothing;
    ++failed_;
  }
  if (const Status status = manifests_.Compact(); !status.ok()) console_.Warn(status.message());
  const Status written = report_.Finish(inputs, model_told_ ? &cutter_->info() : nullptr);
  if (!written.ok()) {
    console_.Error(written.message());
    return kExitSomeFailed;
  }
  if (stopped && !a_.watch) {
    console_.Note(
        fmt::format("interrupted: {} of {} pictures are done; run it again with "
                    "--skip-existing to finish the rest",
                    done_ + skipped_, pictures));
    DieOfInterrupt();
  }
  if (a_.watch || (pictures + failed_ > 1 && (failed_ > 0 || console_.verbose()))) {
    console_.Note(fmt::format("{} done, {} skipped, {} failed", done_, skipped_, failed_));
  }
  return failed_ > 0 ? kExitSomeFailed : kExitDone;
}

int CutRun::OnList(InputList list, JobList jobs, std::unique_ptr<PdfOutput> pdf) {
  pdf_ = std::move(pdf);
  const Shard shard = plan_.shard;
  if (shard.count > 1) jobs.jobs.Filter([&](const Job& job) { return shard.Has(job.input); });
  for (const PassedOver& passed : list.passed_over) {
    if (shard.Has(passed.input)) PassOver(passed, /*tell=*/true);
  }
  PassOverOwnResults(list.own_results);
  for (const std::vector<InputFailure>* failures : {&list.errors, &jobs.errors}) {
    for (const InputFailure& failure : *failures) {
      if (shard.Has(failure.input)) Fail(failure);
    }
  }
  Status outcome;
  const size_t count = jobs.jobs.size();
  if (count > 0) {
    Prepare(count);
    // A single picture may as well be given up between two stages.
    if (count == 1) plan_.batch.cut.control.cancel = &Interrupted();
    plan_.batch.frame_output = [&](const Job& job, int frame) {
      return jobs.planner->PlanFrame(job, frame);
    };
    if (pdf_ != nullptr) {
      plan_.batch.page = [&](const Job& job, int part, const EncodedCut& cut) {
        return pdf_->Add(job, part, cut);
      };
    }
    plan_.batch.note = [&](const std::string& text) { console_.Warn(text); };
    console_.StartProgress(plan_.progress, static_cast<int>(count));
    size_t at = 0;
    const auto next = [&]() -> std::optional<Job> {
      if (at == count) return std::nullopt;
      return jobs.jobs[at++];
    };
    outcome = RunBatch(*cutter_, next, plan_.batch, [&](const FileReport& report) { Add(report); });
    FinishPdf(&outcome);
  }
  jobs = {};  // makes room for what the end takes
  return End(outcome, std::move(list.inputs), count);
}

int CutRun::OnWatch(OutputPlanner planner) {
  FolderWatcher::Options options;
  options.folders = a_.inputs;
  options.recursive = a_.recursive;
  std::mutex mutex;     // Add is called by the batch's threads and, for refused pictures, by `next`
  std::mutex planning;  // PlanFrame is called by the batch's threads
  options.passed_over = [&](const PassedOver& passed) {
    const std::lock_guard lock(mutex);
    PassOver(passed, /*tell=*/!LooksLikeOutput(passed.input.path) || console_.verbose());
  };
  options.made_now = [&](const std::string& path) {
    const std::lock_guard lock(planning);
    return planner.Has(path);
  };
  auto started = FolderWatcher::Start(options);
  if (!started.ok()) {
    console_.Error(started.status().message());
    return ExitCodeFor(started.status());
  }
  FolderWatcher& watcher = **started;
  Prepare(SIZE_MAX);
  console_.Note(fmt::format("watching {} {}; Ctrl-C ends", watcher.folder_count(),
                            watcher.folder_count() == 1 ? "folder" : "folders"));
  plan_.batch.frame_output = [&](const Job& job, int frame) {
    const std::lock_guard lock(planning);
    return planner.PlanFrame(job, frame);
  };
  const auto next = [&]() -> std::optional<Job> {
    while (auto input = watcher.Next(&Interrupted())) {
      if (!plan_.shard.Has(*input)) {
        watcher.Finished(input->path);
        continue;
      }
      auto job = Caught(input->path, [&] {
        const std::lock_guard lock(planning);
        planner.Vacate(*input);
        return planner.Plan(*input);
      });
      if (job.ok()) return *std::move(job);
      watcher.Finished(input->path);
      const std::lock_guard lock(mutex);
      Fail({*input, job.status()});
    }
    return std::nullopt;
  };
  const Status outcome = RunBatch(*cutter_, next, plan_.batch, [&](const FileReport& report) {
    if (report.last) watcher.Finished(report.input);
    const std::lock_guard lock(mutex);
    std::error_code error;
    if (report.status.code() == StatusCode::kNotFound &&
        !std::filesystem::exists(report.input, error)) {
      console_.Detail(report.input + ": is gone again");
    } else {
      Add(report);
    }
  });
  if (!watcher.status().ok()) console_.Error(watcher.status().message());
  const int code = End(outcome, {}, 0);
  return watcher.status().ok() ? code : std::max<int>(code, kExitSomeFailed);
}

}  // namespace

int RunCut(const CutArguments& a) {
  Console console;
  console.set_quiet(a.quiet);
  console.set_verbose(a.verbose && !a.quiet);
  const auto usage = [&](const Status& status) {
    console.Error(status.message());
    return kExitUsage;
  };

  const ReportStyle style = a.straighten ? ReportStyle::kRectify : ReportStyle::kCut;
  auto plan = MakePlan(a);
  if (!plan.ok()) return usage(plan.status());
  if (a.watch) {
    auto planner = OutputPlanner::Create(plan->output);
    if (!planner.ok()) return usage(planner.status());
    if (!a.output_file.empty()) {
      return usage(InvalidArgument("--watch writes many files; give a folder with -O, not -o"));
    }
    auto report = ReportSink::Create(a.report, a.output_folder, style);
    if (!report.ok()) return usage(report.status());
    return CutRun(a, *std::move(plan), console, *std::move(report)).OnWatch(*std::move(planner));
  }

  InputList list = ExpandInputs(a.inputs, a.recursive);
  auto jobs = PlanOutputs(list.inputs, plan->output);
  if (!jobs.ok()) return usage(jobs.status());
  if (jobs->to_standard_output && IsTerminal(kStandardOutput)) {
    return usage(InvalidArgument(
        "standard output is a terminal; send it to a file or program, or give -o FILE"));
  }
  if (jobs->planner->IsInput(a.report)) {
    return usage(InvalidArgument(a.report + ": is an input; give --report another name"));
  }
  auto report = ReportSink::Create(a.report, a.output_folder, style);
  if (!report.ok()) {
    console.Error(report.status().message());
    return kExitSomeFailed;
  }
  std::unique_ptr<PdfOutput> pdf;
  if (!plan->pdf.empty()) {
    auto created = PdfOutput::Create(plan->pdf);
    if (!created.ok()) {
      console.Error(created.status().message());
      return kExitSomeFailed;
    }
    pdf = *std::move(created);
  }
  return CutRun(a, *std::move(plan), console, *std::move(report))
      .OnList(std::move(list), *std::move(jobs), std::move(pdf));
}

}  // namespace peel
