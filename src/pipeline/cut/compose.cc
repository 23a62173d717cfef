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

Box CropBox(ImageView<const uint8_t> alpha, const CutOptions& options) {
  const Box whole = {0, 0, alpha.width, alpha.height};
  if (options.crop_box) return *options.crop_box;
  if (!options.crop_margin) return whole;
  const std::optional<Box> subject = BoundingBox(alpha, kCropThreshold);
  if (!subject) return whole;
  const int margin = options.crop_margin->Pixels(std::max(subject->width, subject->height));
  return Grow(*subject, std::max(margin, 0), alpha.width, alpha.height);
}

// The pixels inside the box as an image of their own, without a copy where it is all of them.
Result<ImageU8> Take(ImageU8 image, Box box) {
  if (box == Box{0, 0, image.width(), image.height()}) return image;
  return Clone(Crop(std::as_const(image).view(), box));
}

// The subject's alpha from the matte, with what the options make of islands and holes.
Result<ImageU8> SubjectAlpha(Matte& matte, const CutOptions& options, CutInfo& cut,
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

// The part of the picture inside the box, cut out and framed, into cut.pixels. `preview` is the
// picture in 8 bits, which are enough for a blurred background.
template <typename T>
Status ComposePart(ImageView<const T> picture, ImageView<const uint8_t> preview,
                   ImageView<const uint8_t> alpha, Box box, const CutOptions& options, bool opaque,
                   ThreadPool* pool, CutOf<T>& cut) {
  const ImageView<const uint8_t> part_alpha = Crop(alpha, box);
  PEEL_ASSIGN_OR_RETURN(cut.pixels, MakeCutout(Crop(picture, box), part_alpha, {}, pool));
  ImageU8 blurred;
  if (options.background.kind() == Background::Kind::kBlur) {
    PEEL_ASSIGN_OR_RETURN(blurred,
                          options.background.Blurred(Crop(preview, box), part_alpha, pool));
  }
  if (options.canvas) {
    PEEL_ASSIGN_OR_RETURN(cut.pixels, PlaceOnCanvas(std::as_const(cut.pixels).view(),
                                                    *options.canvas, options.position, pool));
  }
  if (options.shadow) PEEL_RETURN_IF_ERROR(AddShadow(&cut.pixels, *options.shadow, pool));
  if (!options.background.is_none()) {
    PEEL_ASSIGN_OR_RETURN(cut.pixels,
                          options.background.Apply(std::as_const(cut.pixels).view(),
                                                   std::as_const(blurred).view(), pool));
  }
  if (opaque && cut.pixels.channels() == 4) {
    PEEL_ASSIGN_OR_RETURN(
        cut.pixels, FlattenOver(std::as_const(cut.pixels).view(), Rgba{255, 255, 255, 255}, pool));
  }
  return OkStatus();
}

}  // namespace

Result<Cut> Compose(ImageView<const uint8_t> picture, Matte& matte, const CutOptions& options,
                    bool opaque, ThreadPool* pool) {
  Cut cut;
  PEEL_ASSIGN_OR_RETURN(ImageU8 alpha, SubjectAlpha(matte, options, cut, pool));
  ImageU8 own;
  const ImageU8* visible = &alpha;
  if (HasTransparency(picture)) {
    PEEL_ASSIGN_OR_RETURN(own, VisibleAlpha(picture, alpha, cut, pool));
    visible = &own;
  }
  const Box box = CropBox(visible->view(), options);
  cut.x = box.x;
  cut.y = box.y;
  if (options.mask_only) {
    PEEL_ASSIGN_OR_RETURN(cut.pixels, Take(std::move(alpha), box));
    if (options.canvas) {
      PEEL_ASSIGN_OR_RETURN(cut.pixels, PlaceOnCanvas(std::as_const(cut.pixels).view(),
                                                      *options.canvas, options.position, pool));
    }
    return cut;
  }
  PEEL_RETURN_IF_ERROR(
      ComposePart(picture, picture, std::as_const(alpha).view(), box, options, opaque, pool, cut));
  return cut;
}

Result<Cut16> Compose(ImageView<const uint16_t> picture, ImageView<const uint8_t> preview,
                      Matte& matte, const CutOptions& options, bool opaque, ThreadPool* pool) {
  if (options.mask_only) return Internal("a mask has 8 bits");
  Cut16 cut;
  PEEL_ASSIGN_OR_RETURN(const ImageU8 alpha, SubjectAlpha(matte, options, cut, pool));
  ImageU8 own;
  const ImageU8* visible = &alpha;
  if (HasTransparency(preview)) {
    PEEL_ASSIGN_OR_RETURN(own, VisibleAlpha(preview, alpha, cut, pool));
    visible = &own;
  }
  const Box box = CropBox(visible->view(), options);
  cut.x = box.x;
  cut.y = box.y;
  PEEL_RETURN_IF_ERROR(
      ComposePart(picture, preview, alpha.view(), box, options, opaque, pool, cut));
  return cut;
}

Result<Cut> ComposeLikeRembg(ImageView<const uint8_t> picture, Matte& matte,
                             const CutOptions& options, bool opaque, ThreadPool* pool) {
  if (matte.alphas.empty()) return Internal("the model gave no matte");
  Cut cut;
  Describe(matte, cut);
  // rembg never finds "no subject".
  cut.has_subject = true;
  RembgOptions rembg;
  rembg.only_mask = options.mask_only;
  rembg.post_process_mask = options.post_process_mask;
  rembg.alpha_matting = options.edges == EdgeMode::kMatting;
  rembg.matting = options.matting;
  rembg.putalpha = options.putalpha;
  rembg.decontaminate = options.decontaminate;
  if (!options.background.is_none()) rembg.bgcolor = options.background.colour();
  const bool single = matte.alphas.size() == 1;
  if (!single && options.crop_margin) {
    return InvalidArgument("the cut-outs of several mattes stand one below the other: no cropping");
  }
  const Box box =
      single ? CropBox(std::as_const(matte.alphas[0]).view(), options)
             : Box{0, 0, picture.width, picture.height * static_cast<int>(matte.alphas.size())};
  PEEL_ASSIGN_OR_RETURN(ImageU8 all, RembgCutout(picture, matte.alphas, rembg, pool));
  cut.x = box.x;
  cut.y = box.y;
  PEEL_ASSIGN_OR_RETURN(cut.pixels, Take(std::move(all), box));
  if (opaque && cut.pixels.channels() == 4) {
    PEEL_ASSIGN_OR_RETURN(
        cut.pixels, FlattenOver(std::as_const(cut.pixels).view(), Rgba{255, 255, 255, 255}, pool));
  }
  return cut;
}

}  // namespace peel
