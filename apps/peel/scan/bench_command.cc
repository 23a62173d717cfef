#include "apps/peel/scan/bench_command.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/peel/console.h"
#include "apps/peel/isolation.h"
#include "apps/peel/output.h"
#include "apps/peel/run_parts.h"
#include "apps/peel/scan/scan_arguments.h"
#include "src/base/os/interrupt.h"
#include "src/library/scan_trial.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
Baseline: one picture at a time, each phase over all pictures in turn, every picture read and decoded at full
size in each phase anew, networks in fp32. Scan: as `peel scan` would do it, with the folder's
optimized_config.yaml. The gate holds the scan's labels against fp32's, a picture at a time, on the same
pixels: they must agree to 99.5 %, and the embeddings' cosine must be 0.999 or more; else the exit code is 1.)";

struct BenchArguments {
  ScanArguments scan;
  bool json = false;
};

nlohmann::ordered_json JsonOf(const library::TrialResult& result) {
  return {
      {"pictures", result.pictures},       {"failed", result.failed},
      {"seconds", result.seconds},         {"pictures_per_second", result.pictures_per_second()},
      {"peak_memory", result.peak_memory}, {"runs_on", result.runs_on}};
}

nlohmann::ordered_json JsonOf(const library::TrialAgreement& agreement) {
  return {{"pictures", agreement.pictures},
          {"labels", agreement.labels},
          {"cosine", agreement.cosine},
          {"passes", agreement.passes}};
}

struct BenchResult {
  library::TrialResult baseline, scan;
  library::TrialAgreement gate, full_size;
  int jobs = 1, batch = 1;
};

Result<BenchResult> Measure(const ScanArguments& a, Console& console) {
  PEEL_ASSIGN_OR_RETURN(library::ScanOptions options, MakeScanOptions(a));
  KeepMemoryFlat();
  const std::unique_ptr<Decoder> decoder = MakeDecoder(SIZE_MAX, options.jobs, console);
  options.decoder = decoder.get();
  options.stop = &Interrupted();
  CatchInterrupts();
  PEEL_ASSIGN_OR_RETURN(const std::vector<std::string> sample,
                        library::PickSample(options, static_cast<size_t>(a.sample)));
  BenchResult result;
  result.jobs = options.jobs;
  result.batch = options.batch;
  StageLine stage(a.quiet);
  // First what is not timed, which also brings the files into the system's memory.
  stage.Show("labels in fp32");
  PEEL_ASSIGN_OR_RETURN(const library::TrialResult reference,
                        library::ReferenceLabels(sample, options));
  stage.Show("scan");
  PEEL_ASSIGN_OR_RETURN(result.scan, library::TimeScan(sample, options));
  stage.Show("baseline");
  PEEL_ASSIGN_OR_RETURN(result.baseline, library::TimeBaseline(sample, options));
  stage.Clear();
  if (!result.scan.warning.empty()) console.Warn(result.scan.warning);
  result.gate = library::Compare(reference, result.scan);
  result.full_size = library::Compare(result.baseline, result.scan);
  return result;
}

void PrintText(const BenchResult& r) {
  Print("{} pictures, {} failed\n", r.scan.pictures, r.scan.failed);
  Print("baseline  {:8.1f} pictures/s  {:>9}  {}  phases {:.2f} s, {:.2f} s, {:.2f} s\n",
        r.baseline.pictures_per_second(), HumanBytes(r.baseline.peak_memory), r.baseline.runs_on,
        r.baseline.phase_seconds[0], r.baseline.phase_seconds[1], r.baseline.phase_seconds[2]);
  Print("scan      {:8.1f} pictures/s  {:>9}  {}  jobs {}, batch {}\n",
        r.scan.pictures_per_second(), HumanBytes(r.scan.peak_memory), r.scan.runs_on, r.jobs,
        r.batch);
  const double gain = r.baseline.pictures_per_second() > 0
                          ? r.scan.pictures_per_second() / r.baseline.pictures_per_second()
                          : 0;
  Print("faster by {:.2f} times\n", gain);
  Print("gate: {}: {}\n", r.gate.passes ? "passed" : "NOT passed", r.gate.text);
  Print("beside pictures decoded at full size: {}\n", r.full_size.text);
}

int RunBench(const BenchArguments& a) {
  Console console;
  console.set_quiet(a.scan.quiet);
  const Result<BenchResult> result = Measure(a.scan, console);
  if (!result.ok()) {
    console.Error(result.status().message());
    return ExitCodeFor(result.status());
  }
  if (a.json) {
    Print("{}\n", nlohmann::ordered_json{{"baseline", JsonOf(result->baseline)},
                                         {"baseline_phase_seconds", result->baseline.phase_seconds},
                                         {"scan", JsonOf(result->scan)},
                                         {"jobs", result->jobs},
                                         {"batch", result->batch},
                                         {"gate", JsonOf(result->gate)},
                                         {"full_size", JsonOf(result->full_size)}}
                      .dump(2));
  } else {
    PrintText(*result);
  }
  return result->gate.passes ? kExitDone : kExitSomeFailed;
}

}  // namespace

void AddScanBenchCommand(Command& scan, int* exit_code) {
  Command bench =
      scan.AddCommand("bench", "Measure what a scan gains over doing it plainly, and its labels");
  bench.Footer(kFooter);
  auto arguments = std::make_shared<BenchArguments>();
  ScanArguments& a = arguments->scan;
  bench.AddOption("DIR", a.inputs, "Folders with pictures").Required();
  bench.AddOption("--sample", a.sample, "Pictures that are measured; default 64")
      .Range(1, 10'000)
      .Group("Run");
  bench.AddOption("--jobs", a.jobs, "As for `peel scan`").Range(1, 256).Group("Run");
  bench.AddOption("--batch", a.batch, "As for `peel scan`").Range(1, 24).Group("Run");
  bench.AddOption("--precision", a.precision, "As for `peel scan`").Group("Run");
  AddScanRunOptions(bench, a);
  bench.AddFlag("--json", arguments->json, "Print the figures as JSON").Group("Output");
  bench.OnParsed([arguments, exit_code] { *exit_code = RunBench(*arguments); });
}

}  // namespace peel
