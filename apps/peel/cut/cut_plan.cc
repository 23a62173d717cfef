#include "apps/peel/cut/cut_plan.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "apps/peel/run_parts.h"
#include "apps/peel/settings_hash.h"
#include "src/base/os/files.h"
#include "src/base/thread_pool.h"
#include "src/codec/decode.h"
#include "src/matte/trimap.h"
#include "src/pipeline/folder/memory_budget.h"

namespace peel {
namespace {

// Of what was decoded from the file of --trimap.
Result<std::shared_ptr<const ImageU8>> LoadTrimap(const std::string& path, const Limits& limits) {
  PEEL_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadWholeFile(path, limits.max_bytes));
  DecodeOptions decode;
  decode.limits = limits;
  decode.reduce_to_8_bits = true;
  decode.keep_metadata = false;
  PEEL_ASSIGN_OR_RETURN(Picture picture, Decode(bytes, decode));
  PEEL_ASSIGN_OR_RETURN(ImageU8 trimap, ReadTrimap(std::as_const(*picture.u8()).view()));
  return std::make_shared<const ImageU8>(std::move(trimap));
}

// What the subject is, and how it is framed.
Status PlanPicture(const CutArguments& a, CutOptions& cut) {
  PEEL_ASSIGN_OR_RETURN(cut.edges, ParseEdges(a.edges));
  if (a.alpha_matting) {
    if (a.edges != "auto" && a.edges != "matting") {
      return InvalidArgument("-a and --edges " + a.edges + " exclude each other");
    }
    cut.edges = EdgeMode::kMatting;
  }
  const TrimapOptions usual;
  cut.matting = {a.matting_foreground.value_or(usual.foreground),
                 a.matting_background.value_or(usual.background),
                 a.matting_erode.value_or(usual.erode)};
  if (!a.trimap.empty()) {
    auto trimap = LoadTrimap(a.trimap, cut.limits);
    if (!trimap.ok()) return std::move(trimap).status().WithContext("--trimap " + a.trimap);
    cut.trimap = *std::move(trimap);
  }
  cut.keep_largest = a.keep == "largest";
  cut.fill_holes = a.fill_holes;
  const auto parse = [](const auto& text, const char* option, const auto& parser, auto& to) {
    auto value = parser(text);
    if (!value.ok()) return std::move(value).status().WithContext(option);
    to = *std::move(value);
    return OkStatus();
  };
  if (a.crop) {
    PEEL_RETURN_IF_ERROR(parse(*a.crop, "--crop", ParseLength, cut.crop_margin));
    if (cut.crop_margin->value < 0) return InvalidArgument("--crop: a margin is not negative");
  }
  if (a.shadow) PEEL_RETURN_IF_ERROR(parse(*a.shadow, "--shadow", ParseShadow, cut.shadow));
  if (!a.size.empty()) PEEL_RETURN_IF_ERROR(parse(a.size, "--size", ParseSize, cut.canvas));
  if (a.position.empty()) return OkStatus();
  return parse(a.position, "--position", ParsePosition, cut.position);
}

// What would have no effect beside the rest, as far as CheckOptions cannot see that it was given.
Status CheckGiven(const CutArguments& a, const CutOptions& cut) {
  if (!a.position.empty() && !cut.canvas) {
    return InvalidArgument("--position says where in --size WxH the subject stands; give that too");
  }
  if (!a.background_fit.empty() && cut.background.kind() != Background::Kind::kPicture) {
    return InvalidArgument("--background-fit is about a picture as --background");
  }
  const bool numbers = a.matting_foreground || a.matting_background || a.matting_erode;
  if (numbers && (cut.edges != EdgeMode::kMatting || cut.trimap != nullptr)) {
    return InvalidArgument(
        "-af, -ab and -ae are about what -a (--edges matting) makes of a model's matte");
  }
  if (a.backend == "native" && a.ort_typed) {
    return InvalidArgument("--ort is about ONNX Runtime, --backend native goes without it");
  }
  if (a.quiet && a.verbose) return InvalidArgument("-q and -v exclude each other");
  return OkStatus();
}

}  // namespace

Result<Plan> MakePlan(const CutArguments& a) {
  Plan plan;
  if (!a.output_file.empty() && !a.output_folder.empty()) {
    return InvalidArgument("-o and -O exclude each other; give one of them");
  }
  plan.output.file = a.output_file;
  plan.output.folder = a.output_folder;
  plan.output.mask = a.mask;
  if (!a.format.empty()) {
    auto format = ParseOutputFormat(a.format);
    if (!format.ok()) return std::move(format).status().WithContext("--format");
    plan.output.format = *format;
  }
  CutOptions& cut = plan.batch.cut;
  PEEL_ASSIGN_OR_RETURN(cut.format, OutputFormat(plan.output));
  cut.quality = a.quality;
  cut.lossless = a.lossless;
  cut.mask_only = a.mask;
  cut.compat_rembg = a.compat == "rembg";
  cut.max_size = a.max_size;
  if (a.all_frames && !a.animation.empty()) {
    return InvalidArgument("--all-frames gives each frame a file: it goes without --animation");
  }
  cut.animate = a.animation != "first";
  if (a.max_pixels > 0) cut.limits.max_pixels = a.max_pixels;
  auto background = Background::Parse(a.background, cut.limits);
  if (!background.ok()) return std::move(background).status().WithContext("--background");
  cut.background = *std::move(background);
  if (a.background_fit == "contain") cut.background.set_fit(Background::Fit::kContain);
  PEEL_RETURN_IF_ERROR(PlanPicture(a, cut));
  PEEL_RETURN_IF_ERROR(CheckGiven(a, cut));
  PEEL_RETURN_IF_ERROR(CheckOptions(cut));
  PEEL_RETURN_IF_ERROR(CheckEncoding(cut));

  plan.batch.skip_existing = a.skip_existing || a.watch;
  plan.batch.all_frames = a.all_frames;
  uint64_t memory = DefaultMemory();
  if (!a.memory.empty()) {
    auto bytes = ParseBytes(a.memory);
    if (!bytes.ok()) return std::move(bytes).status().WithContext("--memory");
    memory = *bytes;
  }
  const uint64_t base = EstimateBase(ModelBytes(a.model));
  plan.batch.memory = memory > base ? memory - base : 1;
  if (!a.shard.empty()) {
    auto shard = ParseShard(a.shard);
    if (!shard.ok()) return std::move(shard).status().WithContext("--shard");
    plan.shard = *shard;
  }
  plan.batch.make_folders = !a.output_folder.empty();
  plan.model.model = a.model;
  plan.model.threads = a.threads;
  plan.model.strict = a.strict;
  PEEL_ASSIGN_OR_RETURN(plan.model.device, ParseDevice(a.device));
  PEEL_ASSIGN_OR_RETURN(plan.model.backend, ParseBackend(a.backend));
  PEEL_ASSIGN_OR_RETURN(plan.model.runtime, ParseRuntime(a.ort));
  plan.model.runtime.asked = a.ort_typed;
  PEEL_ASSIGN_OR_RETURN(plan.model.precision, ParsePrecision(a.precision));
  if (a.progress == "always") plan.progress = Console::Progress::kAlways;
  if (a.progress == "never") plan.progress = Console::Progress::kNever;
  return plan;
}

int JobsFor(const CutArguments& a, size_t pictures) {
  const int wanted = a.jobs > 0 ? a.jobs : a.threads > 0 ? a.threads : AvailableCpus();
  return static_cast<int>(
      std::clamp<size_t>(static_cast<size_t>(wanted), 1, std::max<size_t>(pictures, 1)));
}

}  // namespace peel
