#include "apps/peel/cut/cut_options.h"

#include <algorithm>
#include <string>
#include <vector>

#include "apps/peel/config.h"

namespace peel {

void AddEncodingOptions(Command& cut, CutArguments& a) {
  const char* const group = "Output";
  cut.AddOption("--format", a.format,
                "png, webp, jpg, avif, tiff or gif; default: what FILE's extension says, else png")
      .Group(group);
  cut.AddOption("--quality", a.options.encode.quality,
                "Of JPEG, AVIF and lossy WebP, 1 to 100; default 90, of AVIF 80")
      .Range(1, 100)
      .Group(group);
  cut.AddFlag("--lossless", a.options.encode.lossless, "Lossless WebP or AVIF").Group(group);
  cut.AddOption(
         "--animation", a.animation,
         "auto: an animation is cut out as one into png (APNG), webp and gif, its first frame "
         "into the other formats; first: the first frame alone")
      .OneOf({"auto", "first"})
      .Group(group);
}

void AddPictureOptions(Command& cut, CutArguments& a) {
  const char* const group = "Picture";
  cut.AddFlag("--mask", a.options.compose.mask_only, "Write the matte alone, 8-bit grey")
      .Group(group);
  cut.AddOption("--background", a.background,
                "A CSS colour (white, #fff, rgb(…)), a picture, blur or blur:RADIUS; jpg without "
                "it means white")
      .TypeName("COLOR|FILE|blur[:R]")
      .Group(group);
  cut.AddOption("--edges", a.edges,
                "How the matte is brought to full resolution: auto, off, refine or matting")
      .Group(group);
  cut.AddOption("--trimap", a.trimap,
                "Where is what, drawn by hand: black background, white subject, the rest is found "
                "out by matting; of the picture's size")
      .TypeName("FILE")
      .Group(group);
  cut.AddOption("--keep", a.keep, "all, or of several islands the largest alone")
      .OneOf({"all", "largest"})
      .Group(group);
  cut.AddFlag("--fill-holes", a.options.matte.fill_holes,
              "What the background cannot reach is subject")
      .Group(group);
  cut.AddOption("--compat", a.compat, "rembg: the pixels of rembg, defects included")
      .OneOf({"rembg"})
      .Group(group);
  cut.AddOption("--background-fit", a.background_fit,
                "How a background picture fills the whole: cover, or contain (all of it shows)")
      .OneOf({"cover", "contain"})
      .Group(group);
  cut.AddOption("--shadow", a.shadow,
                "A shadow behind the subject: pixels or %, default 0.6%,1.2%,1.2%,45%")
      .TypeName("[DX,DY[,BLUR[,OPACITY]]]")
      .Group(group);
  cut.AddOption("--crop", a.crop,
                "Crop to the subject with MARGIN around it: pixels (default 0), or a percentage of "
                "its longer side")
      .TypeName("[MARGIN]")
      .Group(group);
  cut.AddOption("--size", a.size, "Scale what was cut out to fit into a picture of this size")
      .TypeName("WxH")
      .Group(group);
  cut.AddOption("--position", a.position,
                "Where it stands there: center, top, bottom-left, … or X,Y in pixels or %")
      .TypeName("POSITION")
      .Group(group);
  cut.AddOption("--max-size", a.options.decode.max_size,
                "Scale down until the longer side has at most PX pixels")
      .TypeName("PX")
      .Range(1, 1 << 20)
      .Group(group);
  cut.AddOption("--max-pixels", a.options.decode.limits.max_pixels,
                "Refuse larger inputs; default 250000000")
      .Positive()
      .Group(group);
}

void AddMattingOptions(Command& cut, CutArguments& a) {
  const char* const group = "Matting";
  cut.AddFlag("-a,--alpha-matting", a.alpha_matting, "The same as --edges matting").Group(group);
  cut.AddOption("--alpha-matting-foreground-threshold", a.matting_foreground,
                "-af: above this the matte is certainly subject; default 240")
      .Range(0, 255)
      .Group(group);
  cut.AddOption("--alpha-matting-background-threshold", a.matting_background,
                "-ab: below this it is certainly background; default 10")
      .Range(0, 255)
      .Group(group);
  cut.AddOption("--alpha-matting-erode-size", a.matting_erode,
                "-ae: pixels along the edge that are not certain after all; default 10")
      .Range(-1, 1000)
      .Group(group);
}

void AddModelOptions(Command& cut, CutArguments& a) {
  const char* const group = "Run";
  cut.AddOption("-m,--model", a.model, "A known name (peel models) or an ONNX file")
      .TypeName("NAME|FILE")
      .Group(group);
  cut.AddOption("--threads", a.threads, "In all; default: the processors this process may use")
      .Range(1, 1024)
      .Group(group);
  cut.AddOption("--jobs", a.jobs, "Pictures worked on at the same time; default: a processor each")
      .Range(1, 256)
      .Group(group);
  cut.AddOption("--memory", a.memory,
                "For all pictures worked on together, such as 800M or 4G; default: half of what "
                "there is")
      .TypeName("SIZE")
      .Group(group);
  cut.AddOption("--device", a.device, "auto, cpu, cuda, tensorrt or openvino (peel doctor)")
      .Group(group);
  cut.AddOption("--backend", a.backend,
                "auto, native or onnxruntime; auto: native on the CPU where it can")
      .Group(group);
  cut.AddOption("--ort", a.ort,
                "ONNX Runtime's options: graph=off|basic|extended|all, inter=N, arena=on|off, "
                "execution=sequential|parallel, gpu=N, openvino=DEVICE")
      .TypeName("KEY=VALUE[,...]")
      .Group(group);
  cut.AddOption("--precision", a.precision, "auto, fp32, bf16, fp16 or int8").Group(group);
  cut.AddFlag("--strict", a.strict, "Fail rather than fall back to another device or precision")
      .Group(group);
  cut.AddFlag("-q,--quiet", a.quiet, "Errors only").Group(group);
  cut.AddFlag("-v,--verbose", a.verbose, "What runs, and the time of every stage").Group(group);
}

Status TakeConfig(const Command& command, CutArguments& a) {
  PEEL_ASSIGN_OR_RETURN(const Config config, ReadConfig());
  const auto take = [&](const char* key, const std::string& option, std::string& to, bool counts) {
    const auto it = config.find(key);
    if (it == config.end() || command.Count(option) > 0) return;
    to = it->second;
    if (counts) a.settings.emplace_back(option, std::vector<std::string>{it->second});
  };
  std::string threads, jobs;
  take("model", "--model", a.model, false);
  take("device", "--device", a.device, true);
  take("backend", "--backend", a.backend, true);
  take("precision", "--precision", a.precision, true);
  a.ort_typed = !a.ort.empty();
  if (a.backend != "native") take("ort", "--ort", a.ort, true);  // which goes without
  take("threads", "--threads", threads, false);
  take("jobs", "--jobs", jobs, false);
  if (!threads.empty()) a.threads = std::stoi(threads);  // ReadConfig has checked them
  if (!jobs.empty()) a.jobs = std::stoi(jobs);
  std::ranges::sort(a.settings);
  return OkStatus();
}

}  // namespace peel
