#include "src/server/work/job_options.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "src/codec/decode.h"
#include "src/image/colour.h"
#include "src/matte/matting/trimap.h"
#include "src/pipeline/cut/sides.h"
#include "src/server/work/rectify_options.h"

namespace peel::server {
namespace {

constexpr size_t kMostText = 512;
constexpr const char* kBackground = "background";
constexpr const char* kTrimap = "trimap";
constexpr const char* kHints = "hints";
constexpr const char* kMatte = "matte";

struct OutputFormat {
  std::string_view name;
  Format format;
  const char* type;
};
// The colours and the alpha of a ZIP are taken from a PNG.
constexpr std::array<OutputFormat, 8> kFormats = {{{"png", Format::kPng, "image/png"},
                                                   {"jpg", Format::kJpeg, "image/jpeg"},
                                                   {"jpeg", Format::kJpeg, "image/jpeg"},
                                                   {"webp", Format::kWebp, "image/webp"},
                                                   {"avif", Format::kAvif, "image/avif"},
                                                   {"tiff", Format::kTiff, "image/tiff"},
                                                   {"tif", Format::kTiff, "image/tiff"},
                                                   {"zip", Format::kPng, "application/zip"}}};

const OutputFormat* FindFormat(std::string_view name) {
  const auto* const found = std::ranges::find(kFormats, name, &OutputFormat::name);
  return found == kFormats.end() || name.empty() ? nullptr : found;
}

template <typename Parser, typename T>
Status Parse(std::string_view text, const char* option, const Parser& parser, T& to) {
  auto value = parser(text);
  if (!value.ok()) return std::move(value).status().WithContext(option);
  to = *std::move(value);
  return OkStatus();
}

Status InRange(const char* option, int value, int least, int most) {
  if (value >= least && value <= most) return OkStatus();
  return InvalidArgument(std::string(option) + ": " + std::to_string(value) +
                         " is not a number from " + std::to_string(least) + " to " +
                         std::to_string(most));
}

// Colours and "blur" alone: a name must never be read as that of a file of this machine.
Result<Background> NamedBackground(const std::string& text) {
  if (text.empty() || text == "blur" || text.starts_with("blur:")) return Background::Parse(text);
  auto colour = ParseColour(text);
  if (colour.ok()) return Background::Colour(*colour);
  return InvalidArgument("background: \"" + text.substr(0, 64) +
                         "\" is neither a CSS colour (white, #fff, rgb(…)) nor blur, blur:RADIUS");
}

Status PlanEncoding(const CutJob& job, CutOptions& cut) {
  const OutputFormat* const format = FindFormat(job.format);
  if (format == nullptr) {
    return InvalidArgument("format: \"" + job.format.substr(0, 64) +
                           "\" is none of png, jpg, webp, avif, tiff, zip");
  }
  cut.encode.format = format->format;
  cut.encode.quality = IsZip(job) ? 0 : job.quality;
  cut.encode.lossless = job.lossless;
  cut.encode.keep_metadata = job.keep_metadata;
  PEEL_RETURN_IF_ERROR(InRange("quality", job.quality, 0, 100));
  if (!IsZip(job)) return OkStatus();
  if (job.rectify) {
    return InvalidArgument("format: a straightened picture goes as png, jpg, webp, avif or tiff");
  }
  if (job.lossless) return InvalidArgument("lossless: the colours of a zip are a JPEG");
  if (job.mask_only) {
    return InvalidArgument("a zip holds colours and alpha: a mask alone goes as png, jpg or webp");
  }
  return OkStatus();
}

Status PlanMatte(const CutJob& job, CutOptions& cut) {
  MatteOptions& matte = cut.matte.model;
  PEEL_RETURN_IF_ERROR(Parse(job.edges, "edges", ParseEdges, matte.edges));
  if (job.alpha_matting) {
    if (matte.edges != Edges::kAuto && matte.edges != Edges::kMatting) {
      return InvalidArgument("alpha matting and edges " + job.edges + " exclude each other");
    }
    matte.edges = Edges::kMatting;
  }
  PEEL_RETURN_IF_ERROR(InRange("matting foreground", job.matting_foreground, 0, 255));
  PEEL_RETURN_IF_ERROR(InRange("matting background", job.matting_background, 0, 255));
  PEEL_RETURN_IF_ERROR(InRange("matting erode", job.matting_erode, 0, 1000));
  matte.matting = {job.matting_foreground, job.matting_background, job.matting_erode};
  if (job.compat_rembg) matte.mode = MatteMode::kRembg;
  cut.compose.rembg = {job.post_process_mask, job.putalpha, job.decontaminate};
  cut.matte.keep_largest = job.keep_largest;
  cut.matte.fill_holes = job.fill_holes;
  cut.matte.solid = !job.semitransparency;
  if (job.own_alpha == "enough") {
    cut.matte.own_alpha = OwnAlpha::kEnough;
  } else if (job.own_alpha == "discard") {
    cut.matte.own_alpha = OwnAlpha::kDiscard;
  } else if (job.own_alpha != "keep") {
    return InvalidArgument("own_alpha: \"" + job.own_alpha.substr(0, 64) +
                           "\" is none of keep, enough, discard");
  }
  cut.compose.keep_matte = job.matte_too;
  return OkStatus();
}

std::string Joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ",") + text;
  return all;
}

