#include "src/pipeline/cut/compose.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "src/image/composite.h"
#include "src/image/fill_hidden.h"
#include "src/image/geometry.h"
#include "src/matte/compat_rembg.h"
#include "src/matte/cutout.h"
#include "src/matte/parts.h"
#include "src/matte/transparency.h"
#include "src/pipeline/cut/framing.h"

namespace peel {
namespace {

// Fainter than this is not worth keeping inside a crop: stray specks would undo it.
constexpr int kCropThreshold = 8;

void Clear(ImageView<uint8_t> image) {
  for (int y = 0; y < image.height; ++y) {
    std::memset(image.row(y), 0, static_cast<size_t>(image.width) * image.channels);
  }
}

// What any of the mattes covers, in the first one.
ImageU8 Union(Matte& matte, ThreadPool* pool) {
  ImageU8 all = std::move(matte.alphas[0]);
  for (size_t i = 1; i < matte.alphas.size(); ++i) {
    const ImageU8& other = matte.alphas[i];
    const auto row_of = [&](int64_t y, int) {
      uint8_t* to = all.row(static_cast<int>(y));
      const uint8_t* from = other.row(static_cast<int>(y));
      for (int x = 0; x < all.width(); ++x) to[x] = std::max(to[x], from[x]);
    };
    pool->ParallelFor(all.height(), row_of);
  }
  return all;
}

void Describe(const Matte& matte, CutInfo& cut) {
  cut.has_subject = matte.subject_found;
  cut.subject_score = matte.subject_score;
  cut.coverage = matte.coverage;
}

Box CropBox(ImageView<const uint8_t> alpha, const FrameChoices& frame) {
  const Box whole = {0, 0, alpha.width, alpha.height};
  if (frame.crop_box) return *frame.crop_box;
  if (!frame.crop_margin) return whole;
  const std::optional<Box> subject = BoundingBox(alpha, kCropThreshold);
  if (!subject) return whole;
  const int margin = frame.crop_margin->Pixels(std::max(subject->width, subject->height));
  return Grow(*subject, std::max(margin, 0), alpha.width, alpha.height);
}

// The pixels inside the box as an image of their own, without a copy where it is all of them.
Result<ImageU8> Take(ImageU8 image, Box box) {
  if (box == Box{0, 0, image.width(), image.height()}) return image;
  return Clone(Crop(std::as_const(image).view(), box));
}

// The subject's alpha from the matte, with what the options make of islands and holes.
Result<ImageU8> SubjectAlpha(Matte& matte, const MatteChoices& options, CutInfo& cut,
                             ThreadPool* pool) {
  if (matte.alphas.empty()) return Internal("the model gave no matte");
  Describe(matte, cut);
  ImageU8 alpha = Union(matte, pool);
  if (!cut.has_subject) {
    Clear(alpha.view());
    cut.coverage = 0;
  } else {
    if (options.keep_largest) PEEL_RETURN_IF_ERROR(KeepLargest(alpha.view()));
    if (options.fill_holes) PEEL_RETURN_IF_ERROR(FillHoles(alpha.view()));
    if (options.keep_largest || options.fill_holes) {
      cut.coverage = Coverage(std::as_const(alpha).view());
    }
  }
  return alpha;
}

// What shows in the end: the matte times the picture's own alpha. A copy, since the cut-out needs
// the matte alone: only its soft pixels mix subject and background.
Result<ImageU8> VisibleAlpha(ImageView<const uint8_t> picture, const ImageU8& alpha, CutInfo& cut,
                             ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 visible, Clone(alpha.view()));
  MultiplyByOwnAlpha(picture, visible.view(), pool);
  cut.coverage = Coverage(std::as_const(visible).view());
  return visible;
}

// What is transparent over white, where alpha cannot be kept.
template <typename T>
Status Flatten(const Composition& how, ThreadPool* pool, Image<T>* pixels) {
  if (!how.opaque || pixels->channels() != 4) return OkStatus();
  PEEL_ASSIGN_OR_RETURN(*pixels,
                        FlattenOver(std::as_const(*pixels).view(), Rgba{255, 255, 255, 255}, pool));
  return OkStatus();
}

template <typename T>
Status Place(const FrameChoices& frame, ThreadPool* pool, Image<T>* pixels) {
  if (!frame.canvas) return OkStatus();
  PEEL_ASSIGN_OR_RETURN(
      *pixels, PlaceOnCanvas(std::as_const(*pixels).view(), *frame.canvas, frame.position, pool));
  return OkStatus();
}

// The part of the picture inside the box, cut out, framed and over its background. The preview's 8
// bits are enough for a blurred one.
template <typename T>
Result<Image<T>> CutoutOf(ImageView<const T> picture, ImageView<const uint8_t> preview,
                          ImageView<const uint8_t> alpha, Box box, const Composition& how,
                          ThreadPool* pool) {
  const ImageView<const uint8_t> part_alpha = Crop(alpha, box);
  PEEL_ASSIGN_OR_RETURN(Image<T> pixels, MakeCutout(Crop(picture, box), part_alpha, {}, pool));
  ImageU8 blurred;
  if (how.background.kind() == Background::Kind::kBlur) {
    PEEL_ASSIGN_OR_RETURN(blurred, how.background.Blurred(Crop(preview, box), part_alpha, pool));
  }
  const FrameChoices& frame = how.options.frame;
  PEEL_RETURN_IF_ERROR(Place(frame, pool, &pixels));
  if (frame.shadow) PEEL_RETURN_IF_ERROR(AddShadow(&pixels, *frame.shadow, pool));
  if (!how.background.is_none()) {
    PEEL_ASSIGN_OR_RETURN(pixels, how.background.Apply(std::as_const(pixels).view(),
                                                       std::as_const(blurred).view(), pool));
  }
  PEEL_RETURN_IF_ERROR(Flatten(how, pool, &pixels));
  return pixels;
}

template <typename T>
Result<CutOf<T>> ComposeAny(ImageView<const T> picture, ImageView<const uint8_t> preview,
                            Matte& matte, const Composition& how, ThreadPool* pool) {
  const CutOptions& options = how.options;
  CutOf<T> cut;
  PEEL_ASSIGN_OR_RETURN(ImageU8 alpha, SubjectAlpha(matte, options.matte, cut, pool));
  ImageU8 own;
  const ImageU8* visible = &alpha;
  if (HasTransparency(preview)) {
    PEEL_ASSIGN_OR_RETURN(own, VisibleAlpha(preview, alpha, cut, pool));
    visible = &own;
  }
  const Box box = CropBox(visible->view(), options.frame);
  cut.x = box.x;
  cut.y = box.y;
  if (options.compose.mask_only) {
    if constexpr (sizeof(T) == 1) {
      PEEL_ASSIGN_OR_RETURN(cut.pixels, Take(std::move(alpha), box));
      PEEL_RETURN_IF_ERROR(Place(options.frame, pool, &cut.pixels));
      return cut;
    } else {
      return Internal("a mask has 8 bits");
    }
  }
  PEEL_ASSIGN_OR_RETURN(cut.pixels,
                        CutoutOf(picture, preview, std::as_const(alpha).view(), box, how, pool));
  return cut;
}

}  // namespace

