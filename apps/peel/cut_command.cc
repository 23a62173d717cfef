#include "apps/peel/cut_command.h"

#include <memory>
#include <string>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/cut_options.h"
#include "apps/peel/cut_run.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
Results lie beside the input as NAME.cut.png (NAME.mask.png with --mask) unless -o or -O says
otherwise; standard input goes to standard output. A picture without a subject gives an empty
(fully transparent) cut-out and a warning, and counts as done.)";

void AddOutputOptions(CLI::App& cut, CutArguments& a) {
  const char* const group = "Output";
  cut.add_option("-o", a.output_file, "Write to FILE ('-': standard output)")
      ->type_name("FILE")
      ->group(group);
  cut.add_option("-O", a.output_folder, "Write into the folder DIR, made where it is not there")
      ->type_name("DIR")
      ->group(group);
  AddEncodingOptions(cut, a);
  cut.add_flag("--all-frames", a.all_frames,
               "Every frame of an animation, page of a TIFF, picture of a HEIC: NAME-001.cut.png …")
      ->group(group);
  cut.add_flag("--skip-existing", a.skip_existing,
               "Leave outputs alone whose source, model and options have not changed")
      ->group(group);
  cut.add_option("--report", a.report,
                 "Write what became of each input to FILE.json, or as it goes to FILE.jsonl")
      ->type_name("FILE.json|FILE.jsonl")
      ->group(group);
}

void AddFolderOptions(CLI::App& cut, CutArguments& a) {
  const char* const group = "Run";
  cut.add_flag("--recursive", a.recursive, "Take folders with their sub-folders")->group(group);
  cut.add_flag("--watch", a.watch, "Go on with what is written into the folders, until Ctrl-C")
      ->group(group);
  cut.add_option("--shard", a.shard, "Of a list that N machines share, do part I")
      ->type_name("I/N")
      ->group(group);
  cut.add_option("--progress", a.progress, "auto, always or never; auto: on a terminal")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->group(group);
}

}  // namespace

void AddCutCommand(CLI::App& app, int* exit_code) {
  CLI::App* cut =
      app.add_subcommand("cut", "Cut out the subject of pictures (the default command)");
  cut->footer(kFooter);
  auto arguments = std::make_shared<CutArguments>();
  cut->add_option("INPUT", arguments->inputs,
                  "Pictures (JPEG, PNG, WebP, TIFF, AVIF, HEIC, GIF and more), folders, quoted "
                  "patterns, '-' for standard input")
      ->required();
  AddOutputOptions(*cut, *arguments);
  AddPictureOptions(*cut, *arguments);
  AddMattingOptions(*cut, *arguments);
  AddModelOptions(*cut, *arguments);
  AddFolderOptions(*cut, *arguments);
  cut->callback([cut, arguments, exit_code] {
    arguments->settings = OptionsThatCount(*cut);
    if (const Status status = TakeConfig(*cut, *arguments); !status.ok()) {
      Console().Error(status.message());
      *exit_code = kExitUsage;
      return;
    }
    *exit_code = RunCut(*arguments);
  });
}

}  // namespace peel