Status PlanFrame(const CutJob& job, CutOptions& cut) {
  FrameChoices& frame = cut.frame;
  if (!job.crop.empty()) {
    PEEL_RETURN_IF_ERROR(Parse(Joined(job.crop), "crop", ParseMargins, frame.crop_margin));
  } else if (job.crops) {
    frame.crop_margin = Margins();
  }
  if (!job.roi.empty()) {
    PEEL_RETURN_IF_ERROR(Parse(Joined(job.roi), "roi", ParseRegion, cut.matte.roi));
  }
  if (job.scale != 0) frame.scale = job.scale;
  if (!job.position.empty()) {
    PEEL_RETURN_IF_ERROR(Parse(job.position, "position", ParsePosition, frame.position));
    // Without a canvas of its own the subject stands on one of the picture's size.
    if (!frame.scale && (frame.position.original || job.size.empty())) frame.scale = 0;
  }
  if (job.shadow) {
    PEEL_RETURN_IF_ERROR(Parse(*job.shadow, "shadow", ParseShadow, frame.shadow));
  }
  if (!job.size.empty()) PEEL_RETURN_IF_ERROR(Parse(job.size, "size", ParseSize, frame.canvas));
  return OkStatus();
}

Status Plan(const CutJob& job, CutOptions& cut) {
  cut.decode.limits.max_pixels = job.max_pixels;
  if (job.max_size < 0) return InvalidArgument("max_size: the longer side is at least 1 pixel");
  cut.decode.max_size = job.max_size;
  cut.decode.output_pixels = job.output_pixels;
  PEEL_RETURN_IF_ERROR(PlanEncoding(job, cut));
  PEEL_RETURN_IF_ERROR(PlanMatte(job, cut));
  cut.compose.mask_only = job.mask_only;
  PEEL_ASSIGN_OR_RETURN(cut.compose.background, NamedBackground(job.background));
  if (job.background_fit != "cover" && job.background_fit != "contain") {
    return InvalidArgument("background_fit: \"" + job.background_fit.substr(0, 64) +
                           "\" is none of cover, contain");
  }
  PEEL_RETURN_IF_ERROR(PlanRectify(job, cut));
  return PlanFrame(job, cut);
}

Background::Fit FitOf(const CutJob& job) {
  return job.background_fit == "contain" ? Background::Fit::kContain : Background::Fit::kCover;
}

