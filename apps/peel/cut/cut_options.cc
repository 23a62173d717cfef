#include "apps/peel/cut/cut_options.h"

#include <algorithm>
#include <string>
#include <vector>

#include "apps/peel/config.h"
#include "apps/peel/console.h"

namespace peel {

void AddInputs(Command& command, CutArguments& a) {
  command
      .AddOption("INPUT", a.inputs,
                 "Pictures (JPEG, PNG, WebP, TIFF, AVIF, HEIC, GIF, BMP and more), folders, quoted "
                 "patterns, or '-' for standard input")
      .Required();
}

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

void AddFolderOptions(Command& cut, CutArguments& a, bool watch) {
  const char* const group = "Run";
  cut.AddFlag("--recursive", a.recursive, "Include sub-folders").Group(group);
  if (watch) {
    cut.AddFlag("--watch", a.watch,
                "Keep running and process new files in the folders, until Ctrl-C")
        .Group(group);
  }
  cut.AddOption("--shard", a.shard,
                "Process part I of N, for N machines that share a list; auto: the part that Slurm, "
                "AWS Batch or Kubernetes gives an array's task")
      .TypeName("I/N|auto")
      .Group(group);
  cut.AddOption("--shards", a.shards,
                "With --shard auto: how many parts there are, where the scheduler does not say")
      .Range(1, 65536)
      .Group(group);
  cut.AddOption("--progress", a.progress, "auto, always or never; auto: only on a terminal")
      .OneOf({"auto", "always", "never"})
      .Group(group);
}

void AddEncodingOptions(Command& cut, CutArguments& a) {
  const char* const group = "Output";
  cut.AddOption("--format", a.format,
                "png, webp, jpg, avif, tiff or gif; default: the extension of FILE, else png")
      .Group(group);
  cut.AddOption("--quality", a.options.encode.quality,
                "1 to 100, for JPEG, AVIF and lossy WebP; default 90, for AVIF 80")
      .Range(1, 100)
      .Group(group);
  cut.AddFlag("--lossless", a.options.encode.lossless, "Lossless WebP or AVIF").Group(group);
}

void AddAnimationOption(Command& cut, CutArguments& a) {
  cut.AddOption("--animation", a.animation,
                "auto: an animation stays one in png (APNG), webp and gif, other formats get its "
                "first frame; first: always only the first frame")
      .OneOf({"auto", "first"})
      .Group("Output");
}

void AddPictureOptions(Command& cut, CutArguments& a) {
  const char* const group = "Picture";
  cut.AddFlag("--mask", a.options.compose.mask_only, "Write only the matte, as 8-bit grey")
      .Group(group);
  cut.AddOption("--background", a.background,
                "What to put behind the subject: a CSS colour (white, #fff, rgb(…)), a picture, "
                "blur or blur:RADIUS; default for jpg: white")
      .TypeName("COLOR|FILE|blur[:R]")
      .Group(group);
  cut.AddOption("--edges", a.edges,
                "How to bring the matte to full resolution: auto, off, refine or matting")
      .Group(group);
  cut.AddOption("--trimap", a.trimap,
                "Use this trimap instead of a model: black is background, white is subject, the "
                "rest is solved by matting; same size as the picture")
      .TypeName("FILE")
      .Group(group);
  cut.AddOption("--hints", a.hints,
                "Correct the matte by strokes in this picture of the same size: green is "
                "certainly subject, red certainly background, anything else says nothing")
      .TypeName("FILE")
      .Group(group);
  cut.AddOption("--roi", a.roi,
                "Look for the subject only in this region, in pixels or %; the rest is background")
      .TypeName("LEFT,TOP,RIGHT,BOTTOM")
      .Group(group);
  cut.AddFlag("--solid", a.options.matte.solid,
              "Make glass and veils opaque, or empty where they are faint; outlines stay soft")
      .Group(group);
  cut.AddOption("--keep", a.keep, "Keep all parts of the subject, or only the largest")
      .OneOf({"all", "largest"})
      .Group(group);
  cut.AddFlag("--fill-holes", a.options.matte.fill_holes, "Make holes in the subject part of it")
      .Group(group);
  cut.AddOption("--compat", a.compat, "rembg: the same pixels as rembg, defects included")
      .OneOf({"rembg"})
      .Group(group);
  cut.AddOption("--background-fit", a.background_fit,
                "How a background picture fills the canvas: cover it, or contain (all of the "
                "picture is visible)")
      .OneOf({"cover", "contain"})
      .Group(group);
  cut.AddOption(
         "--shadow", a.shadow,
         "Put a shadow behind the subject; lengths in pixels or %, default 0.6%,1.2%,1.2%,45%")
      .TypeName("[DX,DY[,BLUR[,OPACITY]]]")
      .Group(group);
  cut.AddOption("--crop", a.crop,
                "Crop to the subject plus a margin: pixels (default 0) or % of its longer side; "
                "one for all sides, two (above and below, left and right) or four (top, right, "
                "bottom, left)")
      .TypeName("[MARGIN,...]")
      .Group(group);
  cut.AddOption("--size", a.size, "Fit the result into a canvas of this size")
      .TypeName("WxH")
      .Group(group);
  cut.AddOption("--position", a.position,
                "Where on the canvas: center, top, bottom-left, … or X,Y in pixels or %; with "
                "--scale also original: where it was")
      .TypeName("POSITION")
      .Group(group);
  cut.AddOption("--scale", a.scale,
                "Put the subject by itself on the canvas (--size, or the picture's own size), "
                "fitted into this share of it, such as 80%, or as large as it is: original")
      .TypeName("PERCENT|original")
      .Group(group);
  AddSizeLimits(cut, a, group);
}

void AddSizeLimits(Command& cut, CutArguments& a, const char* group) {
  cut.AddOption("--max-size", a.options.decode.max_size,
                "Scale down so that the longer side has at most PX pixels")
      .TypeName("PX")
      .Range(1, 1 << 20)
      .Group(group);
  cut.AddOption("--max-output-pixels", a.options.decode.output_pixels,
                "Scale down so that the result has at most N pixels before cropping")
      .TypeName("N")
      .Positive()
      .Group(group);
  cut.AddOption("--max-pixels", a.options.decode.limits.max_pixels,
                "Refuse inputs with more pixels; default 250000000")
      .Positive()
      .Group(group);
}

void AddMattingOptions(Command& cut, CutArguments& a) {
  const char* const group = "Matting";
  cut.AddFlag("-a,--alpha-matting", a.alpha_matting, "The same as --edges matting").Group(group);
  cut.AddOption("--alpha-matting-foreground-threshold", a.matting_foreground,
                "-af: the matte is certainly subject above this; default 240")
      .Range(0, 255)
      .Group(group);
  cut.AddOption("--alpha-matting-background-threshold", a.matting_background,
                "-ab: the matte is certainly background below this; default 10")
      .Range(0, 255)
      .Group(group);
  cut.AddOption("--alpha-matting-erode-size", a.matting_erode,
                "-ae: treat this many pixels along the edge as uncertain; default 10")
      .Range(-1, 1000)
      .Group(group);
}

void AddModelOptions(Command& cut, CutArguments& a) {
  const char* const group = "Run";
  cut.AddOption("-m,--model", a.model, "A model name (see `peel models`) or an ONNX file")
      .TypeName("NAME|FILE")
      .Group(group);
  cut.AddOption("--threads", a.threads,
                "Threads in total; default: the processors available to this process")
      .Range(1, 1024)
      .Group(group);
  cut.AddOption("--jobs", a.jobs,
                "Pictures to process at the same time; default: one per processor")
      .Range(1, 256)
      .Group(group);
  cut.AddOption("--memory", a.memory,
                "Memory limit for all pictures together, such as 800M or 4G; default: half of what "
                "is available")
      .TypeName("SIZE")
      .Group(group);
  cut.AddOption("--device", a.device, "auto, cpu, cuda, tensorrt or openvino (see `peel doctor`)")
      .Group(group);
  cut.AddOption("--backend", a.backend,
                "auto, native or onnxruntime; auto: native wherever it can run the model")
      .Group(group);
  cut.AddOption("--ort", a.ort,
                "Options for ONNX Runtime: graph=off|basic|extended|all, inter=N, arena=on|off, "
                "execution=sequential|parallel, gpu=N, openvino=DEVICE")
      .TypeName("KEY=VALUE[,...]")
      .Group(group);
  cut.AddOption("--precision", a.precision, "auto, fp32, bf16, fp16 or int8").Group(group);
  cut.AddFlag("--strict", a.strict, "Fail rather than fall back to another device or precision")
      .Group(group);
  cut.AddFlag("-q,--quiet", a.quiet, "Print only errors").Group(group);
  cut.AddFlag("-v,--verbose", a.verbose, "Print what runs and how long each stage takes")
      .Group(group);
}

bool ApplyConfig(const Command& command, CutArguments& a, int* exit_code) {
  const Result<Config> read = ReadConfig();
  if (!read.ok()) {
    Console().Error(read.status().message());
    *exit_code = kExitUsage;
    return false;
  }
  const Config& config = *read;
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
  return true;
}

}  // namespace peel
