#include "src/pipeline/cut/cut_pixels.h"

#include <cmath>
#include <limits>
#include <utility>

#include "src/image/colour.h"
#include "src/image/fill_hidden.h"
#include "src/image/geometry.h"
#include "src/pipeline/cut/decode_plan.h"
#include "src/pipeline/cut/scale.h"

namespace peel {
namespace {

template <typename T>
void MakeOpaque(ImageView<T> picture) {
  if (picture.channels != 4) return;
  for (int y = 0; y < picture.height; ++y) {
    T* const row = picture.row(y);
    for (int x = 0; x < picture.width; ++x) row[4 * x + 3] = std::numeric_limits<T>::max();
  }
}

// The picture at the size that it is cut out at; *transparent: some of it is not opaque.
template <typename T>
Status Prepare(Image<T>& picture, const CutOptions& options, ThreadPool* pool, Stopwatch& watch,
               bool* transparent) {
  PEEL_RETURN_IF_ERROR(CheckCancelled(options.control.cancel));
  const Size size = {picture.width(), picture.height()};
  if (options.matte.trimap != nullptr) {
    PEEL_RETURN_IF_ERROR(
        CheckPlane(size.width, size.height, *options.matte.trimap, "the trimap has"));
  }
  if (options.matte.hints != nullptr) {
    PEEL_RETURN_IF_ERROR(
        CheckPlane(size.width, size.height, *options.matte.hints, "the hints have"));
  }
  if (options.matte.own_alpha == OwnAlpha::kDiscard) MakeOpaque(picture.view());
  // Whatever a file hides under alpha 0 has no say in anything. rembg lets it.
  *transparent = !options.rembg() && HasTransparency(std::as_const(picture).view());
  if (*transparent) PEEL_RETURN_IF_ERROR(FillHidden(picture.view(), pool));
  const Size target = TargetSize(size.width, size.height, options);
  if (target != size) {
    PEEL_ASSIGN_OR_RETURN(picture, ScaleTo(std::as_const(picture).view(), target, pool));
    watch.Mark("scale");
  }
  return OkStatus();
}

// The result's size had the picture not been scaled to size `at`.
template <typename T>
void TellFullSize(const CutOptions& options, Size at, const Image<T>& pixels, CutInfo& info) {
  const auto full = [](int result, int input, int scaled) {
    return static_cast<int>(std::lround(static_cast<double>(result) * input / scaled));
  };
  const bool canvas = options.frame.canvas.has_value();
  info.full_width = canvas ? pixels.width() : full(pixels.width(), info.input_width, at.width);
  info.full_height = canvas ? pixels.height() : full(pixels.height(), info.input_height, at.height);
}

template <typename T>
Result<CutOf<T>> CutAny(Image<T>& picture, const Composition& how, const ModelSource& model,
                        ThreadPool* pool, StageTimes& times) {
  const CutOptions& options = how.options;
  Stopwatch watch(&times);
  bool transparent = false;
  const Size input = how.input.width > 0 ? how.input : Size{picture.width(), picture.height()};
  PEEL_RETURN_IF_ERROR(Prepare(picture, options, pool, watch, &transparent));
  const ImageView<const T> pixels = std::as_const(picture).view();
  ImageU8 reduced;
  ImageView<const uint8_t> preview;  // in 8 bits
  if constexpr (sizeof(T) == 1) {
    preview = pixels;
  } else {
    PEEL_ASSIGN_OR_RETURN(reduced, ToU8(pixels, pool));
    preview = std::as_const(reduced).view();
  }
  PEEL_ASSIGN_OR_RETURN(MadeMatte made,
                        MakeMatte(preview, transparent, input, options, model, pool, watch));

  PEEL_RETURN_IF_ERROR(EnterStage("compose", 0.7, options.control));
  auto cut = [&] {
    if constexpr (sizeof(T) == 1) {
      if (options.rembg()) return ComposeLikeRembg(pixels, made.matte, how, pool);
    }
    return Compose(pixels, preview, made.matte, how, pool);
  }();
  watch.Mark("compose");
  if (!cut.ok()) return cut;
  if (made.was_cut_out) cut->warning = "is cut out already; its own transparency is kept";
  cut->input_width = input.width;
  cut->input_height = input.height;
  TellFullSize(options, {pixels.width, pixels.height}, cut->pixels, *cut);
  return cut;
}

}  // namespace

Result<Cut> CutUpright(ImageU8& picture, const Composition& how, const ModelSource& model,
                       ThreadPool* pool, StageTimes& times) {
  return CutAny(picture, how, model, pool, times);
}

Result<Cut16> CutUpright(ImageU16& picture, const Composition& how, const ModelSource& model,
                         ThreadPool* pool, StageTimes& times) {
  return CutAny(picture, how, model, pool, times);
}

}  // namespace peel
