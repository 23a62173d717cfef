#include <algorithm>
#include <utility>

#include "src/image/colour.h"
#include "src/image/fill_hidden.h"
#include "src/image/geometry.h"
#include "src/image/resize.h"
#include "src/matte/edges/guided.h"
#include "src/pipeline/cut/compose.h"
#include "src/pipeline/cut/make_matte.h"

namespace peel {
namespace {

Result<ImageU8> Guided(ImageView<const uint8_t> matte, ImageView<const uint8_t> picture,
                       ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageF32 plane, ImageF32::Allocate(matte.width, matte.height, 1));
  for (int y = 0; y < matte.height; ++y) {
    std::transform(matte.row(y), matte.row(y) + matte.width, plane.row(y),
                   [](uint8_t v) { return static_cast<float>(v) / 255.0f; });
  }
  return GuidedUpsample(std::as_const(plane).view(), picture, {}, pool);
}

Status CheckGiven(int channels, ImageView<const uint8_t> matte, const CutOptions& options) {
  PEEL_RETURN_IF_ERROR(CheckOptions(options));
  PEEL_RETURN_IF_ERROR(EnterStage("matte", 0, options.control));
  if (matte.channels != 1) return InvalidArgument("a matte has one channel");
  if (channels < 3) return InvalidArgument("a picture has 3 or 4 channels");
  if (options.decode.max_size != 0 || options.decode.output_pixels != 0)
    return InvalidArgument("a matte made elsewhere allows no max_size and no output_pixels");
  if (options.matte.trimap != nullptr || options.matte.given != nullptr) {
    return InvalidArgument("a matte made elsewhere and a trimap exclude each other");
  }
  if (options.matte.roi) {
    return InvalidArgument("a region is about what a model sees: a matte made elsewhere has none");
  }
  if (options.matte.model.edges == Edges::kMatting && !options.rembg()) {
    return Unsupported("a matte made elsewhere is taken as it is: edges matting does not apply");
  }
  return OkStatus();
}

// The picture, or a copy in *filled that hides no colours.
template <typename T>
Result<ImageView<const T>> WithoutHidden(ImageView<const T> picture, Image<T>* filled,
                                         ThreadPool* pool) {
  if (!HasTransparency(picture)) return picture;
  PEEL_ASSIGN_OR_RETURN(*filled, Clone(picture));
  PEEL_RETURN_IF_ERROR(FillHidden(filled->view(), pool));
  return std::as_const(*filled).view();
}

template <typename T>
Result<CutOf<T>> ComposeAny(ImageView<const T> picture, ImageView<const uint8_t> matte,
                            const CutOptions& options, ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckGiven(picture.channels, matte, options));
  if (sizeof(T) > 1 && options.rembg()) return InvalidArgument("rembg's pixels have 8 bits");
  Image<T> filled;
  if (!options.rembg()) {
    PEEL_ASSIGN_OR_RETURN(picture, WithoutHidden(picture, &filled, pool));
  }
  ImageU8 reduced;
  ImageView<const uint8_t> preview;
  if constexpr (sizeof(T) == 1) {
    preview = picture;
  } else {
    PEEL_ASSIGN_OR_RETURN(reduced, ToU8(picture, pool));
    preview = std::as_const(reduced).view();
  }
  PEEL_ASSIGN_OR_RETURN(Matte given, GivenMatte(matte, preview, options.matte.model, pool));
  if (options.matte.hints != nullptr) {
    PEEL_RETURN_IF_ERROR(CheckPlane(preview.width, preview.height, *options.matte.hints, "hints"));
    PEEL_RETURN_IF_ERROR(FollowHints(preview, options.matte, pool, &given));
  }
  PEEL_RETURN_IF_ERROR(EnterStage("compose", 0.5, options.control));
  const Composition how = {options, options.compose.background};
  auto cut = [&] {
    if constexpr (sizeof(T) == 1) {
      if (options.rembg()) return ComposeLikeRembg(picture, given, how, pool);
    }
    return Compose(picture, preview, given, how, pool);
  }();
  PEEL_RETURN_IF_ERROR(EnterStage("done", 1, options.control));
  return cut;
}

}  // namespace

Result<ImageU8> MatteToPictureSize(ImageView<const uint8_t> matte, ImageView<const uint8_t> picture,
                                   const MatteOptions& options, ThreadPool* pool) {
  if (matte.width == picture.width && matte.height == picture.height) return Clone(matte);
  if (options.mode == MatteMode::kRembg) {
    return Resize(matte, picture.width, picture.height, ResizeFilter::kLanczos, pool);
  }
  const double growth = std::max(static_cast<double>(picture.width) / matte.width,
                                 static_cast<double>(picture.height) / matte.height);
  if (GuidedByPhoto(options.edges, growth)) return Guided(matte, picture, pool);
  return Resize(matte, picture.width, picture.height, ResizeFilter::kBicubic, pool);
}

Result<Matte> GivenMatte(ImageView<const uint8_t> matte, ImageView<const uint8_t> picture,
                         const MatteOptions& options, ThreadPool* pool) {
  Matte given;
  PEEL_ASSIGN_OR_RETURN(ImageU8 alpha, MatteToPictureSize(matte, picture, options, pool));
  uint64_t sum = 0;
  for (int y = 0; y < alpha.height(); ++y) {
    for (int x = 0; x < alpha.width(); ++x) sum += alpha.row(y)[x];
  }
  // Whoever made the matte has decided; an empty one has nothing to show anyway.
  given.subject_found = sum > 0;
  given.subject_score = sum > 0 ? 1.0f : 0.0f;
  given.coverage = static_cast<float>(
      static_cast<double>(sum) / (255.0 * alpha.width() * static_cast<double>(alpha.height())));
  given.alphas.push_back(std::move(alpha));
  return given;
}

Result<Cut> ComposeGiven(ImageView<const uint8_t> picture, ImageView<const uint8_t> matte,
                         const CutOptions& options, ThreadPool* pool) {
  return ComposeAny(picture, matte, options, pool);
}

Result<Cut16> ComposeGiven(ImageView<const uint16_t> picture, ImageView<const uint8_t> matte,
                           const CutOptions& options, ThreadPool* pool) {
  return ComposeAny(picture, matte, options, pool);
}

}  // namespace peel
