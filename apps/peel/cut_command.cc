#include "apps/peel/cut_command.h"

#include <memory>
#include <utility>

#include "apps/peel/console.h"
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
  cut.add_option("--format", a.format,
                 "png, webp, jpg or tiff; default: what FILE's extension says, else png")
      ->group(group);
  cut.add_option("--quality", a.quality, "Of JPEG and lossy WebP, 1 to 100; default 90")
      ->check(CLI::Range(1, 100))
      ->group(group);
  cut.add_flag("--lossless", a.lossless, "Lossless WebP")->group(group);
  cut.add_flag("--skip-existing", a.skip_existing,
               "Leave outputs alone whose source, model and options have not changed")
      ->group(group);
  cut.add_option("--report", a.report,
                 "Write what became of each input to FILE.json, or as it goes to FILE.jsonl")
      ->type_name("FILE.json|FILE.jsonl")
      ->group(group);
}

void AddPictureOptions(CLI::App& cut, CutArguments& a) {
  const char* const group = "Picture";
  cut.add_flag("--mask", a.mask, "Write the matte alone, 8-bit grey")->group(group);
  cut.add_option("--background", a.background,
                 "A CSS colour (white, #fff, rgb(…)), a picture, blur or blur:RADIUS; jpg without "
                 "it means white")
      ->type_name("COLOR|FILE|blur[:R]")
      ->group(group);
  cut.add_option("--edges", a.edges,
                 "How the matte is brought to full resolution: auto, off, refine or matting")
      ->group(group);
  cut.add_option("--trimap", a.trimap,
                 "Where is what, drawn by hand: black background, white subject, the rest is found "
                 "out by matting; of the picture's size")
      ->type_name("FILE")
      ->group(group);
  cut.add_option("--keep", a.keep, "all, or of several islands the largest alone")
      ->check(CLI::IsMember({"all", "largest"}))
      ->group(group);
  cut.add_flag("--fill-holes", a.fill_holes, "What the background cannot reach is subject")
      ->group(group);
  cut.add_option("--compat", a.compat, "rembg: the pixels of rembg, defects included")
      ->check(CLI::IsMember({"rembg"}))
      ->group(group);
  cut.add_option("--background-fit", a.background_fit,
                 "How a background picture fills the whole: cover, or contain (all of it shows)")
      ->check(CLI::IsMember({"cover", "contain"}))
      ->group(group);
  cut.add_option("--shadow", a.shadow,
                 "A shadow behind the subject: pixels or %, default 0.6%,1.2%,1.2%,45%")
      ->type_name("[DX,DY[,BLUR[,OPACITY]]]")
      ->group(group);
  cut.add_option(
         "--crop", a.crop,
         "Crop to the subject with MARGIN around it: pixels (default 0), or a percentage of "
         "its longer side")
      ->type_name("[MARGIN]")
      ->group(group);
  cut.add_option("--size", a.size, "Scale what was cut out to fit into a picture of this size")
      ->type_name("WxH")
      ->group(group);
  cut.add_option("--position", a.position,
                 "Where it stands there: center, top, bottom-left, … or X,Y in pixels or %")
      ->type_name("POSITION")
      ->group(group);
  cut.add_option("--max-size", a.max_size, "Scale down until the longer side has at most PX pixels")
      ->type_name("PX")
      ->check(CLI::Range(1, 1 << 20))
      ->group(group);
  cut.add_option("--max-pixels", a.max_pixels, "Refuse larger inputs; default 250000000")
      ->check(CLI::PositiveNumber)
      ->group(group);
}

void AddMattingOptions(CLI::App& cut, CutArguments& a) {
  const char* const group = "Matting";
  cut.add_flag("-a,--alpha-matting", a.alpha_matting, "The same as --edges matting")->group(group);
  cut.add_option("--alpha-matting-foreground-threshold", a.matting_foreground,
                 "-af: above this the matte is certainly subject; default 240")
      ->check(CLI::Range(0, 255))
      ->group(group);
  cut.add_option("--alpha-matting-background-threshold", a.matting_background,
                 "-ab: below this it is certainly background; default 10")
      ->check(CLI::Range(0, 255))
      ->group(group);
  cut.add_option("--alpha-matting-erode-size", a.matting_erode,
                 "-ae: pixels along the edge that are not certain after all; default 10")
      ->check(CLI::Range(-1, 1000))
      ->group(group);
}

void AddRunOptions(CLI::App& cut, CutArguments& a) {
  const char* const group = "Run";
  cut.add_option("-m,--model", a.model, "A known name (peel models) or an ONNX file")
      ->type_name("NAME|FILE")
      ->group(group);
  cut.add_option("--threads", a.threads, "In all; default: the processors this process may use")
      ->check(CLI::Range(1, 1024))
      ->group(group);
  cut.add_option("--jobs", a.jobs, "Pictures worked on at the same time; default: a processor each")
      ->check(CLI::Range(1, 256))
      ->group(group);
  cut.add_option("--memory", a.memory,
                 "For all pictures worked on together, such as 800M or 4G; default: half of what "
                 "there is")
      ->type_name("SIZE")
      ->group(group);
  cut.add_option("--device", a.device, "auto, cpu, cuda or tensorrt")->group(group);
  cut.add_option("--precision", a.precision, "auto, fp32, bf16 or int8")->group(group);
  cut.add_flag("--strict", a.strict, "Fail rather than fall back to another device or precision")
      ->group(group);
  cut.add_flag("--recursive", a.recursive, "Take folders with their sub-folders")->group(group);
  cut.add_flag("--watch", a.watch, "Go on with what is written into the folders, until Ctrl-C")
      ->group(group);
  cut.add_option("--shard", a.shard, "Of a list that N machines share, do part I")
      ->type_name("I/N")
      ->group(group);
  cut.add_flag("-q,--quiet", a.quiet, "Errors only")->group(group);
  cut.add_flag("-v,--verbose", a.verbose, "What runs, and the time of every stage")->group(group);
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
                  "Pictures (JPEG, PNG, WebP, TIFF), folders, quoted patterns, '-' for standard input")
      ->required();
  AddOutputOptions(*cut, *arguments);
  AddPictureOptions(*cut, *arguments);
  AddMattingOptions(*cut, *arguments);
  AddRunOptions(*cut, *arguments);
  cut->callback([cut, arguments, exit_code] {
    arguments->settings = OptionsThatCount(*cut);
    *exit_code = RunCut(*arguments);
  });
}

}  // namespace peel
