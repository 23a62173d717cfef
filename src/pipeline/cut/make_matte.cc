#include "src/pipeline/cut/make_matte.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "src/image/geometry.h"
#include "src/image/resize.h"
#include "src/matte/transparency.h"
#include "src/pipeline/cut/compose.h"
#include "src/pipeline/cut/scale.h"

namespace peel {
namespace {

// Of a picture that is cut out already: all of it, since its own alpha is multiplied in later. As a
// mask, which is the matte alone, it is that alpha.
Result<Matte> WholeMatte(ImageView<const uint8_t> rgba, bool as_mask) {
  Matte matte;
  PEEL_ASSIGN_OR_RETURN(ImageU8 alpha, ImageU8::Allocate(rgba.width, rgba.height, 1));
  for (int y = 0; y < alpha.height(); ++y) {
    std::fill_n(alpha.row(y), static_cast<size_t>(alpha.width()), uint8_t{255});
  }
  if (as_mask) MultiplyByOwnAlpha(rgba, alpha.view());
  matte.alphas.push_back(std::move(alpha));
  matte.subject_score = 1;
  matte.subject_found = true;
  matte.coverage = 1;
  return matte;
}

Result<Matte> MatteByModel(ImageView<const uint8_t> full, const CutOptions& options,
                           const ModelSource& model, ThreadPool* pool, Stopwatch& watch) {
  PEEL_ASSIGN_OR_RETURN(const MattingModel* matting, model());
  watch.Mark("model");

  PEEL_RETURN_IF_ERROR(EnterStage("network", 0.2, options.control));
  ImageU8 reduced;
  ImageView<const uint8_t> view = full;
  const Size work = FitWithin({full.width, full.height}, options.matte.work_size);
  if (work != Size{full.width, full.height}) {
    PEEL_ASSIGN_OR_RETURN(reduced, ScaleTo(full, work, pool));
    view = std::as_const(reduced).view();
    watch.Mark("reduce");
  }
  PEEL_ASSIGN_OR_RETURN(const Prediction prediction, matting->Predict(view, pool));
  watch.Mark("network");

  PEEL_RETURN_IF_ERROR(EnterStage("matte", 0.5, options.control));
  PEEL_ASSIGN_OR_RETURN(Matte matte, matting->ToMatte(prediction, view, options.matte.model, pool));
  if (view.data != full.data) {
    for (ImageU8& alpha : matte.alphas) {
      PEEL_ASSIGN_OR_RETURN(
          alpha, MatteToPictureSize(std::as_const(alpha).view(), full, options.matte.model, pool));
    }
  }
  watch.Mark("matte");
  return matte;
}

// The model has no say where a trimap is given.
Result<Matte> MatteByTrimap(ImageView<const uint8_t> view, const CutOptions& options,
                            ThreadPool* pool, Stopwatch& watch) {
  PEEL_RETURN_IF_ERROR(EnterStage("matte", 0.2, options.control));
  ImageU8 scaled;
  ImageView<const uint8_t> trimap = options.matte.trimap->view();
  if (trimap.width != view.width || trimap.height != view.height) {
    PEEL_ASSIGN_OR_RETURN(scaled,
                          Resize(trimap, view.width, view.height, ResizeFilter::kNearest, pool));
    trimap = std::as_const(scaled).view();
  }
  PEEL_ASSIGN_OR_RETURN(Matte matte, MatteFromTrimap(view, trimap, pool));
  watch.Mark("matte");
  return matte;
}

}  // namespace

// Scaling keeps the aspect, so that a picture decoded smaller than it is still fits its trimap.
Status CheckTrimap(int width, int height, const ImageU8& trimap) {
  const double x = static_cast<double>(trimap.width()) / width;
  const double y = static_cast<double>(trimap.height()) / height;
  if (x >= 1 && std::abs(trimap.width() / y - width) < 1.5 + width * 1e-3 && (x > 1 || y == 1)) {
    return OkStatus();
  }
  return InvalidArgument("the trimap has " + std::to_string(trimap.width()) + "x" +
                         std::to_string(trimap.height()) + " pixels, the picture " +
                         std::to_string(width) + "x" + std::to_string(height) +
                         "; they must be of one size");
}

Result<MadeMatte> MakeMatte(ImageView<const uint8_t> picture, bool transparent,
                            const CutOptions& options, const ModelSource& model, ThreadPool* pool,
                            Stopwatch& watch) {
  MadeMatte made;
  const bool by_trimap = options.matte.trimap != nullptr;
  made.was_cut_out = transparent && !by_trimap && IsCutOut(picture);
  if (made.was_cut_out) {
    // A model that is not there is not passed over because this picture does without.
    PEEL_RETURN_IF_ERROR(model().status());
    PEEL_ASSIGN_OR_RETURN(made.matte, WholeMatte(picture, options.compose.mask_only));
    return made;
  }
  ImageU8 shown;
  if (transparent) {
    PEEL_ASSIGN_OR_RETURN(shown, OverContrast(picture, pool));
    picture = std::as_const(shown).view();
  }
  PEEL_ASSIGN_OR_RETURN(made.matte, by_trimap ? MatteByTrimap(picture, options, pool, watch)
                                              : MatteByModel(picture, options, model, pool, watch));
  return made;
}

}  // namespace peel
