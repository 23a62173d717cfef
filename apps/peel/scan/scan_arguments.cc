#include "apps/peel/scan/scan_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "apps/peel/config.h"
#include "apps/peel/run_parts.h"
#include "apps/peel/scan/scan_config.h"
#include "src/base/thread_pool.h"
#include "src/library/scan_roots.h"
#include "src/pipeline/model/model_options.h"

namespace peel {
namespace {

Result<unsigned> ParsePhases(const std::string& text) {
  if (text == "1") return unsigned{library::kPhaseMetadata};
  if (text == "1,2") return library::kPhaseMetadata | unsigned{library::kPhaseContent};
  if (text == "1,2,3") {
    return library::kPhaseMetadata | library::kPhaseContent | unsigned{library::kPhaseLabels};
  }
  return InvalidArgument(fmt::format(
      "--phases is 1 (metadata), 1,2 (and quality, colours, duplicates) or 1,2,3 (and objects, "
      "faces, scenes), not \"{}\"",
      text));
}

// What has been said nowhere yet.
void TakeOver(const std::string& value, std::string* to) {
  if (to->empty()) *to = value;
}

}  // namespace

void AddScanRunOptions(Command& command, ScanArguments& a) {
  const char* const group = "Run";
  command
      .AddOption("--memory", a.memory,
                 "Memory limit for all pictures together, such as 800M or 4G; default: half of "
                 "what is available")
      .TypeName("SIZE")
      .Group(group);
  command
      .AddOption(
          "--device", a.device,
          "Where the networks run: auto, cpu, cuda, tensorrt or openvino (see `peel doctor`)")
      .Group(group);
  command.AddFlag("--strict", a.strict, "Fail rather than fall back to another device or precision")
      .Group(group);
  command
      .AddOption("--clip", a.clip,
                 "A folder with CLIP's files, whose embeddings are kept instead: search by any "
                 "words, not only by labels")
      .TypeName("DIR")
      .Group(group);
  command.AddFlag("-q,--quiet", a.quiet, "Print only errors").Group(group);
}

Result<library::ScanOptions> MakeScanOptions(const ScanArguments& a) {
  library::ScanOptions options;
  options.inputs = a.inputs;
  options.version = PEEL_VERSION;
  options.database = a.db;
  if (options.database.empty()) {
    PEEL_ASSIGN_OR_RETURN(options.database, library::DefaultDatabase(a.inputs));
  }
  PEEL_ASSIGN_OR_RETURN(options.phases, ParsePhases(a.phases));
  if (a.recursive && a.no_recursive) {
    return InvalidArgument("--recursive and --no-recursive say the opposite; give one of them");
  }
  options.recursive = !a.no_recursive;
  options.forget = a.forget;

  PEEL_ASSIGN_OR_RETURN(const Config config, ReadConfig());
  PEEL_ASSIGN_OR_RETURN(const TunedScan tuned, ReadTunedScan(TunedScanPath(a.inputs)));
  const auto configured = [&](const char* key) {
    const auto it = config.find(key);
    return it != config.end() ? it->second : std::string();
  };
  std::string device = a.device, precision = a.precision;
  TakeOver(tuned.precision, &precision);
  TakeOver(configured("device"), &device);
  TakeOver(configured("precision"), &precision);
  if (!device.empty()) {
    PEEL_ASSIGN_OR_RETURN(options.networks.device, ParseDevice(device));
  }
  if (!precision.empty()) {
    PEEL_ASSIGN_OR_RETURN(options.networks.precision, ParsePrecision(precision));
  }
  options.networks.strict = a.strict;
  options.networks.clip = a.clip;

  options.jobs = AvailableCpus();
  if (const std::string jobs = configured("jobs"); !jobs.empty()) options.jobs = std::stoi(jobs);
  if (tuned.jobs) options.jobs = *tuned.jobs;
  if (a.jobs) options.jobs = *a.jobs;
  options.batch = a.batch.value_or(tuned.batch.value_or(1));
  options.settings_from = tuned.path;

  options.memory = DefaultMemory();
  if (!a.memory.empty()) {
    PEEL_ASSIGN_OR_RETURN(options.memory, ParseBytes(a.memory));
  }
  return options;
}

Console::Progress ProgressOf(const std::string& text) {
  if (text == "always") return Console::Progress::kAlways;
  return text == "never" ? Console::Progress::kNever : Console::Progress::kAuto;
}

}  // namespace peel
