// Cutting out and its results: see include/peel/peel.h.
#include <peel/peel.h>

#include <span>

#include "src/base/cpu.h"
#include "src/base/thread_pool.h"
#include "src/capi/handles.h"
#include "src/pipeline/compose.h"

namespace peel {
namespace {

peel_cut_options DefaultCutOptions() {
  peel_cut_options options = {};
  options.crop_margin = -1;
  options.alpha_matting_foreground_threshold = 240;
  options.alpha_matting_background_threshold = 10;
  options.alpha_matting_erode_size = 10;
  return options;
}

Result<CutOptions> ToCutOptions(const peel_cut_options* given) {
  PEEL_ASSIGN_OR_RETURN(const peel_cut_options c, CopyOptions(given, DefaultCutOptions()));
  CutOptions options;
  switch (c.format) {
    case PEEL_PNG:
      options.format = Format::kPng;
      break;
    case PEEL_JPEG:
      options.format = Format::kJpeg;
      break;
    case PEEL_WEBP:
      options.format = Format::kWebp;
      break;
    case PEEL_AVIF:
      options.format = Format::kAvif;
      break;
    case PEEL_TIFF:
      options.format = Format::kTiff;
      break;
    default:
      return InvalidArgument("format is none of peel_format");
  }
  switch (c.edges) {
    case PEEL_EDGES_AUTO:
      options.edges = EdgeMode::kAuto;
      break;
    case PEEL_EDGES_OFF:
      options.edges = EdgeMode::kOff;
      break;
    case PEEL_EDGES_REFINE:
      options.edges = EdgeMode::kRefine;
      break;
    case PEEL_EDGES_MATTING:
      options.edges = EdgeMode::kMatting;
      break;
    default:
      return InvalidArgument("edges is none of peel_edges");
  }
  options.quality = c.quality;
  options.lossless = c.lossless != 0;
  options.mask_only = c.mask_only != 0;
  options.compat_rembg = c.compat_rembg != 0;
  options.rembg.post_process_mask = c.post_process_mask != 0;
  options.rembg.putalpha = c.putalpha != 0;
  options.rembg.decontaminate = c.decontaminate != 0;
  options.rembg.alpha_matting = c.alpha_matting != 0;
  if (c.crop_margin >= 0) options.crop_margin = c.crop_margin;
  if (c.max_size < 0) return InvalidArgument("max_size is not negative");
  options.max_size = c.max_size;
  if (c.work_size < 0) return InvalidArgument("work_size is not negative");
  options.work_size = c.work_size;
  if (c.max_pixels > 0) options.limits.max_pixels = c.max_pixels;
  options.keep_metadata = c.drop_metadata == 0;
  if (c.cancel != nullptr) options.cancel = &c.cancel->token;
  if (c.background != nullptr) {
    auto background = Background::Parse(c.background, options.limits);
    if (!background.ok()) return std::move(background).status().WithContext("background");
    options.background = *std::move(background);
  }
  return options;
}

Result<const Cutter*> CutterOf(const peel_engine* engine) {
  if (engine == nullptr || engine->cutter == nullptr) {
    return InvalidArgument("the engine was not created; look at peel_engine_error");
  }
  return engine->cutter.get();
}

// Of a picture, or of a matte.
Result<ImageView<const uint8_t>> ViewOf(const peel_pixels* pixels, bool is_matte = false) {
  if (pixels == nullptr || pixels->data == nullptr || pixels->width < 1 || pixels->height < 1) {
    return InvalidArgument("there are no pixels");
  }
  if (is_matte && pixels->channels != 1) {
    return InvalidArgument("a matte has 1 channel, not " + std::to_string(pixels->channels));
  }
  if (!is_matte && pixels->channels != 3 && pixels->channels != 4) {
    return InvalidArgument("pixels have 3 channels (RGB) or 4 (RGBA), not " +
                           std::to_string(pixels->channels));
  }
  const size_t row = static_cast<size_t>(pixels->width) * static_cast<size_t>(pixels->channels);
  const size_t stride = pixels->stride == 0 ? row : pixels->stride;
  if (stride < row) return InvalidArgument("the stride is shorter than a row");
  return ImageView<const uint8_t>{pixels->data, pixels->width, pixels->height, pixels->channels,
                                  static_cast<ptrdiff_t>(stride)};
}

void SetShape(peel_result& result) {
  result.width = result.cut.pixels.width();
  result.height = result.cut.pixels.height();
  result.channels = result.cut.pixels.channels();
}

Status CutPixelsInto(peel_result& result, const peel_engine* engine, const peel_pixels* pixels,
                     CutOptions options) {
  PEEL_ASSIGN_OR_RETURN(const Cutter* cutter, CutterOf(engine));
  PEEL_ASSIGN_OR_RETURN(const auto view, ViewOf(pixels));
  PEEL_RETURN_IF_ERROR(CheckSize(options.limits, static_cast<uint64_t>(view.width),
                                 static_cast<uint64_t>(view.height)));
  options.format = Format::kPng;  // pixels keep their alpha
  PEEL_ASSIGN_OR_RETURN(result.cut, cutter->CutPixels(view, options));
  SetShape(result);
  return OkStatus();
}

Status ComposePixelsInto(peel_result& result, const peel_engine* engine, const peel_pixels* picture,
                         const peel_pixels* matte, const CutOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const auto view, ViewOf(picture));
  PEEL_ASSIGN_OR_RETURN(const auto matte_view, ViewOf(matte, /*is_matte=*/true));
  for (const auto& v : {view, matte_view}) {
    PEEL_RETURN_IF_ERROR(
        CheckSize(options.limits, static_cast<uint64_t>(v.width), static_cast<uint64_t>(v.height)));
  }
  if (engine != nullptr) {
    PEEL_ASSIGN_OR_RETURN(const Cutter* cutter, CutterOf(engine));
    PEEL_ASSIGN_OR_RETURN(result.cut, cutter->ComposePixels(view, matte_view, options));
  } else {
    InitCpu();
    ThreadPool one(1);
    PEEL_ASSIGN_OR_RETURN(result.cut, ComposeGiven(view, matte_view, options, &one));
  }
  SetShape(result);
  return OkStatus();
}

bool Good(const peel_result* result) { return result != nullptr && result->status == PEEL_OK; }

}  // namespace
}  // namespace peel

