#include "src/pipeline/cut/rectify_upright.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "src/base/sentences.h"
#include "src/codec/limits.h"
#include "src/image/colour.h"
#include "src/image/composite.h"
#include "src/image/fill_hidden.h"
#include "src/image/geometry.h"
#include "src/image/resize.h"
#include "src/matte/parts.h"
#include "src/pipeline/cut/decode_plan.h"
#include "src/pipeline/cut/rectify_find.h"
#include "src/pipeline/cut/rectify_parts.h"
#include "src/pipeline/cut/scale.h"
#include "src/rectify/draw.h"
#include "src/rectify/text/reading_direction.h"

namespace peel {
namespace {

// Pixels of the copy on which the direction of text is found.
constexpr double kReadingPixels = 2e6;
// A matte that fills less than this of the quad is of something else than the quad: what was found
// by its lines, and which the model passed over.
constexpr double kMatteAgrees = 0.9;
// A ratio further from what is seen may be a mistake.
constexpr double kDistorted = 0.1;

// One picture on its way to one or several results.
template <typename T>
class Straightening {
 public:
  Straightening(Image<T>& picture, const Composition& how, const ModelSource& model,
                ThreadPool* pool, StageTimes& times)
      : picture_(picture),
        how_(how),
        options_(how.options),
        choices_(*how.options.rectify),
        model_(model),
        pool_(pool),
        watch_(&times) {}

  Result<std::vector<CutOf<T>>> Run(double focal_px) {
    PEEL_RETURN_IF_ERROR(Prepare());
    if (choices_.cutout) {
      PEEL_ASSIGN_OR_RETURN(
          made_, MakeMatte(preview_, transparent_, input_, options_, model_, pool_, watch_));
    }
    const QuadSearch search = {preview_, transparent_, input_, focal_px};
    PEEL_ASSIGN_OR_RETURN(Findings found, QuadsOf(search, made_ ? &*made_ : nullptr, options_,
                                                  model_, pool_, watch_));
    std::vector<CutOf<T>> results;
    const auto add = [&](Result<CutOf<T>> cut) -> Status {
      PEEL_ASSIGN_OR_RETURN(results.emplace_back(), std::move(cut));
      return OkStatus();
    };
    if (found.quads.empty()) {
      PEEL_RETURN_IF_ERROR(add(Abstain(found)));
      return results;
    }
    if (!choices_.all) found.quads.resize(1);
    for (const FoundQuad& quad : found.quads) {
      // A drawing shows all of them.
      if (choices_.draw && !results.empty()) break;
      PEEL_RETURN_IF_ERROR(EnterStage("warp", 0.6, options_.control));
      PEEL_RETURN_IF_ERROR(add(choices_.draw ? Draw(found.quads) : Straighten(quad)));
      results.back().rectify->sheet = static_cast<int>(results.size());
      results.back().rectify->sheets = static_cast<int>(found.quads.size());
    }
    return results;
  }

 private:
  // Where a found quad goes.
  struct Plan {
    RectifyResult result;
    Size size;  // of the result, margins included
    Size full;  // the same without max_size and output_pixels
    int margin = 0;
    double distortion = 0;  // PlannedSize::distortion
  };

  ImageView<const T> pixels() const { return std::as_const(picture_).view(); }

  // 8 bits of pixels; *copy holds them where they are not the pixels themselves.
  Result<ImageView<const uint8_t>> InEightBits(ImageView<const T> pixels, ImageU8* copy) {
    if constexpr (sizeof(T) == 1) {
      return pixels;
    } else {
      PEEL_ASSIGN_OR_RETURN(*copy, ToU8(pixels, pool_));
      return std::as_const(*copy).view();
    }
  }

  Status Prepare() {
    input_ = how_.input.width > 0 ? how_.input : Size{picture_.width(), picture_.height()};
    transparent_ = HasTransparency(pixels());
    if (transparent_) PEEL_RETURN_IF_ERROR(FillHidden(picture_.view(), pool_));
    PEEL_ASSIGN_OR_RETURN(preview_, InEightBits(pixels(), &reduced_));
    return OkStatus();
  }

