#include "apps/peel/scan/tune_command.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/isolation.h"
#include "apps/peel/output.h"
#include "apps/peel/run_parts.h"
#include "apps/peel/scan/scan_arguments.h"
#include "apps/peel/scan/scan_config.h"
#include "src/base/os/interrupt.h"
#include "src/library/scan_trial.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
Pictures at a time, batches of 1 to 24 and precisions are tried on a sample of the folder's pictures. What is
fastest goes into FOLDER/.peel/optimized_config.yaml, which scans of the folder then take. Precision below
fp32 is taken only where the labels agree to 99.5 % and the embeddings' cosine is 0.999 or more.)";

struct TuneArguments {
  ScanArguments scan;
  bool json = false;
};

std::string LineOf(const library::TunedTrial& trial) {
  const std::string how =
      fmt::format("jobs {}, batch {}, {}", trial.jobs, trial.batch, trial.precision);
  if (!trial.refused.empty()) return fmt::format("{}: not taken: {}", how, trial.refused);
  return fmt::format("{}: {:.1f} pictures/s, {}", how, trial.pictures_per_second,
                     HumanBytes(trial.peak_memory));
}

nlohmann::ordered_json JsonOf(const library::TunedTrial& trial) {
  return {{"jobs", trial.jobs},
          {"batch", trial.batch},
          {"precision", trial.precision},
          {"pictures_per_second", trial.pictures_per_second},
          {"peak_memory", trial.peak_memory},
          {"refused", trial.refused}};
}

int RunTune(const TuneArguments& a) {
  Console console;
  console.set_quiet(a.scan.quiet);
  const auto fail = [&](const Status& status) {
    console.Error(status.message());
    return ExitCodeFor(status);
  };
  TunedScan tuned;
  tuned.path = TunedScanPath(a.scan.inputs);
  if (tuned.path.empty()) {
    return fail(InvalidArgument("give the folder that is to be tuned for"));
  }
  // What an earlier tuning has found is found out anew.
  Result<library::ScanOptions> made = MakeScanOptions(a.scan);
  if (!made.ok()) return fail(made.status());
  KeepMemoryFlat();
  const std::unique_ptr<Decoder> decoder = MakeDecoder(SIZE_MAX, made->jobs, console);
  made->decoder = decoder.get();
  made->stop = &Interrupted();
  CatchInterrupts();
  const auto sample = library::PickSample(*made, static_cast<size_t>(a.scan.sample));
  if (!sample.ok()) return fail(sample.status());
  std::vector<std::string> lines = {fmt::format("{} pictures a trial", sample->size())};
  const auto choice = library::Tune(*sample, *made, [&](const library::TunedTrial& trial) {
    lines.push_back(LineOf(trial));
    console.Note(lines.back());
  });
  if (!choice.ok()) return fail(choice.status());
  tuned.jobs = choice->best.jobs;
  tuned.batch = choice->best.batch;
  tuned.precision = choice->best.precision;
  if (const Status written = WriteTunedScan(tuned, lines); !written.ok()) return fail(written);
  if (a.json) {
    nlohmann::ordered_json trials = nlohmann::ordered_json::array();
    for (const library::TunedTrial& trial : choice->trials) trials.push_back(JsonOf(trial));
    Print("{}\n", nlohmann::ordered_json{{"best", JsonOf(choice->best)},
                                         {"trials", trials},
                                         {"pictures", sample->size()},
                                         {"file", OneLine(tuned.path)}}
                      .dump(2));
  } else {
    Print("{}\nkept in {}\n", LineOf(choice->best), OneLine(tuned.path));
  }
  return kExitDone;
}

}  // namespace

void AddScanTuneCommand(Command& scan, int* exit_code) {
  Command tune = scan.AddCommand("tune", "Find what is fastest for a folder on this machine");
  tune.Footer(kFooter);
  auto arguments = std::make_shared<TuneArguments>();
  tune.AddOption("DIR", arguments->scan.inputs, "The folder").Required();
  tune.AddOption("--sample", arguments->scan.sample, "Pictures that are tried; default 64")
      .Range(1, 10'000)
      .Group("Run");
  AddScanRunOptions(tune, arguments->scan);
  tune.AddFlag("--json", arguments->json, "Print the trials as JSON").Group("Output");
  tune.OnParsed([arguments, exit_code] { *exit_code = RunTune(*arguments); });
}

}  // namespace peel