Result<Cut> Compose(ImageView<const uint8_t> picture, ImageView<const uint8_t> preview,
                    Matte& matte, const Composition& how, ThreadPool* pool) {
  return ComposeAny(picture, preview, matte, how, pool);
}

Result<Cut16> Compose(ImageView<const uint16_t> picture, ImageView<const uint8_t> preview,
                      Matte& matte, const Composition& how, ThreadPool* pool) {
  return ComposeAny(picture, preview, matte, how, pool);
}

Result<Cut> ComposeLikeRembg(ImageView<const uint8_t> picture, Matte& matte, const Composition& how,
                             ThreadPool* pool) {
  if (matte.alphas.empty()) return Internal("the model gave no matte");
  const CutOptions& options = how.options;
  Cut cut;
  Describe(matte, cut);
  // rembg never finds "no subject".
  cut.has_subject = true;
  RembgOptions rembg;
  rembg.only_mask = options.compose.mask_only;
  rembg.steps = options.compose.rembg;
  if (options.matte.model.edges == Edges::kMatting) {
    rembg.alpha_matting = options.matte.model.matting;
  }
  if (!how.background.is_none()) rembg.bgcolor = how.background.colour();
  const bool single = matte.alphas.size() == 1;
  if (!single && options.frame.crop_margin) {
    return InvalidArgument("the cut-outs of several mattes stand one below the other: no cropping");
  }
  const Box box =
      single ? CropBox(std::as_const(matte.alphas[0]).view(), options.frame)
             : Box{0, 0, picture.width, picture.height * static_cast<int>(matte.alphas.size())};
  PEEL_ASSIGN_OR_RETURN(ImageU8 all, RembgCutout(picture, matte.alphas, rembg, pool));
  cut.x = box.x;
  cut.y = box.y;
  PEEL_ASSIGN_OR_RETURN(cut.pixels, Take(std::move(all), box));
  PEEL_RETURN_IF_ERROR(Flatten(how, pool, &cut.pixels));
  return cut;
}

}  // namespace peel