  void Describe(CutOf<T>& cut, const RectifyResult& result, Size full) const {
    cut.input_width = input_.width;
    cut.input_height = input_.height;
    cut.full_width = full.width;
    cut.full_height = full.height;
    cut.rectify = result;
    if (made_ && made_->was_cut_out) {
      cut.warning = "is cut out already; its own transparency is kept";
    }
  }

  // A result that is the picture itself and no cut-out.
  Result<CutOf<T>> Whole(Image<T> pixels) {
    CutOf<T> cut;
    if (pixels.channels() == 2) {
      PEEL_ASSIGN_OR_RETURN(pixels, Coloured(std::as_const(pixels).view(), pool_));
    }
    if (how_.opaque && pixels.channels() == 4) {
      PEEL_ASSIGN_OR_RETURN(
          pixels, FlattenOver(std::as_const(pixels).view(), Rgba{255, 255, 255, 255}, pool_));
    }
    cut.has_subject = true;
    cut.coverage = 1;
    cut.subject = {0, 0, pixels.width(), pixels.height()};
    cut.pixels = std::move(pixels);
    return cut;
  }

  Result<CutOf<T>> Abstain(const Findings& found) {
    RectifyResult result;
    result.reason = found.reason;
    result.confidence = found.confidence;
    const Size size = {picture_.width(), picture_.height()};
    CutOf<T> cut;
    if (choices_.keep) {
      const Size target = TargetSize(size.width, size.height, options_);
      if (target != size) PEEL_RETURN_IF_ERROR(Scale(target));
      if (made_) {
        PEEL_ASSIGN_OR_RETURN(cut, Compose(pixels(), preview_, made_->matte, how_, pool_));
      } else {
        PEEL_ASSIGN_OR_RETURN(cut, Whole(std::move(picture_)));
      }
      watch_.Mark("compose");
    }
    Describe(cut, result, size);
    return cut;
  }

  // All that was made, for a result that is scaled as a whole.
  Status Scale(Size target) {
    PEEL_ASSIGN_OR_RETURN(picture_, ScaleTo(pixels(), target, pool_));
    PEEL_ASSIGN_OR_RETURN(preview_, InEightBits(pixels(), &reduced_));
    if (!made_) return OkStatus();
    for (ImageU8& alpha : made_->matte.alphas) {
      PEEL_ASSIGN_OR_RETURN(alpha, Resize(std::as_const(alpha).view(), target.width, target.height,
                                          ResizeFilter::kBicubic, pool_));
    }
    return OkStatus();
  }

  // Which way the text runs on a quad that was found.
  Result<int> TurnOf(const FoundQuad& found) {
    if (choices_.turn) return *choices_.turn;
    if (choices_.corners || found.kind != QuadKind::kDocument) return 0;
    SizeRequest request;
    PEEL_ASSIGN_OR_RETURN(PlannedSize planned, PlanSize(found.quad, found.ratio, request));
    const double all = static_cast<double>(planned.size.width) * planned.size.height;
    const double factor = std::min(1.0, std::sqrt(kReadingPixels / all));
    const Size size = {std::max(1, static_cast<int>(planned.size.width * factor)),
                       std::max(1, static_cast<int>(planned.size.height * factor))};
    PEEL_ASSIGN_OR_RETURN(const Homography to_page, QuadToRectangle(found.quad, size));
    PEEL_ASSIGN_OR_RETURN(const Homography to_source, Inverse(to_page));
    PEEL_ASSIGN_OR_RETURN(const ImageU8 page,
                          Warp(preview_, to_source, size, {WarpFilter::kBilinear}, pool_));
    const ReadingDirection direction = FindReadingDirection(page.view(), pool_);
    watch_.Mark("turn");
    return direction.turn;
  }

