#include "src/pipeline/cut/rectify_find.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "src/image/resize.h"
#include "src/matte/transparency.h"
#include "src/pipeline/cut/rectify_parts.h"
#include "src/pipeline/cut/scale.h"
#include "src/rectify/aspect.h"

namespace peel {
namespace {

// Of the copy that the matte for finding is made from: FindQuads looks at no more either.
constexpr double kSearchPixels = 1 << 20;

// What shows of a picture of this matte; empty where the model has found nothing.
Result<ImageU8> Shown(const MadeMatte& made, ImageView<const uint8_t> picture, ThreadPool* pool) {
  if (!made.matte.subject_found || made.matte.alphas.empty()) return ImageU8();
  PEEL_ASSIGN_OR_RETURN(ImageU8 shown, UnionOf(made.matte, pool));
  if (picture.channels == 4) MultiplyByOwnAlpha(picture, shown.view(), pool);
  return shown;
}

Result<ImageU8> MatteToSearchIn(const QuadSearch& search, const CutOptions& options,
                                const ModelSource& model, ThreadPool* pool, Stopwatch& watch) {
  const ImageView<const uint8_t> picture = search.picture;
  const double pixels = static_cast<double>(picture.width) * picture.height;
  const double factor = std::min(1.0, std::sqrt(kSearchPixels / pixels));
  const Size size =
      FitWithin({picture.width, picture.height},
                std::max(1, static_cast<int>(std::max(picture.width, picture.height) * factor)));
  ImageU8 reduced;
  ImageView<const uint8_t> seen = picture;
  if (size != Size{picture.width, picture.height}) {
    PEEL_ASSIGN_OR_RETURN(reduced, ScaleTo(picture, size, pool));
    seen = std::as_const(reduced).view();
    watch.Mark("reduce");
  }
  PEEL_ASSIGN_OR_RETURN(const MadeMatte made, MakeMatte(seen, search.transparent, search.input,
                                                        options, model, pool, watch));
  return Shown(made, seen, pool);
}

Result<Findings> ByHand(const Quad& corners, const QuadSearch& search,
                        const RectifyChoices& choices) {
  const Size size = {search.picture.width, search.picture.height};
  PEEL_RETURN_IF_ERROR(CheckCorners(corners, size));
  FoundQuad found;
  found.quad = corners;
  found.kind = choices.kind == QuadKind::kAuto ? QuadKind::kDocument : choices.kind;
  const double focal = choices.focal_px > 0 ? choices.focal_px : search.focal_px;
  const Aspect aspect = EstimateAspect(corners, size, focal);
  found.ratio = aspect.ratio;
  found.focal_px = aspect.focal_px;
  found.confidence = 1;
  return Findings{{found}, "", 1};
}

}  // namespace

Result<Findings> QuadsOf(const QuadSearch& search, const MadeMatte* made, const CutOptions& options,
                         const ModelSource& model, ThreadPool* pool, Stopwatch& watch) {
  const RectifyChoices& choices = *options.rectify;
  if (choices.corners) return ByHand(*choices.corners, search, choices);
  ImageU8 matte;
  if (made != nullptr) {
    PEEL_ASSIGN_OR_RETURN(matte, Shown(*made, search.picture, pool));
  } else {
    PEEL_ASSIGN_OR_RETURN(matte, MatteToSearchIn(search, options, model, pool, watch));
  }
  PEEL_RETURN_IF_ERROR(EnterStage("find", 0.55, options.control));
  FindOptions find;
  find.kind = choices.kind;
  find.all = choices.all;
  find.focal_px = choices.focal_px > 0 ? choices.focal_px : search.focal_px;
  auto findings = FindQuads(search.picture, std::as_const(matte).view(), find, pool);
  watch.Mark("find");
  return findings;
}

FoundQuad Turned(FoundQuad found, int turn) {
  const size_t steps = static_cast<size_t>(turn / 90 % 4);
  const Quad before = found.quad;
  for (size_t i = 0; i < 4; ++i) found.quad.corners[i] = before.corners[(i + 4 - steps) % 4];
  if (steps % 2 != 0 && found.ratio > 0) found.ratio = 1 / found.ratio;
  return found;
}

}  // namespace peel
