#include "apps/peel/cut_options.h"

#include <algorithm>
#include <string>
#include <vector>

#include "apps/peel/config.h"

namespace peel {

void AddEncodingOptions(CLI::App& cut, CutArguments& a) {
  const char* const group = "Output";
  cut.add_option("--format", a.format,
                 "png, webp, jpg, avif or tiff; default: what FILE's extension says, else png")
      ->group(group);
  cut.add_option("--quality", a.quality,
                 "Of JPEG, AVIF and lossy WebP, 1 to 100; default 90, of AVIF 80")
      ->check(CLI::Range(1, 100))
      ->group(group);
  cut.add_flag("--lossless", a.lossless, "Lossless WebP or AVIF")->group(group);
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

void AddModelOptions(CLI::App& cut, CutArguments& a) {
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
  cut.add_option("--device", a.device, "auto, cpu, cuda, tensorrt or openvino (peel doctor)")
      ->group(group);
  cut.add_option("--backend", a.backend,
                 "auto, native or onnxruntime; auto: native on the CPU where it can")
      ->group(group);
  cut.add_option("--ort", a.ort,
                 "ONNX Runtime's options: graph=off|basic|extended|all, inter=N, arena=on|off, "
                 "execution=sequential|parallel, gpu=N, openvino=DEVICE")
      ->type_name("KEY=VALUE[,...]")
      ->group(group);
  cut.add_option("--precision", a.precision, "auto, fp32, bf16, fp16 or int8")->group(group);
  cut.add_flag("--strict", a.strict, "Fail rather than fall back to another device or precision")
      ->group(group);
  cut.add_flag("-q,--quiet", a.quiet, "Errors only")->group(group);
  cut.add_flag("-v,--verbose", a.verbose, "What runs, and the time of every stage")->group(group);
}

Status TakeConfig(const CLI::App& command, CutArguments& a) {
  PEEL_ASSIGN_OR_RETURN(const Config config, ReadConfig());
  const auto take = [&](const char* key, const std::string& option, std::string& to, bool counts) {
    const auto it = config.find(key);
    if (it == config.end() || command.get_option(option)->count() > 0) return;
    to = it->second;
    if (counts) a.settings.emplace_back(option, std::vector<std::string>{it->second});
  };
  std::string threads, jobs;
  take("model", "--model", a.model, false);
  take("device", "--device", a.device, true);
  take("backend", "--backend", a.backend, true);
  take("precision", "--precision", a.precision, true);
  take("ort", "--ort", a.ort, true);
  take("threads", "--threads", threads, false);
  take("jobs", "--jobs", jobs, false);
  if (!threads.empty()) a.threads = std::stoi(threads);  // ReadConfig has checked them
  if (!jobs.empty()) a.jobs = std::stoi(jobs);
  std::ranges::sort(a.settings);
  return OkStatus();
}

}  // namespace peel