  Result<Plan> PlanFor(FoundQuad found) {
    Plan plan;
    PEEL_ASSIGN_OR_RETURN(plan.result.turn, TurnOf(found));
    found = Turned(found, plan.result.turn);
    SizeRequest request = choices_.size;
    request.spread =
        EstimateAspect(found.quad, {picture_.width(), picture_.height()}, found.focal_px).spread;
    request.max_pixels = options_.decode.limits.max_pixels;
    request.max_side =
        std::min(options_.decode.limits.max_width, options_.decode.limits.max_height);
    PEEL_ASSIGN_OR_RETURN(const PlannedSize planned, PlanSize(found.quad, found.ratio, request));
    const Size size = TargetSize(planned.size.width, planned.size.height, options_);
    const auto with_margin = [&](Size s) -> Size {
      const int m = choices_.margin.Pixels(std::max(s.width, s.height));
      return {s.width + 2 * m, s.height + 2 * m};
    };
    plan.size = with_margin(size);
    plan.full = with_margin(planned.size);
    plan.margin = (plan.size.width - size.width) / 2;
    if (plan.size.width < 1 || plan.size.height < 1) {
      return InvalidArgument("the margin cuts off all of the " + std::to_string(size.width) + "x" +
                             std::to_string(size.height) + " pixels; give less");
    }
    PEEL_RETURN_IF_ERROR(CheckSize(options_.decode.limits, static_cast<uint64_t>(plan.size.width),
                                   static_cast<uint64_t>(plan.size.height)));
    PEEL_ASSIGN_OR_RETURN(const Homography straight, QuadToRectangle(found.quad, size));
    plan.distortion = planned.distortion;
    RectifyResult& result = plan.result;
    result.status = RectifyResult::Status::kOk;
    result.kind = found.kind;
    result.quad = found.quad;
    result.ratio = planned.ratio;
    result.focal_px = found.focal_px;
    result.homography = Shifted(straight, plan.margin);
    result.confidence = found.confidence;
    result.dpi_x = planned.dpi_x * size.width / planned.size.width;
    result.dpi_y = planned.dpi_y * size.height / planned.size.height;
    return plan;
  }

  Result<CutOf<T>> Draw(const std::vector<FoundQuad>& quads) {
    if constexpr (sizeof(T) == 1) {
      PEEL_ASSIGN_OR_RETURN(Plan plan, PlanFor(quads.front()));
      std::vector<Quad> seen = {plan.result.quad};
      for (size_t i = 1; i < quads.size(); ++i) {
        PEEL_ASSIGN_OR_RETURN(const Plan other, PlanFor(quads[i]));
        seen.push_back(other.result.quad);
      }
      PEEL_ASSIGN_OR_RETURN(picture_, DrawQuads(pixels(), seen, pool_));
      watch_.Mark("draw");
      const Size size = {picture_.width(), picture_.height()};
      const Size target = TargetSize(size.width, size.height, options_);
      if (target != size) PEEL_RETURN_IF_ERROR(Scale(target));
      PEEL_ASSIGN_OR_RETURN(CutOf<T> cut, Whole(std::move(picture_)));
      plan.result.dpi_x = plan.result.dpi_y = 0;  // of the straightened one
      Describe(cut, plan.result, size);
      return cut;
    } else {
      return Internal("a drawing has 8 bits");
    }
  }

  Result<CutOf<T>> Straighten(const FoundQuad& found) {
    PEEL_ASSIGN_OR_RETURN(Plan plan, PlanFor(found));
    PEEL_ASSIGN_OR_RETURN(const Homography to_source, Inverse(plan.result.homography));
    PEEL_ASSIGN_OR_RETURN(Image<T> page, WarpPicture(plan, to_source));
    watch_.Mark("warp");
    if (choices_.enhance != Enhancement::kNone) {
      PEEL_RETURN_IF_ERROR(EnterStage("enhance", 0.7, options_.control));
      PEEL_ASSIGN_OR_RETURN(page, Enhance(std::as_const(page).view(), choices_.enhance, pool_));
      watch_.Mark("enhance");
    }
    CutOf<T> cut;
    if (choices_.cutout) {
      PEEL_RETURN_IF_ERROR(EnterStage("compose", 0.75, options_.control));
      PEEL_ASSIGN_OR_RETURN(cut, CutOutOf(std::move(page), plan, to_source));
      watch_.Mark("compose");
    } else {
      PEEL_ASSIGN_OR_RETURN(cut, Whole(std::move(page)));
    }
    Describe(cut, plan.result, plan.full);
    if (plan.distortion > kDistorted) {
      AddSentence("its proportions are those asked for, which are " +
                      std::to_string(std::lround(plan.distortion * 100)) + " % from what is seen",
                  &cut.warning);
    }
    return cut;
  }

