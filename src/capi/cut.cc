// Cutting out and its results: see include/peel/peel.h.
#include <peel/peel.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "src/base/thread_pool.h"
#include "src/capi/handles.h"
#include "src/capi/pixels.h"
#include "src/codec/decode.h"
#include "src/image/colour.h"
#include "src/matte/trimap.h"
#include "src/pipeline/cut/compose.h"
#include "src/pipeline/folder/memory_budget.h"

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
  options.post_process_mask = c.post_process_mask != 0;
  options.putalpha = c.putalpha != 0;
  options.decontaminate = c.decontaminate != 0;
  if (c.alpha_matting != 0) {
    if (options.edges != EdgeMode::kAuto && options.edges != EdgeMode::kMatting) {
      return InvalidArgument("alpha_matting and edges that are not matting exclude each other");
    }
    options.edges = EdgeMode::kMatting;
  }
  options.matting = {c.alpha_matting_foreground_threshold, c.alpha_matting_background_threshold,
                     c.alpha_matting_erode_size};
  if (c.crop_margin >= 0) options.crop_margin = c.crop_margin;
  if (c.max_size < 0) return InvalidArgument("max_size is not negative");
  options.max_size = c.max_size;
  if (c.work_size < 0) return InvalidArgument("work_size is not negative");
  options.work_size = c.work_size;
  if (c.max_pixels > 0) options.limits.max_pixels = c.max_pixels;
  options.keep_metadata = c.drop_metadata == 0;
  if (c.cancel != nullptr) options.cancel = &c.cancel->token;
  if (c.progress != nullptr) {
    options.progress = [tell = c.progress, data = c.progress_data](const char* stage,
                                                                   double fraction) {
      return tell(data, stage, fraction) == 0;
    };
  }
  if (c.trimap != nullptr) {
    PEEL_ASSIGN_OR_RETURN(const auto drawn, ReadPlane(c.trimap, "a trimap"));
    PEEL_ASSIGN_OR_RETURN(ImageU8 trimap, ReadTrimap(drawn));
    options.trimap = std::make_shared<const ImageU8>(std::move(trimap));
  }
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

// A picture's part of what peel_engine_options.memory_limit allows. Waits for room; kLimit for a
// picture that there will never be room for.
Result<Admission> Admit(const peel_engine* engine, const PictureInfo& info, uint64_t file_bytes,
                        const CutOptions& options) {
  if (engine == nullptr || engine->memory == nullptr) return Admission();
  const uint64_t bytes = EstimateMemory(info, file_bytes, options);
  if (bytes > engine->memory->limit()) {
    return LimitExceeded("this picture takes up to " + std::to_string(bytes >> 20) +
                         " MiB, memory_limit is " + std::to_string(engine->memory->limit() >> 20) +
                         " MiB");
  }
  return Admission(*engine->memory, bytes);
}

PictureInfo InfoOf(const PicturePixels& pixels) {
  PictureInfo info;
  info.width = pixels.width();
  info.height = pixels.height();
  info.bits = pixels.is_16_bit() ? 16 : 8;
  return info;
}

template <typename T>
void Take(CutOf<T> cut, bool bgr, peel_result& result) {
  if (bgr) SwapRedAndBlue(cut.pixels.view());
  result.width = cut.pixels.width();
  result.height = cut.pixels.height();
  result.channels = cut.pixels.channels();
  result.bits = 8 * sizeof(T);
  result.data = std::move(cut.pixels);
  result.info = std::move(static_cast<CutInfo&>(cut));
}

// work(view), which returns a Result of a Cut or a Cut16, of pixels in the bits that the result is
// to have.
template <typename Work>
Status WithPixels(const PicturePixels& pixels, const CutOptions& options, peel_result& result,
                  const Work& work) {
  if (const auto* view = std::get_if<ImageView<const uint8_t>>(&pixels.view)) {
    PEEL_ASSIGN_OR_RETURN(Cut cut, work(*view));
    Take(std::move(cut), pixels.was_bgr, result);
    return OkStatus();
  }
  const auto& view = std::get<ImageView<const uint16_t>>(pixels.view);
  if (options.mask_only || options.compat_rembg) {
    PEEL_ASSIGN_OR_RETURN(const ImageU8 reduced, ToU8(view));
    PEEL_ASSIGN_OR_RETURN(Cut cut, work(reduced.view()));
    Take(std::move(cut), pixels.was_bgr, result);
    return OkStatus();
  }
  PEEL_ASSIGN_OR_RETURN(Cut16 cut, work(view));
  Take(std::move(cut), pixels.was_bgr, result);
  return OkStatus();
}

