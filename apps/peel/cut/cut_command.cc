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

}  // namespace

void AddCutCommand(Command& app, int* exit_code) {
  Command cut = app.AddCommand("cut", "Remove the background from pictures (the default command)");
  cut.Footer(kFooter);
  auto arguments = std::make_shared<CutArguments>();
  AddInputs(cut, *arguments);
  AddOutputOptions(cut, *arguments);
  AddAnimationOption(cut, *arguments);
  cut.AddFlag(
         "--rectify", arguments->rectify,
         "Straighten what was cut out: its four corners are found and become the result's (see "
         "`peel rectify`)")
      .Group("Picture");
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
