#include "apps/peel/cut/cut_plan.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "apps/peel/cut/cut_rectify.h"
#include "apps/peel/run_parts.h"
#include "apps/peel/shard_auto.h"
#include "src/base/os/files.h"
#include "src/base/thread_pool.h"
#include "src/codec/decode.h"
#include "src/matte/matting/trimap.h"
#include "src/pipeline/folder/memory_budget.h"
#include "src/pipeline/folder/settings_hash.h"

namespace peel {
namespace {

// The pixels of a picture that someone drew.
Result<ImageU8> LoadDrawn(const std::string& path, const Limits& limits) {
  PEEL_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadWholeFile(path, limits.max_bytes));
  DecodeOptions decode;
  decode.limits = limits;
  decode.reduce_to_8_bits = true;
  decode.keep_metadata = false;
  PEEL_ASSIGN_OR_RETURN(Picture picture, Decode(bytes, decode));
  return std::move(*picture.u8());
}

Status PlanDrawn(const CutArguments& a, CutOptions& cut) {
  if (!a.trimap.empty()) {
    auto drawn = LoadDrawn(a.trimap, cut.decode.limits);
    if (!drawn.ok()) return std::move(drawn).status().WithContext("--trimap " + a.trimap);
    PEEL_ASSIGN_OR_RETURN(ImageU8 trimap, ReadTrimap(std::as_const(*drawn).view()));
    cut.matte.trimap = std::make_shared<const ImageU8>(std::move(trimap));
  }
  if (!a.hints.empty()) {
    auto drawn = LoadDrawn(a.hints, cut.decode.limits);
    if (!drawn.ok()) return std::move(drawn).status().WithContext("--hints " + a.hints);
    cut.matte.hints = std::make_shared<const ImageU8>(*std::move(drawn));
  }
  return OkStatus();
}

Result<double> ParseScale(std::string_view text) {
  if (text == "original") return 0.0;
  PEEL_ASSIGN_OR_RETURN(const Length share, ParseLength(text));
  if (!share.percent || !(share.value > 0 && share.value <= 100)) {
    return InvalidArgument(std::string("\"").append(text).append(
        "\" is not a scale; write 80% (more than 0, up to 100%) or original"));
  }
  return share.value / 100;
}

// What the subject is, and how it is framed.
Status PlanPicture(const CutArguments& a, CutOptions& cut) {
  MatteOptions& matte = cut.matte.model;
  PEEL_ASSIGN_OR_RETURN(matte.edges, ParseEdges(a.edges));
  if (a.alpha_matting) {
    if (a.edges != "auto" && a.edges != "matting") {
      return InvalidArgument("-a and --edges " + a.edges + " exclude each other");
    }
    matte.edges = Edges::kMatting;
  }
  const TrimapOptions usual;
  matte.matting = {a.matting_foreground.value_or(usual.foreground),
                   a.matting_background.value_or(usual.background),
                   a.matting_erode.value_or(usual.erode)};
  PEEL_RETURN_IF_ERROR(PlanDrawn(a, cut));
  cut.matte.keep_largest = a.keep == "largest";
  const auto parse = [](const auto& text, const char* option, const auto& parser, auto& to) {
    auto value = parser(text);
    if (!value.ok()) return std::move(value).status().WithContext(option);
    to = *std::move(value);
    return OkStatus();
  };
  if (a.crop) {
    PEEL_RETURN_IF_ERROR(parse(*a.crop, "--crop", ParseMargins, cut.frame.crop_margin));
  }
  if (a.shadow) PEEL_RETURN_IF_ERROR(parse(*a.shadow, "--shadow", ParseShadow, cut.frame.shadow));
  if (!a.size.empty() && !a.straighten) {
    PEEL_RETURN_IF_ERROR(parse(a.size, "--size", ParseSize, cut.frame.canvas));
  }
  if (!a.scale.empty()) {
    PEEL_RETURN_IF_ERROR(parse(a.scale, "--scale", ParseScale, cut.frame.scale));
  }
  if (!a.roi.empty()) PEEL_RETURN_IF_ERROR(parse(a.roi, "--roi", ParseRegion, cut.matte.roi));
  if (a.position.empty()) return OkStatus();
  return parse(a.position, "--position", ParsePosition, cut.frame.position);
}

// What would have no effect beside the rest, as far as CheckOptions cannot see that it was given.
Status CheckGiven(const CutArguments& a, const CutOptions& cut) {
  if (!a.position.empty() && !cut.frame.canvas && !cut.frame.scale) {
    return InvalidArgument(
        "--position says where on a canvas the subject stands; give --size WxH or --scale too");
  }
  if (!a.background_fit.empty() && cut.compose.background.kind() != Background::Kind::kPicture) {
    return InvalidArgument("--background-fit is about a picture as --background");
  }
  const bool numbers = a.matting_foreground || a.matting_background || a.matting_erode;
  if (numbers && (cut.matte.model.edges != Edges::kMatting || cut.matte.trimap != nullptr)) {
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

Result<ModelOptions> PlanModel(const CutArguments& a) {
  ModelOptions model;
  model.model = a.model;
  model.threads = a.threads;
  model.strict = a.strict;
  PEEL_ASSIGN_OR_RETURN(model.device, ParseDevice(a.device));
  PEEL_ASSIGN_OR_RETURN(model.backend, ParseBackend(a.backend));
  PEEL_ASSIGN_OR_RETURN(model.runtime, ParseRuntime(a.ort));
  model.runtime.asked = a.ort_typed;
  PEEL_ASSIGN_OR_RETURN(model.precision, ParsePrecision(a.precision));
  return model;
}

Result<uint64_t> PlanMemory(const CutArguments& a) {
  uint64_t memory = DefaultMemory();
  if (!a.memory.empty()) {
    auto bytes = ParseBytes(a.memory);
    if (!bytes.ok()) return std::move(bytes).status().WithContext("--memory");
    memory = *bytes;
  }
  const uint64_t base = EstimateBase(ModelBytes(a.model));
  return memory > base ? memory - base : 1;
}

Result<Plan> MakePlan(const CutArguments& a) {
  Plan plan;
  if (!a.output_file.empty() && !a.output_folder.empty()) {
    return InvalidArgument("-o and -O exclude each other; give one of them");
  }
  plan.output.file = a.output_file;
  plan.output.folder = a.output_folder;
  plan.output.mask = a.options.compose.mask_only;
  if (!a.format.empty()) {
    auto format = ParseOutputFormat(a.format);
    if (!format.ok()) return std::move(format).status().WithContext("--format");
    plan.output.format = *format;
  }
  CutOptions& cut = plan.batch.cut;
  cut = a.options;
  PEEL_RETURN_IF_ERROR(PlanRectify(a, plan));
  PEEL_ASSIGN_OR_RETURN(cut.encode.format, OutputFormat(plan.output));
  if (a.compat == "rembg") cut.matte.model.mode = MatteMode::kRembg;
  if (a.all_frames && !a.animation.empty()) {
    return InvalidArgument("--all-frames gives each frame a file: it goes without --animation");
  }
  cut.decode.animate = a.animation != "first";
  auto background = Background::Parse(a.background, cut.decode.limits);
  if (!background.ok()) return std::move(background).status().WithContext("--background");
  cut.compose.background = *std::move(background);
  if (a.background_fit == "contain") cut.compose.background.set_fit(Background::Fit::kContain);
  PEEL_RETURN_IF_ERROR(PlanPicture(a, cut));
  PEEL_RETURN_IF_ERROR(CheckGiven(a, cut));
  PEEL_RETURN_IF_ERROR(CheckOptions(cut));
  PEEL_RETURN_IF_ERROR(CheckEncoding(cut.encode));

  plan.batch.skip_existing = a.skip_existing || a.watch;
  plan.batch.all_frames = a.all_frames;
  PEEL_ASSIGN_OR_RETURN(plan.batch.memory, PlanMemory(a));
  PEEL_ASSIGN_OR_RETURN(plan.shard, ReadShard(a.shard, a.shards));
  plan.batch.make_folders = !a.output_folder.empty();
  PEEL_ASSIGN_OR_RETURN(plan.model, PlanModel(a));
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