  Result<Image<T>> WarpPicture(const Plan& plan, const Homography& to_source) {
    WarpOptions warp;
    warp.filter = choices_.filter;
    const Size size = {picture_.width(), picture_.height()};
    if (!choices_.cutout || !ReachesOutside(plan.result.quad, size)) {
      return Warp(pixels(), to_source, plan.size, warp, pool_);
    }
    warp.empty_outside = true;
    if (picture_.channels() == 4) return Warp(pixels(), to_source, plan.size, warp, pool_);
    PEEL_ASSIGN_OR_RETURN(const Image<T> seen, WithAlphaChannel(pixels(), pool_));
    return Warp(seen.view(), to_source, plan.size, warp, pool_);
  }

  // What of the straightened picture is to be seen: the quad, or where the matte agrees with it
  // what the matte leaves of it.
  Result<Matte> MatteOfQuad(const Plan& plan, const Homography& to_source) {
    Matte matte;
    matte.subject_found = true;
    matte.subject_score = made_->matte.subject_score;
    const Box box = InsideMargin(plan.size, plan.margin);
    ImageU8 alpha;
    if (made_->matte.subject_found) {
      PEEL_ASSIGN_OR_RETURN(const ImageU8 whole, UnionOf(made_->matte, pool_));
      WarpOptions warp;
      warp.filter = WarpFilter::kBilinear;
      warp.empty_outside = true;
      PEEL_ASSIGN_OR_RETURN(alpha, Warp(whole.view(), to_source, plan.size, warp, pool_));
      ClearAround(box, alpha.view());
      const double filled = Coverage(Crop(std::as_const(alpha).view(), box));
      if (filled < kMatteAgrees) {
        alpha = {};
      } else {
        PEEL_RETURN_IF_ERROR(FillHoles(alpha.view()));
        FirmBorders(box, alpha.view());
      }
    }
    if (alpha.empty()) {
      PEEL_ASSIGN_OR_RETURN(alpha, AlphaOfBox(plan.size, box));
    }
    matte.coverage = Coverage(std::as_const(alpha).view());
    matte.alphas.push_back(std::move(alpha));
    return matte;
  }

  Result<CutOf<T>> CutOutOf(Image<T> page, const Plan& plan, const Homography& to_source) {
    if (page.channels() < 3) {
      PEEL_ASSIGN_OR_RETURN(page, Coloured(std::as_const(page).view(), pool_));
    }
    if (HasTransparency(std::as_const(page).view())) {
      PEEL_RETURN_IF_ERROR(FillHidden(page.view(), pool_));
    }
    PEEL_ASSIGN_OR_RETURN(Matte matte, MatteOfQuad(plan, to_source));
    ImageU8 copy;
    PEEL_ASSIGN_OR_RETURN(const ImageView<const uint8_t> preview,
                          InEightBits(std::as_const(page).view(), &copy));
    return Compose(std::as_const(page).view(), preview, matte, how_, pool_);
  }

  Image<T>& picture_;
  const Composition& how_;
  const CutOptions& options_;
  const RectifyChoices& choices_;
  const ModelSource& model_;
  ThreadPool* const pool_;
  Stopwatch watch_;
  Size input_;
  bool transparent_ = false;
  ImageU8 reduced_;
  ImageView<const uint8_t> preview_;  // in 8 bits
  std::optional<MadeMatte> made_;
};

}  // namespace

Result<std::vector<Cut>> RectifyUpright(ImageU8& picture, const Composition& how, double focal_px,
                                        const ModelSource& model, ThreadPool* pool,
                                        StageTimes& times) {
  return Straightening<uint8_t>(picture, how, model, pool, times).Run(focal_px);
}

Result<std::vector<Cut16>> RectifyUpright(ImageU16& picture, const Composition& how,
                                          double focal_px, const ModelSource& model,
                                          ThreadPool* pool, StageTimes& times) {
  return Straightening<uint16_t>(picture, how, model, pool, times).Run(focal_px);
}

}  // namespace peel
