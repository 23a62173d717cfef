#include "src/pipeline/cut/make_matte.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "src/image/geometry.h"
#include "src/image/resize.h"
#include "src/matte/hints/hints.h"
#include "src/matte/parts.h"
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

// The part of the whole that a matte of the box stands for; nothing beside it.
Result<ImageU8> Embed(const ImageU8& part, Box box, Size whole) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(whole.width, whole.height, 1));
  for (int y = 0; y < whole.height; ++y) {
    std::memset(out.row(y), 0, static_cast<size_t>(whole.width));
    if (y < box.y || y >= box.y + box.height) continue;
    std::memcpy(out.row(y) + box.x, part.row(y - box.y), static_cast<size_t>(box.width));
  }
  return out;
}

// Leaves what lies outside of the box empty.
void ClearAround(Box box, ImageView<uint8_t> alpha) {
  for (int y = 0; y < alpha.height; ++y) {
    uint8_t* row = alpha.row(y);
    const bool inside = y >= box.y && y < box.y + box.height;
    std::fill(row, inside ? row + box.x : row + alpha.width, uint8_t{0});
    if (inside) std::fill(row + box.x + box.width, row + alpha.width, uint8_t{0});
  }
}

// As if only the box had been there.
Result<Matte> MatteByRegion(ImageView<const uint8_t> picture, Box box, const CutOptions& options,
                            const ModelSource& model, ThreadPool* pool, Stopwatch& watch) {
  PEEL_ASSIGN_OR_RETURN(Matte matte, MatteByModel(Crop(picture, box), options, model, pool, watch));
  for (ImageU8& alpha : matte.alphas) {
    PEEL_ASSIGN_OR_RETURN(alpha, Embed(alpha, box, {picture.width, picture.height}));
  }
  matte.coverage = Coverage(std::as_const(matte.alphas.front()).view());
  return matte;
}

Result<Matte> MatteOf(ImageView<const uint8_t> picture, Box box, const CutOptions& options,
                      const ModelSource& model, ThreadPool* pool, Stopwatch& watch) {
  const MatteChoices& choices = options.matte;
  if (choices.trimap != nullptr) return MatteByTrimap(picture, options, pool, watch);
  if (choices.given == nullptr) {
    return MatteByRegion(picture, box, options, model, pool, watch);
  }
  PEEL_RETURN_IF_ERROR(EnterStage("matte", 0.2, options.control));
  return GivenMatte(choices.given->view(), picture, choices.model, pool);
}

}  // namespace

// Scaling keeps the aspect, so that a picture decoded smaller than it is still fits what was drawn.
Status CheckPlane(int width, int height, const ImageU8& drawn, const char* what) {
  const double x = static_cast<double>(drawn.width()) / width;
  const double y = static_cast<double>(drawn.height()) / height;
  if (x >= 1 && std::abs(drawn.width() / y - width) < 1.5 + width * 1e-3 && (x > 1 || y == 1)) {
    return OkStatus();
  }
  return InvalidArgument(std::string(what) + " " + std::to_string(drawn.width()) + "x" +
                         std::to_string(drawn.height()) + " pixels, the picture " +
                         std::to_string(width) + "x" + std::to_string(height) +
                         "; they must be of one size");
}

Status FollowHints(ImageView<const uint8_t> picture, const MatteChoices& options, ThreadPool* pool,
                   Matte* matte) {
  PEEL_ASSIGN_OR_RETURN(const ImageU8 strokes,
                        ReadHints(options.hints->view(), {picture.width, picture.height}, pool));
  ImageU8 alpha = TakeUnion(*matte, pool);
  // What the model says of a picture in which it found nothing is not to be seen.
  if (!matte->subject_found) ClearAround({}, alpha.view());
  if (options.keep_largest) PEEL_RETURN_IF_ERROR(KeepLargest(alpha.view()));
  if (options.fill_holes) PEEL_RETURN_IF_ERROR(FillHoles(alpha.view()));
  PEEL_RETURN_IF_ERROR(ApplyHints(picture, strokes.view(), alpha.view(), pool));
  matte->alphas.clear();
  const bool subject = HasSubject(std::as_const(alpha).view());
  matte->subject_found = subject;
  // Whoever draws knows.
  matte->subject_score = subject ? 1.0f : 0.0f;
  matte->coverage = Coverage(std::as_const(alpha).view());
  matte->alphas.push_back(std::move(alpha));
  return OkStatus();
}

Result<MadeMatte> MakeMatte(ImageView<const uint8_t> picture, bool transparent, Size input,
                            const CutOptions& options, const ModelSource& model, ThreadPool* pool,
                            Stopwatch& watch) {
  MadeMatte made;
  const MatteChoices& choices = options.matte;
  const Size size = {picture.width, picture.height};
  Box box = {0, 0, size.width, size.height};
  if (choices.roi) {
    PEEL_ASSIGN_OR_RETURN(box, BoxOf(*choices.roi, input, size));
  }
  const bool by_model = choices.trimap == nullptr && choices.given == nullptr;
  made.was_cut_out =
      transparent && by_model && (choices.own_alpha == OwnAlpha::kEnough || IsCutOut(picture));
  ImageView<const uint8_t> seen = picture;
  ImageU8 shown;
  if (transparent && !(made.was_cut_out && choices.hints == nullptr)) {
    PEEL_ASSIGN_OR_RETURN(shown, OverContrast(picture, pool));
    seen = std::as_const(shown).view();
  }
  if (made.was_cut_out) {
    // A model that is not there is not passed over because this picture does without.
    PEEL_RETURN_IF_ERROR(model().status());
    PEEL_ASSIGN_OR_RETURN(made.matte, WholeMatte(picture, options.compose.mask_only));
  } else {
    PEEL_ASSIGN_OR_RETURN(made.matte, MatteOf(seen, box, options, model, pool, watch));
  }
  if (choices.hints != nullptr) {
    PEEL_RETURN_IF_ERROR(FollowHints(seen, choices, pool, &made.matte));
    watch.Mark("hints");
  }
  if (choices.roi) {
    for (ImageU8& alpha : made.matte.alphas) ClearAround(box, alpha.view());
    made.matte.coverage = Coverage(std::as_const(made.matte.alphas.front()).view());
  }
  return made;
}

}  // namespace peel
