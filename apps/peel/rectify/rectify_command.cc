#include "apps/peel/rectify/rectify_command.h"

#include <memory>

#include "apps/peel/cut/cut_options.h"
#include "apps/peel/cut/cut_run.h"

namespace peel {
namespace {

constexpr char kFooter[] = R"(
Results go beside the input as NAME.rect.png (NAME.cut.png with --cutout) unless -o or -O says otherwise.
Where no quad is certain enough Peel abstains: it says why in one line, writes nothing (with --keep the input
as it is), and that counts as done. `peel cut --rectify` cuts out and straightens at once.)";

void AddQuadOptions(Command& command, CutArguments& a, RectifyArguments& r) {
  const char* const group = "Quad";
  command
      .AddOption("--kind", r.kind,
                 "What is looked for: a document (sheet, card, page), the front of a product, a "
                 "screen (board, painting), or auto")
      .OneOf({"auto", "document", "product", "screen"})
      .Group(group);
  command
      .AddOption("--corners", r.corners,
                 "Where it is, in pixels of the upright picture, clockwise from the top left; "
                 "nothing is looked for then")
      .TypeName("X1,Y1,…,X4,Y4")
      .Group(group);
  command
      .AddFlag("--all", r.choices.all,
               "Every sheet in the picture, a result each, in reading order: NAME-001.rect.png …")
      .Group(group);
  command.AddFlag("--keep", r.choices.keep, "Write what cannot be straightened as it is")
      .Group(group);
  command
      .AddFlag("--draw", r.choices.draw,
               "Write the picture with its quad drawn on, to see what was found")
      .Group(group);
  command
      .AddOption("--ratio", r.ratio,
                 "Width to height: auto (as it is seen, and A4 and the like where that is "
                 "certain), free (as it is seen), W:H, a4, letter or id1")
      .TypeName("auto|free|W:H|a4|letter|id1")
      .Group("Result");
  command
      .AddOption("--size", a.size, "The result's size in pixels; 800x or x600 for one side alone")
      .TypeName("WxH")
      .Group("Result");
  command
      .AddOption("--dpi", r.choices.size.dpi,
                 "The result's resolution, where the paper's size is known")
      .TypeName("N")
      .Range(1.0, 9600.0)
      .Group("Result");
}

void AddResultOptions(Command& command, CutArguments& a, RectifyArguments& r) {
  const char* const group = "Result";
  command
      .AddOption("--enhance", r.enhance,
                 "Even out light and shadow and remove the colour cast: none, auto (color for "
                 "pages with text), color, gray or bw")
      .OneOf({"none", "auto", "color", "gray", "bw"})
      .Group(group);
  command
      .AddOption("--turn", r.turn,
                 "Turn clockwise: auto (as the text of a document reads), 0, 90, 180 or 270")
      .OneOf({"auto", "0", "90", "180", "270"})
      .Group(group);
  command
      .AddOption("--margin", r.margin,
                 "Show so much around the quad, in pixels or % of the longer side; negative: cut "
                 "off so much")
      .TypeName("PX|%")
      .Group(group);
  command
      .AddFlag("--cutout", r.choices.cutout,
               "Cut out as well: transparent around the quad, and where the matte is")
      .Group(group);
  command
      .AddOption("--background", a.background,
                 "With --cutout: what to put behind, as for `peel cut`")
      .TypeName("COLOR|FILE|blur[:R]")
      .Group(group);
  command
      .AddOption("--edges", a.edges,
                 "How to bring the matte to full resolution: auto, off, refine or matting")
      .Group(group);
  AddSizeLimits(command, a, group);
}

}  // namespace

void AddRectifyCommand(Command& app, int* exit_code) {
  Command rectify =
      app.AddCommand("rectify", "Straighten documents, products and screens in pictures");
  rectify.Footer(kFooter);
  auto arguments = std::make_shared<CutArguments>();
  RectifyArguments& quad = arguments->straighten.emplace();
  AddInputs(rectify, *arguments);
  AddOutputOptions(rectify, *arguments);
  rectify
      .AddOption("--pdf", quad.pdf,
                 "Put all results into one PDF, a page each ('-' for standard output)")
      .TypeName("FILE.pdf")
      .Group("Output");
  AddQuadOptions(rectify, *arguments, quad);
  AddResultOptions(rectify, *arguments, quad);
  AddModelOptions(rectify, *arguments);
  AddFolderOptions(rectify, *arguments);
  rectify.OnParsed([rectify, arguments, exit_code] {
    arguments->settings = OptionsThatCount(rectify);
    if (ApplyConfig(rectify, *arguments, exit_code)) *exit_code = RunCut(*arguments);
  });
}

}  // namespace peel
