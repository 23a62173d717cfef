// Cutting out and its results: see include/peel/peel.h.
#include <peel/peel.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "src/base/thread_pool.h"
#include "src/capi/handles.h"
#include "src/capi/options.h"
#include "src/capi/pixels.h"
#include "src/codec/decode.h"
#include "src/image/colour.h"
#include "src/pipeline/cut/compose.h"
#include "src/pipeline/folder/memory_budget.h"

namespace peel {
namespace {

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

// The results of sheets, each the next one's owner: the first is `result`.
template <typename Sheet, typename Into>
void Chain(std::vector<Sheet> sheets, const Into& into, peel_result& result) {
  peel_result* to = &result;
  for (size_t i = 0; i < sheets.size(); ++i) {
    if (i > 0) {
      to->next = std::make_unique<peel_result>();
      to = to->next.get();
    }
    into(std::move(sheets[i]), *to);
  }
}

void TakeFile(EncodedCut cut, peel_result& result) {
  result.data = std::move(cut.bytes);
  result.info = std::move(cut.info);
  result.width = cut.width;
  result.height = cut.height;
  result.channels = cut.channels;
  result.bits = cut.bits;
}

// work(view), which returns a Result of sheets of a Cut or a Cut16, of pixels in the bits that the
// result is to have.
template <typename Work>
Status WithPixels(const PicturePixels& pixels, const CutOptions& options, peel_result& result,
                  const Work& work) {
  const auto into = [&](auto cut, peel_result& to) { Take(std::move(cut), pixels.was_bgr, to); };
  if (const auto* view = std::get_if<ImageView<const uint8_t>>(&pixels.view)) {
    PEEL_ASSIGN_OR_RETURN(std::vector<Cut> cuts, work(*view));
    Chain(std::move(cuts), into, result);
    return OkStatus();
  }
  const auto& view = std::get<ImageView<const uint16_t>>(pixels.view);
  if (options.compose.mask_only || options.rembg() || (options.rectify && options.rectify->draw)) {
    PEEL_ASSIGN_OR_RETURN(const ImageU8 reduced, ToU8(view));
    PEEL_ASSIGN_OR_RETURN(std::vector<Cut> cuts, work(reduced.view()));
    Chain(std::move(cuts), into, result);
    return OkStatus();
  }
  PEEL_ASSIGN_OR_RETURN(std::vector<Cut16> cuts, work(view));
  Chain(std::move(cuts), into, result);
  return OkStatus();
}

// One result as the sheets that WithPixels takes.
template <typename T>
Result<std::vector<CutOf<T>>> Alone(Result<CutOf<T>> cut) {
  if (!cut.ok()) return std::move(cut).status();
  std::vector<CutOf<T>> sheets;
  sheets.push_back(*std::move(cut));
  return sheets;
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
  PEEL_RETURN_IF_ERROR(CheckSize(call.options.decode.limits,
                                 static_cast<uint64_t>(call.pixels.width()),
                                 static_cast<uint64_t>(call.pixels.height())));
  call.options.encode.format = Format::kPng;  // pixels keep their alpha
  if (call.pixels.was_grey) call.options = ForGreyPicture(std::move(call.options));
  return call;
}

Status CutPixelsInto(peel_result& result, const peel_engine* engine, const PixelCall& call) {
  PEEL_ASSIGN_OR_RETURN(const Cutter* cutter, CutterOf(engine));
  PEEL_ASSIGN_OR_RETURN(const Admission admission,
                        Admit(engine, InfoOf(call.pixels), 0, call.options));
  return WithPixels(call.pixels, call.options, result,
                    [&](const auto& view) { return cutter->CutSheets(view, call.options); });
}

Status CutFileInto(peel_result& result, const peel_engine* engine, const void* bytes, size_t size,
                   const CutOptions& options) {
  PEEL_ASSIGN_OR_RETURN(const Cutter* cutter, CutterOf(engine));
  if (bytes == nullptr && size > 0) return InvalidArgument("there are no bytes");
  const std::span<const uint8_t> span(static_cast<const uint8_t*>(bytes), size);
  Admission admission;
  // What is wrong with it is told when it is decoded.
  if (const auto info = Probe(span); info.ok()) {
    PEEL_ASSIGN_OR_RETURN(admission, Admit(engine, *info, size, options));
  }
  PEEL_ASSIGN_OR_RETURN(std::vector<EncodedCut> sheets, cutter->CutSheets(span, options));
  Chain(std::move(sheets), TakeFile, result);
  return OkStatus();
}

// The options of straightening without, or with, a cut-out.
Status SetRectify(const peel_rectify_options* given, CutOptions& options) {
  if (options.rectify) {
    return InvalidArgument(
        "the cut options have a `rectify` of their own; leave it out, or call peel_cut");
  }
  PEEL_ASSIGN_OR_RETURN(options.rectify, ToRectifyChoices(given));
  return OkStatus();
}

Status ComposePixelsInto(peel_result& result, const peel_engine* engine, const PixelCall& call,
                         const peel_pixels* matte) {
  PEEL_ASSIGN_OR_RETURN(const auto matte_view, ReadPlane(matte, "a matte"));
  PEEL_RETURN_IF_ERROR(CheckSize(call.options.decode.limits,
                                 static_cast<uint64_t>(matte_view.width),
                                 static_cast<uint64_t>(matte_view.height)));
  if (engine == nullptr) {
    ThreadPool one(1);
    return WithPixels(call.pixels, call.options, result, [&](const auto& view) {
      return Alone(ComposeGiven(view, matte_view, call.options, &one));
    });
  }
  PEEL_ASSIGN_OR_RETURN(const Cutter* cutter, CutterOf(engine));
  PEEL_ASSIGN_OR_RETURN(const Admission admission,
                        Admit(engine, InfoOf(call.pixels), 0, call.options));
  return WithPixels(call.pixels, call.options, result, [&](const auto& view) {
    return Alone(cutter->ComposePixels(view, matte_view, call.options));
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
    PEEL_ASSIGN_OR_RETURN(const peel::CutOptions cut_options, peel::ToCutOptions(options));
    return peel::CutFileInto(result, engine, bytes, size, cut_options);
  });
}

void peel_rectify_options_init(peel_rectify_options* options, size_t size) {
  peel::InitOptions(options, size, peel::DefaultRectifyOptions());
}

peel_result* peel_rectify(const peel_engine* engine, const void* bytes, size_t size,
                          const peel_rectify_options* options, const peel_cut_options* cut) {
  return peel::Guarded<peel_result>([&](peel_result& result) -> peel::Status {
    PEEL_ASSIGN_OR_RETURN(peel::CutOptions cut_options, peel::ToCutOptions(cut));
    PEEL_RETURN_IF_ERROR(peel::SetRectify(options, cut_options));
    return peel::CutFileInto(result, engine, bytes, size, cut_options);
  });
}

peel_result* peel_rectify_pixels(const peel_engine* engine, const peel_pixels* pixels,
                                 const peel_rectify_options* options, const peel_cut_options* cut) {
  return peel::Guarded<peel_result>([&](peel_result& result) -> peel::Status {
    PEEL_ASSIGN_OR_RETURN(peel::PixelCall call, peel::ReadCall(pixels, cut));
    PEEL_RETURN_IF_ERROR(peel::SetRectify(options, call.options));
    return peel::CutPixelsInto(result, engine, call);
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
    call.options.compose.mask_only = true;
    call.options.compose.background = {};  // options that serve for cut-outs as well may have one
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
