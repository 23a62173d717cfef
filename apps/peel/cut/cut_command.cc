#include "apps/peel/cut/cut_command.h"

#include <memory>
#include <string>
#include <vector>

#include "apps/peel/cut/cut_options.h"
#include "apps/peel/cut/cut_run.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
Results go beside the input as NAME.cut.png (NAME.mask.png with --mask) unless -o or -O says otherwise.
If IMG.HEIC and IMG.JPG would get the same name, the second keeps its extension: IMG.JPG.cut.png. Standard
input is answered on standard output. An animation stays an animation where the format allows it (as PNG it
becomes an APNG, of which every program shows at least the first frame). A picture without a subject gives
a fully transparent cut-out and a warning, and counts as done.)";

void AddOutputOptions(Command& cut, CutArguments& a) {
  const char* const group = "Output";
  cut.AddOption("-o", a.output_file, "Write to FILE ('-' for standard output)")
      .TypeName("FILE")
      .Group(group);
  cut.AddOption("-O", a.output_folder, "Write into the folder DIR; it is created if necessary")
      .TypeName("DIR")
      .Group(group);
  AddEncodingOptions(cut, a);
  cut.AddFlag("--all-frames", a.all_frames,
              "Write one file per frame of an animation, page of a TIFF or picture of a HEIC: "
              "NAME-001.cut.png …")
      .Group(group);
  cut.AddFlag("--skip-existing", a.skip_existing,
              "Skip outputs whose source, model and options have not changed")
      .Group(group);
  cut.AddOption("--report", a.report,
                "Write a report on each input: FILE.json at the end, FILE.jsonl line by line "
                "during the run")
      .TypeName("FILE.json|FILE.jsonl")
      .Group(group);
}

void AddFolderOptions(Command& cut, CutArguments& a) {
  const char* const group = "Run";
  cut.AddFlag("--recursive", a.recursive, "Include sub-folders").Group(group);
  cut.AddFlag("--watch", a.watch, "Keep running and process new files in the folders, until Ctrl-C")
      .Group(group);
  cut.AddOption("--shard", a.shard, "Process part I of N, for N machines that share a list")
      .TypeName("I/N")
      .Group(group);
  cut.AddOption("--progress", a.progress, "auto, always or never; auto: only on a terminal")
      .OneOf({"auto", "always", "never"})
      .Group(group);
}

}  // namespace

void AddCutCommand(Command& app, int* exit_code) {
  Command cut = app.AddCommand("cut", "Remove the background from pictures (the default command)");
  cut.Footer(kFooter);
  auto arguments = std::make_shared<CutArguments>();
  cut.AddOption("INPUT", arguments->inputs,
                "Pictures (JPEG, PNG, WebP, TIFF, AVIF, HEIC, GIF, BMP and more), folders, quoted "
                "patterns, or '-' for standard input")
      .Required();
  AddOutputOptions(cut, *arguments);
  AddPictureOptions(cut, *arguments);
  AddMattingOptions(cut, *arguments);
  AddModelOptions(cut, *arguments);
  AddFolderOptions(cut, *arguments);
  cut.OnParsed([cut, arguments, exit_code] {
    arguments->settings = OptionsThatCount(cut);
    if (ApplyConfig(cut, *arguments, exit_code)) *exit_code = RunCut(*arguments);
  });
}

}  // namespace peel