// The options and the pixels of a call on pixels, checked against each other.
struct PixelCall {
  CutOptions options;
  PicturePixels pixels;
};
Result<PixelCall> ReadCall(const peel_pixels* pixels, const peel_cut_options* options) {
  PixelCall call;
  PEEL_ASSIGN_OR_RETURN(call.options, ToCutOptions(options));
  PEEL_ASSIGN_OR_RETURN(call.pixels, ReadPicture(pixels));
  PEEL_RETURN_IF_ERROR(CheckSize(call.options.limits, static_cast<uint64_t>(call.pixels.width()),
                                 static_cast<uint64_t>(call.pixels.height())));
  call.options.format = Format::kPng;  // pixels keep their alpha
  if (call.pixels.was_grey) call.options = ForGreyPicture(std::move(call.options));
  return call;
}

Status CutPixelsInto(peel_result& result, const peel_engine* engine, const PixelCall& call) {
  PEEL_ASSIGN_OR_RETURN(const Cutter* cutter, CutterOf(engine));
  PEEL_ASSIGN_OR_RETURN(const Admission admission,
                        Admit(engine, InfoOf(call.pixels), 0, call.options));
  return WithPixels(call.pixels, call.options, result,
                    [&](const auto& view) { return cutter->CutPixels(view, call.options); });
}

Status ComposePixelsInto(peel_result& result, const peel_engine* engine, const PixelCall& call,
                         const peel_pixels* matte) {
  PEEL_ASSIGN_OR_RETURN(const auto matte_view, ReadPlane(matte, "a matte"));
  PEEL_RETURN_IF_ERROR(CheckSize(call.options.limits, static_cast<uint64_t>(matte_view.width),
                                 static_cast<uint64_t>(matte_view.height)));
  if (engine == nullptr) {
    ThreadPool one(1);
    return WithPixels(call.pixels, call.options, result, [&](const auto& view) {
      return ComposeGiven(view, matte_view, call.options, &one);
    });
  }
  PEEL_ASSIGN_OR_RETURN(const Cutter* cutter, CutterOf(engine));
  PEEL_ASSIGN_OR_RETURN(const Admission admission,
                        Admit(engine, InfoOf(call.pixels), 0, call.options));
  return WithPixels(call.pixels, call.options, result, [&](const auto& view) {
    return cutter->ComposePixels(view, matte_view, call.options);
  });
}

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
    peel::Admission admission;
    // What is wrong with it is told when it is decoded.
    if (const auto info = peel::Probe(span); info.ok()) {
      PEEL_ASSIGN_OR_RETURN(admission, peel::Admit(engine, *info, size, cut_options));
    }
    PEEL_ASSIGN_OR_RETURN(peel::EncodedCut cut, cutter->CutBytes(span, cut_options));
    result.data = std::move(cut.bytes);
    result.info = std::move(cut.info);
    result.width = cut.width;
    result.height = cut.height;
    result.channels = cut.channels;
    result.bits = cut.bits;
    return peel::OkStatus();
  });
}

peel_result* peel_cut_pixels(const peel_engine* engine, const peel_pixels* pixels,
                             const peel_cut_options* options) {
  return peel::Guarded<peel_result>([&](peel_result& result) -> peel::Status {
    PEEL_ASSIGN_OR_RETURN(const peel::PixelCall call, peel::ReadCall(pixels, options));
    return peel::CutPixelsInto(result, engine, call);
  });
}

peel_result* peel_matte_pixels(const peel_engine* engine, const peel_pixels* pixels,
                               const peel_cut_options* options) {
  return peel::Guarded<peel_result>([&](peel_result& result) -> peel::Status {
    PEEL_ASSIGN_OR_RETURN(peel::PixelCall call, peel::ReadCall(pixels, options));
    call.options.mask_only = true;
    call.options.background = {};  // options that serve for cut-outs as well may have one
    return peel::CutPixelsInto(result, engine, call);
  });
}

peel_result* peel_compose_pixels(const peel_engine* engine, const peel_pixels* picture,
                                 const peel_pixels* matte, const peel_cut_options* options) {
  return peel::Guarded<peel_result>([&](peel_result& result) -> peel::Status {
    PEEL_ASSIGN_OR_RETURN(const peel::PixelCall call, peel::ReadCall(picture, options));
    return peel::ComposePixelsInto(result, engine, call, matte);
  });
}

}  // extern "C"
