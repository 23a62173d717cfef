// The program's front door: which subcommand is meant, and what version this is.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/peel/arguments.h"
#include "apps/peel/bench/bench_case.h"
#include "apps/peel/bench/bench_command.h"
#include "apps/peel/command_line.h"
#include "apps/peel/console.h"
#include "apps/peel/cut/cut_command.h"
#include "apps/peel/doctor/doctor_command.h"
#include "apps/peel/isolation.h"
#include "apps/peel/model/model_command.h"
#include "apps/peel/model/models_command.h"
#include "apps/peel/model/quantize_command.h"
#include "apps/peel/output.h"
#include "apps/peel/rectify/rectify_command.h"
#include "apps/peel/scan/scan_command.h"
#include "apps/peel/serve/serve_command.h"
#include "apps/peel/stream/stream_command.h"
#include "apps/peel/video/video_command.h"
#include "src/base/cpu.h"
#include "src/base/os/descriptor.h"
#include "src/base/os/interrupt.h"
#include "src/base/os/process.h"
#include "src/engine/ort/library.h"

namespace {

constexpr char kFooter[] = R"(
Without a command, `cut` is meant: `peel photo.jpg` writes photo.cut.png beside the photo.
  peel photo.jpg -o - > cut.png         write to standard output
  peel *.jpg -O out --background white  many files, on white
  peel folder -O out --recursive --skip-existing --jobs 4
  peel rectify page.jpg                 the page straightened: page.rect.png
  peel video clip.mp4                   a film with alpha: clip.cut.webm
  cat *.jpg | peel stream > cut-outs    one picture after another through a pipe
  peel cut --help                       all options for cutting out

Exit codes: 0 everything done; 1 some inputs failed, the others were written;
2 wrong usage; 3 nothing could be done (model missing or broken, device refused).)";

// The run's exit code, unless what it printed could not be written.
int End(int code) {
  const int error = peel::FlushOutput();
  if (error == 0) return code;
  peel::Console().Error("standard output: " + std::generic_category().message(error));
  return peel::kExitNothing;
}

bool IsQuiet(std::string_view argument) { return argument == "-q" || argument == "--quiet"; }

int Run(int argc, char** argv) {
  peel::OpenStandardDescriptors();
  peel::IgnoreFailingWrites();
  // Where they are set already, they stay.
  for (const char* name : peel::engine::ort::kTelemetryVariables) {
    peel::SetDefaultVariable(name, "1");
  }

  std::vector<std::string> arguments(argv + 1, argv + argc);

  peel::CommandLine line("peel", "Removes the background from images.", "peel " PEEL_VERSION,
                         kFooter);
  peel::Command& app = line.top();
  int exit_code = peel::kExitDone;
  peel::AddCutCommand(app, &exit_code);
  peel::AddRectifyCommand(app, &exit_code);
  peel::AddVideoCommand(app, &exit_code);
  peel::AddStreamCommand(app, &exit_code);
  peel::AddModelsCommand(app, &exit_code);
  peel::AddModelCommand(app, &exit_code);
  peel::AddQuantizeCommand(app, &exit_code);
  peel::AddBenchCommand(app, &exit_code);
  peel::AddBenchCaseCommand(app, &exit_code);
  peel::AddServeCommand(app, &exit_code);
  peel::AddScanCommand(app, &exit_code);
  peel::AddDoctorCommand(app, &exit_code);

  if (arguments.empty()) {
    peel::WriteMessage(line.help());
    return peel::kExitUsage;
  }
  if (const std::string note = peel::CpuNote();
      !note.empty() && std::ranges::none_of(arguments, IsQuiet)) {
    peel::Console().Warn(note);
  }
  arguments = peel::CompleteArguments(std::move(arguments), line.command_names());
  const peel::CommandLine::Outcome outcome = line.Parse(std::move(arguments));
  if (!outcome.ok) {
    peel::WriteMessage(
        fmt::format("peel: error: {}\nRun with --help for what is understood.\n", outcome.error));
    return peel::kExitUsage;
  }
  peel::WriteOutput(outcome.text);
  return End(exit_code);
}

}  // namespace

int main(int argc, char** argv) try {
  // Before all else: it is started while a picture waits.
  if (argc == 2 && argv[1] == peel::kHelperCommand) return peel::RunDecodeHelper();
  if (argc == 2 && argv[1] == peel::kZygoteCommand) return peel::RunServeZygote();
  return Run(argc, argv);
} catch (const std::exception& error) {  // such as no memory for a few words
  peel::FlushOutput();
  peel::Console().Error(error.what());
  return peel::kExitNothing;
} catch (...) {
  peel::FlushOutput();
  peel::Console().Error("failed for an unknown reason");
  return peel::kExitNothing;
}
