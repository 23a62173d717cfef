#include "apps/peel/cut_run.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "apps/peel/console.h"
#include "src/base/cancel.h"
#include "src/base/cpu.h"
#include "src/base/thread_pool.h"
#include "src/codec/decode.h"
#include "src/matte/trimap.h"
#include "src/pipeline/batch.h"
#include "src/pipeline/cutter.h"
#include "src/pipeline/files.h"
#include "src/pipeline/inputs.h"
#include "src/pipeline/outputs.h"
#include "src/pipeline/report.h"

namespace peel {
namespace {

CancelToken interrupted;
volatile std::sig_atomic_t interrupt_signal = 0;

// The first signal lets the pictures at hand end cleanly between two stages; a second one kills.
void OnSignal(int signal) {
  interrupt_signal = signal;
  interrupted.Cancel();
  std::signal(signal, SIG_DFL);
}

// The options of the library from those of the command line.
struct Plan {
  ModelOptions model;
  BatchOptions batch;
  OutputOptions output;
  Console::Progress progress = Console::Progress::kAuto;
};

// Of what was decoded from the file of --trimap.
Result<std::shared_ptr<const ImageU8>> LoadTrimap(const std::string& path, const Limits& limits) {
  PEEL_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadWholeFile(path, limits.max_bytes));
  DecodeOptions decode;
  decode.limits = limits;
  decode.reduce_to_8_bits = true;
  decode.keep_metadata = false;
  PEEL_ASSIGN_OR_RETURN(Picture picture, Decode(bytes, decode));
  PEEL_ASSIGN_OR_RETURN(ImageU8 trimap, ReadTrimap(std::as_const(*picture.u8()).view()));
  return std::make_shared<const ImageU8>(std::move(trimap));
}

// What the subject is, and how it is framed.
Status PlanPicture(const CutArguments& a, CutOptions& cut) {
  PEEL_ASSIGN_OR_RETURN(cut.edges, ParseEdges(a.edges));
  if (a.alpha_matting) {
    if (a.edges != "auto" && a.edges != "matting") {
      return InvalidArgument("-a and --edges " + a.edges + " exclude each other");
    }
    cut.edges = EdgeMode::kMatting;
  }
  cut.matting = {a.matting_foreground, a.matting_background, a.matting_erode};
  if (!a.trimap.empty()) {
    auto trimap = LoadTrimap(a.trimap, cut.limits);
    if (!trimap.ok()) return std::move(trimap).status().WithContext("--trimap " + a.trimap);
    cut.trimap = *std::move(trimap);
  }
  cut.keep_largest = a.keep == "largest";
  cut.fill_holes = a.fill_holes;
  const auto parse = [](const auto& text, const char* option, const auto& parser, auto& to) {
    auto value = parser(text);
    if (!value.ok()) return std::move(value).status().WithContext(option);
    to = *std::move(value);
    return OkStatus();
  };
  if (a.crop) {
    PEEL_RETURN_IF_ERROR(parse(*a.crop, "--crop", ParseLength, cut.crop_margin));
    if (cut.crop_margin->value < 0) return InvalidArgument("--crop: a margin is not negative");
  }
  if (a.shadow) PEEL_RETURN_IF_ERROR(parse(*a.shadow, "--shadow", ParseShadow, cut.shadow));
  if (!a.size.empty()) PEEL_RETURN_IF_ERROR(parse(a.size, "--size", ParseSize, cut.canvas));
  return parse(a.position, "--position", ParsePosition, cut.position);
}

Result<Plan> MakePlan(const CutArguments& a) {
  Plan plan;
  if (a.watch) return InvalidArgument("--watch is not in this version yet");
  if (!a.output_file.empty() && !a.output_folder.empty()) {
    return InvalidArgument("-o and -O exclude each other; give one of them");
  }
  plan.output.file = a.output_file;
  plan.output.folder = a.output_folder;
  plan.output.mask = a.mask;
  if (!a.format.empty()) {
    auto format = ParseOutputFormat(a.format);
    if (!format.ok()) return std::move(format).status().WithContext("--format");
    plan.output.format = *format;
  }
  CutOptions& cut = plan.batch.cut;
  PEEL_ASSIGN_OR_RETURN(cut.format, OutputFormat(plan.output));
  cut.quality = a.quality;
  cut.lossless = a.lossless;
  cut.mask_only = a.mask;
  cut.compat_rembg = a.compat == "rembg";
  cut.max_size = a.max_size;
  if (a.max_pixels > 0) cut.limits.max_pixels = a.max_pixels;
  cut.cancel = &interrupted;
  auto background = Background::Parse(a.background, cut.limits);
  if (!background.ok()) return std::move(background).status().WithContext("--background");
  cut.background = *std::move(background);
  if (a.background_fit == "contain") cut.background.set_fit(Background::Fit::kContain);
  PEEL_RETURN_IF_ERROR(PlanPicture(a, cut));

  plan.batch.skip_existing = a.skip_existing;
  plan.batch.make_folders = !a.output_folder.empty();
  plan.model.model = a.model;
  plan.model.threads = a.threads;
  plan.model.strict = a.strict;
  PEEL_ASSIGN_OR_RETURN(plan.model.device, ParseDevice(a.device));
  PEEL_ASSIGN_OR_RETURN(plan.model.precision, ParsePrecision(a.precision));
  if (a.progress == "always") plan.progress = Console::Progress::kAlways;
  if (a.progress == "never") plan.progress = Console::Progress::kNever;
  return plan;
}

// One picture a processor keeps all of them busy with the least waiting; what --jobs says wins.
int JobsFor(const CutArguments& a, size_t pictures) {
  const int threads = a.threads > 0 ? a.threads : AvailableCpus();
  const int wanted = a.jobs > 0 ? a.jobs : std::min(threads, 8);
  return static_cast<int>(
      std::clamp<size_t>(static_cast<size_t>(wanted), 1, std::max<size_t>(pictures, 1)));
}

std::string Shown(const FileReport& report) {
  return report.input == "-" ? "standard input" : report.input;
}

void Tell(Console& console, const FileReport& report, const CutArguments& a) {
  switch (report.state) {
    case FileReport::State::kFailed:
      console.Error(report.status.message());
      break;
    case FileReport::State::kSkipped:
      console.Detail(fmt::format("{}: {} is there already, skipped", Shown(report), report.output));
      break;
    case FileReport::State::kCancelled:
      break;
    case FileReport::State::kDone: {
      if (!report.warning.empty()) {
        console.Warn(fmt::format("{}: {}", Shown(report), report.warning));
      }
      if (!report.has_subject && a.compat.empty()) {
        console.Warn(fmt::format("{}: no subject found (score {:.2f}); the {} is empty",
                                 Shown(report), report.subject_score, a.mask ? "mask" : "cut-out"));
      }
      std::string stages;
      for (const auto& [stage, milliseconds] : report.times) {
        stages += fmt::format(" {} {:.1f}", stage, milliseconds);
      }
      console.Detail(fmt::format("{} -> {} ({}x{}, {}, subject {:.0f} %) in {:.1f} ms:{}",
                                 Shown(report), report.output, report.width, report.height,
                                 HumanBytes(report.output_bytes), report.coverage * 100,
                                 report.total_ms, stages));
      break;
    }
  }
  console.Step(Shown(report));
}

// In the order of the command line, not of completion.
void SortLike(const std::vector<Input>& inputs, std::vector<FileReport>& reports) {
  std::map<std::string, size_t> place;
  for (size_t i = 0; i < inputs.size(); ++i) place.emplace(inputs[i].path, i);
  std::ranges::stable_sort(reports, {}, [&](const FileReport& report) {
    const auto it = place.find(report.input);
    return it == place.end() ? inputs.size() : it->second;
  });
}

FileReport Failure(const Status& status) {
  FileReport report;
  const std::string& message = status.message();
  report.input = message.substr(0, message.find(": "));
  report.status = status;
  return report;
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

  auto planned = MakePlan(a);
  if (!planned.ok()) return usage(planned.status());
  Plan plan = *std::move(planned);
  InputList list = ExpandInputs(a.inputs, a.recursive);
  auto jobs = PlanOutputs(list.inputs, plan.output);
  if (!jobs.ok()) return usage(jobs.status());
  const bool to_stdout =
      std::ranges::any_of(jobs->jobs, [](const Job& job) { return job.output == "-"; });
  if (to_stdout && isatty(STDOUT_FILENO)) {
    return usage(InvalidArgument(
        "standard output is a terminal; send it to a file or program, or give -o FILE"));
  }
  if (list.own_outputs_skipped > 0) {
    console.Detail(fmt::format("{} earlier outputs (*.cut.*, *.mask.*) are not cut out again",
                               list.own_outputs_skipped));
  }

  std::vector<FileReport> reports;
  for (const auto* errors : {&list.errors, &jobs->errors}) {
    for (const Status& error : *errors) {
      console.Error(error.message());
      reports.push_back(Failure(error));
    }
  }
  size_t failed = reports.size(), done = 0, skipped = 0;

  plan.batch.jobs = JobsFor(a, jobs->jobs.size());
  plan.model.threads = a.threads;
  plan.model.jobs = plan.batch.jobs;
  std::unique_ptr<Cutter> cutter;
  Status outcome;
  if (!jobs->jobs.empty()) {
    if (const std::string note = CpuNote(); !note.empty()) console.Warn(note);
    std::signal(SIGINT, OnSignal);
    std::signal(SIGTERM, OnSignal);
    std::signal(SIGHUP, OnSignal);
    cutter = Cutter::Start(plan.model);
    console.StartProgress(plan.progress, static_cast<int>(jobs->jobs.size()));
    bool model_told = false;
    outcome = RunBatch(*cutter, jobs->jobs, plan.batch, [&](const FileReport& report) {
      // Loaded by now, unless the pictures were skipped: then there is nothing to wait for.
      if (!model_told && report.state == FileReport::State::kDone) {
        model_told = true;
        const ModelInfo& info = cutter->info();
        if (!info.warning.empty()) console.Warn(info.warning);
        console.Detail(
            fmt::format("model {} {}, {} {} with {} threads, {} jobs, loaded in {:.1f} ms",
                        info.name, info.path, info.device, info.precision_detail, info.threads,
                        plan.batch.jobs, info.load_ms));
      }
      Tell(console, report, a);
      failed += report.state == FileReport::State::kFailed;
      done += report.state == FileReport::State::kDone;
      skipped += report.state == FileReport::State::kSkipped;
      reports.push_back(report);
    });
    console.EndProgress();
  }

  const bool stopped = outcome.code() == StatusCode::kCancelled;
  if (!outcome.ok() && !stopped) {
    console.Error(outcome.message());
    return kExitNothing;
  }
  if (!a.report.empty()) {
    SortLike(list.inputs, reports);
    const ModelInfo* info = done > 0 ? &cutter->info() : nullptr;
    const std::string text = ReportJson(reports, info);
    const Status written = WriteFileAtomically(
        a.report, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
    if (!written.ok()) {
      console.Error(a.report + ": " + written.message());
      return kExitSomeFailed;
    }
  }
  if (stopped) {
    console.Note(
        fmt::format("interrupted: {} of {} pictures are done; run it again with "
                    "--skip-existing to finish the rest",
                    done + skipped, jobs->jobs.size()));
    std::signal(interrupt_signal, SIG_DFL);
    std::raise(interrupt_signal);
  }
  if (jobs->jobs.size() + failed > 1 && (failed > 0 || console.verbose())) {
    console.Note(fmt::format("{} done, {} skipped, {} failed", done, skipped, failed));
  }
  return failed > 0 ? kExitSomeFailed : kExitDone;
}

}  // namespace peel