extern "C" {

void peel_cut_options_init(peel_cut_options* options, size_t size) {
  peel::InitOptions(options, size, peel::DefaultCutOptions());
}

peel_result* peel_cut(const peel_engine* engine, const void* bytes, size_t size,
                      const peel_cut_options* options) {
  return peel::Guarded<peel_result>([&](peel_result& result) -> peel::Status {
    PEEL_ASSIGN_OR_RETURN(const peel::Cutter* cutter, peel::CutterOf(engine));
    PEEL_ASSIGN_OR_RETURN(const peel::CutOptions cut_options, peel::ToCutOptions(options));
    if (bytes == nullptr && size > 0) return peel::InvalidArgument("there are no bytes");
    const std::span<const uint8_t> span(static_cast<const uint8_t*>(bytes), size);
    PEEL_ASSIGN_OR_RETURN(peel::EncodedCut cut, cutter->CutBytes(span, cut_options));
    result.bytes = std::move(cut.bytes);
    static_cast<peel::CutInfo&>(result.cut) = std::move(cut.info);
    result.width = cut.width;
    result.height = cut.height;
    result.channels = cut.channels;
    return peel::OkStatus();
  });
}

peel_result* peel_cut_pixels(const peel_engine* engine, const peel_pixels* pixels,
                             const peel_cut_options* options) {
  return peel::Guarded<peel_result>([&](peel_result& result) -> peel::Status {
    PEEL_ASSIGN_OR_RETURN(peel::CutOptions cut_options, peel::ToCutOptions(options));
    return peel::CutPixelsInto(result, engine, pixels, std::move(cut_options));
  });
}

peel_result* peel_matte_pixels(const peel_engine* engine, const peel_pixels* pixels,
                               const peel_cut_options* options) {
  return peel::Guarded<peel_result>([&](peel_result& result) -> peel::Status {
    PEEL_ASSIGN_OR_RETURN(peel::CutOptions cut_options, peel::ToCutOptions(options));
    cut_options.mask_only = true;
    return peel::CutPixelsInto(result, engine, pixels, std::move(cut_options));
  });
}

peel_result* peel_compose_pixels(const peel_engine* engine, const peel_pixels* picture,
                                 const peel_pixels* matte, const peel_cut_options* options) {
  return peel::Guarded<peel_result>([&](peel_result& result) -> peel::Status {
    PEEL_ASSIGN_OR_RETURN(const peel::CutOptions cut_options, peel::ToCutOptions(options));
    return peel::ComposePixelsInto(result, engine, picture, matte, cut_options);
  });
}

void peel_result_free(peel_result* result) { delete result; }

peel_status peel_result_status(const peel_result* result) {
  return result != nullptr ? result->status : PEEL_OUT_OF_MEMORY;
}

const char* peel_result_error(const peel_result* result) {
  return result != nullptr ? result->error.c_str() : "out of memory";
}

const char* peel_result_warning(const peel_result* result) {
  return result != nullptr ? result->cut.warning.c_str() : "";
}

const uint8_t* peel_result_data(const peel_result* result) {
  if (!peel::Good(result)) return nullptr;
  return result->bytes.empty() ? result->cut.pixels.row(0) : result->bytes.data();
}

size_t peel_result_size(const peel_result* result) {
  if (!peel::Good(result)) return 0;
  if (!result->bytes.empty()) return result->bytes.size();
  // The last row ends with its pixels, not with its padding.
  const auto& pixels = result->cut.pixels;
  return static_cast<size_t>(pixels.stride()) * static_cast<size_t>(pixels.height() - 1) +
         static_cast<size_t>(pixels.width()) * static_cast<size_t>(pixels.channels());
}

int peel_result_width(const peel_result* result) { return peel::Good(result) ? result->width : 0; }
int peel_result_height(const peel_result* result) {
  return peel::Good(result) ? result->height : 0;
}
int peel_result_channels(const peel_result* result) {
  return peel::Good(result) ? result->channels : 0;
}
size_t peel_result_stride(const peel_result* result) {
  if (!peel::Good(result) || !result->bytes.empty()) return 0;
  return static_cast<size_t>(result->cut.pixels.stride());
}
int peel_result_x(const peel_result* result) { return peel::Good(result) ? result->cut.x : 0; }
int peel_result_y(const peel_result* result) { return peel::Good(result) ? result->cut.y : 0; }
int peel_result_has_subject(const peel_result* result) {
  return peel::Good(result) && result->cut.has_subject ? 1 : 0;
}
double peel_result_subject_score(const peel_result* result) {
  return peel::Good(result) ? result->cut.subject_score : 0;
}
double peel_result_coverage(const peel_result* result) {
  return peel::Good(result) ? result->cut.coverage : 0;
}

}  // extern "C"
