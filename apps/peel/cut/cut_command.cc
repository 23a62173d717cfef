#include "apps/peel/cut/cut_command.h"

#include <memory>
#include <string>
#include <vector>

#include "apps/peel/console.h"
#include "apps/peel/cut/cut_options.h"
#include "apps/peel/cut/cut_run.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
Results lie beside the input as NAME.cut.png (NAME.mask.png with --mask) unless -o or -O says
otherwise; of IMG.HEIC and IMG.JPG the later by name keeps its extension: IMG.JPG.cut.png. Standard
input goes to standard output. An animation is cut out as one where the format can be (a PNG then is
an APNG, of which every program shows the first frame at least). A picture without a subject gives an empty
(fully transparent) cut-out and a warning, and counts as done.)";

void AddOutputOptions(Command& cut, CutArguments& a) {
  const char* const group = "Output";
  cut.AddOption("-o", a.output_file, "Write to FILE ('-': standard output)")
      .TypeName("FILE")
      .Group(group);
  cut.AddOption("-O", a.output_folder, "Write into the folder DIR, made where it is not there")
      .TypeName("DIR")
      .Group(group);
  AddEncodingOptions(cut, a);
  cut.AddFlag("--all-frames", a.all_frames,
              "A file for every frame of an animation, page of a TIFF, picture of a HEIC: "
              "NAME-001.cut.png …")
      .Group(group);
  cut.AddFlag("--skip-existing", a.skip_existing,
              "Leave outputs alone whose source, model and options have not changed")
      .Group(group);
  cut.AddOption("--report", a.report,
                "Write what became of each input to FILE.json, or as it goes to FILE.jsonl")
      .TypeName("FILE.json|FILE.jsonl")
      .Group(group);
}

void AddFolderOptions(Command& cut, CutArguments& a) {
  const char* const group = "Run";
  cut.AddFlag("--recursive", a.recursive, "Take folders with their sub-folders").Group(group);
  cut.AddFlag("--watch", a.watch, "Go on with what is written into the folders, until Ctrl-C")
      .Group(group);
  cut.AddOption("--shard", a.shard, "Of a list that N machines share, do part I")
      .TypeName("I/N")
      .Group(group);
  cut.AddOption("--progress", a.progress, "auto, always or never; auto: on a terminal")
      .OneOf({"auto", "always", "never"})
      .Group(group);
}

}  // namespace

void AddCutCommand(Command& app, int* exit_code) {
  Command cut = app.AddCommand("cut", "Cut out the subject of pictures (the default command)");
  cut.Footer(kFooter);
  auto arguments = std::make_shared<CutArguments>();
  cut.AddOption("INPUT", arguments->inputs,
                "Pictures (JPEG, PNG, WebP, TIFF, AVIF, HEIC, GIF, BMP and more), folders, "
                "quoted patterns, '-' for standard input")
      .Required();
  AddOutputOptions(cut, *arguments);
  AddPictureOptions(cut, *arguments);
  AddMattingOptions(cut, *arguments);
  AddModelOptions(cut, *arguments);
  AddFolderOptions(cut, *arguments);
  cut.OnParsed([cut, arguments, exit_code] {
    arguments->settings = OptionsThatCount(cut);
    if (const Status status = TakeConfig(cut, *arguments); !status.ok()) {
      Console().Error(status.message());
      *exit_code = kExitUsage;
      return;
    }
    *exit_code = RunCut(*arguments);
  });
}

}  // namespace peel