// A picture that came along, 8 bits a sample.
Result<ImageU8> DecodeAttachment(std::span<const uint8_t> bytes, const Limits& limits) {
  DecodeOptions options;
  options.limits = limits;
  options.reduce_to_8_bits = true;
  options.keep_metadata = false;
  PEEL_ASSIGN_OR_RETURN(Picture picture, Decode(bytes, options));
  return std::move(*picture.u8());
}

Status Attach(const std::string& name, std::span<const uint8_t> bytes, const CutJob& job,
              CutOptions& cut) {
  const Limits& limits = cut.decode.limits;
  if (name == kBackground) {
    if (!job.background.empty()) {
      return InvalidArgument("a background picture and a background colour exclude each other");
    }
    PEEL_ASSIGN_OR_RETURN(cut.compose.background, Background::FromFile(bytes, limits));
    cut.compose.background.set_fit(FitOf(job));
    return OkStatus();
  }
  if (name == kTrimap) {
    PEEL_ASSIGN_OR_RETURN(const ImageU8 drawn, DecodeAttachment(bytes, limits));
    PEEL_ASSIGN_OR_RETURN(ImageU8 trimap, ReadTrimap(drawn.view()));
    cut.matte.trimap = std::make_shared<const ImageU8>(std::move(trimap));
    return OkStatus();
  }
  if (name == kHints) {
    PEEL_ASSIGN_OR_RETURN(ImageU8 drawn, DecodeAttachment(bytes, limits));
    cut.matte.hints = std::make_shared<const ImageU8>(std::move(drawn));
    return OkStatus();
  }
  if (name == kMatte) {
    PEEL_ASSIGN_OR_RETURN(const ImageU8 grey, DecodeAttachment(bytes, limits));
    PEEL_ASSIGN_OR_RETURN(ImageU8 matte, Luma(grey.view()));
    cut.matte.given = std::make_shared<const ImageU8>(std::move(matte));
    return OkStatus();
  }
  return Internal("nothing takes this attachment");
}

}  // namespace

bool IsZip(const CutJob& job) { return job.format == "zip"; }

bool IsSheets(const CutJob& job) { return job.rectify && job.rectify->all; }

const char* MediaType(const CutJob& job) {
  if (IsSheets(job)) return "application/zip";
  const OutputFormat* const format = FindFormat(job.format);
  return format == nullptr ? "application/octet-stream" : format->type;
}

Result<CutOptions> OptionsWithoutFiles(const CutJob& job) {
  CutOptions cut;
  PEEL_RETURN_IF_ERROR(Plan(job, cut));
  PEEL_RETURN_IF_ERROR(CheckOptions(cut));
  PEEL_RETURN_IF_ERROR(CheckEncoding(cut.encode));
  return cut;
}

Result<CutOptions> OptionsFor(const CutJob& job, const JobFiles& files) {
  CutOptions cut;
  PEEL_RETURN_IF_ERROR(Plan(job, cut));
  for (const auto& [name, bytes] : files.attachments) {
    if (Status status = Attach(name, bytes, job, cut); !status.ok()) {
      return std::move(status).WithContext(name);
    }
  }
  PEEL_RETURN_IF_ERROR(CheckOptions(cut));
  PEEL_RETURN_IF_ERROR(CheckEncoding(cut.encode));
  return cut;
}

Status CutJob::Check() const {
  for (const std::string* text :
       {&model, &format, &background, &background_fit, &edges, &size, &position}) {
    if (text->size() > kMostText) return InvalidArgument("an option is too long");
  }
  for (const std::vector<std::string>* texts : {&crop, &roi}) {
    size_t all = 0;
    for (const std::string& text : *texts) all += text.size() + 1;
    if (all > kMostText) return InvalidArgument("an option is too long");
  }
  if (shadow && shadow->size() > kMostText) return InvalidArgument("shadow: too long");
  if (max_pixels == 0) return InvalidArgument("max_pixels: at least 1");
  return OptionsWithoutFiles(*this).status();
}

}  // namespace peel::server
