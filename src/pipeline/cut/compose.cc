#include "src/pipeline/cut/compose.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "src/image/composite.h"
#include "src/image/fill_hidden.h"
#include "src/image/geometry.h"
#include "src/matte/colour/cutout.h"
#include "src/matte/compat_rembg.h"
#include "src/matte/parts.h"
#include "src/matte/solid.h"
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

void Describe(const Matte& matte, CutInfo& cut) {
  cut.has_subject = matte.subject_found;
  cut.subject_score = matte.subject_score;
  cut.coverage = matte.coverage;
}

// The box to crop to, given the subject's.
Box CropBox(const std::optional<Box>& subject, Size picture, const FrameChoices& frame) {
  if (frame.crop_box) return *frame.crop_box;
  if (!subject || (!frame.crop_margin && !frame.scale)) {
    return {0, 0, picture.width, picture.height};
  }
  return WithMargins(*subject, frame.crop_margin.value_or(Margins()), picture);
}

// Which part of the picture is to be seen, and where.
struct Framing {
  Box box;                   // of the picture
  Box behind;                // of the picture: what a blurred background shows
  std::optional<Size> size;  // of the canvas; else the box is the result
  Box place{};               // of the box on the canvas

  // A box of the picture in the result, rounded outwards and cut off.
  Box InResult(const Box& part) const;
};

Box Framing::InResult(const Box& part) const {
  const Size whole = size.value_or(Size{box.width, box.height});
  const Box at = size ? place : Box{0, 0, box.width, box.height};
  const double x = static_cast<double>(at.width) / box.width;
  const double y = static_cast<double>(at.height) / box.height;
  const auto within = [](double v, int limit) {
    return static_cast<int>(std::clamp(v, 0.0, static_cast<double>(limit)));
  };
  constexpr double kRounding = 1e-6;
  const int x0 = within(std::floor(at.x + (part.x - box.x) * x + kRounding), whole.width);
  const int y0 = within(std::floor(at.y + (part.y - box.y) * y + kRounding), whole.height);
  const int x1 =
      within(std::ceil(at.x + (part.x + part.width - box.x) * x - kRounding), whole.width);
  const int y1 =
      within(std::ceil(at.y + (part.y + part.height - box.y) * y - kRounding), whole.height);
  return {x0, y0, x1 - x0, y1 - y0};
}

Framing Frame(const std::optional<Box>& subject, Size picture, const FrameChoices& frame) {
  Framing framing;
  framing.box = CropBox(subject, picture, frame);
  framing.behind = framing.box;
  framing.size = frame.canvas;
  if (frame.scale) {
    framing.behind = {0, 0, picture.width, picture.height};
    if (!framing.size) framing.size = picture;
    framing.place = PlaceOf(framing.box, picture, *framing.size, *frame.scale, frame.position);
  } else if (framing.size) {
    framing.place =
        PlaceOf(Size{framing.box.width, framing.box.height}, *framing.size, frame.position);
  }
  return framing;
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
  ImageU8 alpha = TakeUnion(matte, pool);
  if (!cut.has_subject) {
    Clear(alpha.view());
    cut.coverage = 0;
  } else {
    const bool parts = options.hints == nullptr;  // else FollowHints has seen to them
    if (parts && options.keep_largest) PEEL_RETURN_IF_ERROR(KeepLargest(alpha.view()));
    if (parts && options.fill_holes) PEEL_RETURN_IF_ERROR(FillHoles(alpha.view()));
    if (options.solid) PEEL_RETURN_IF_ERROR(MakeSolid(alpha.view(), pool));
    if (options.keep_largest || options.fill_holes || options.solid) {
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
Status Place(const Framing& framing, ThreadPool* pool, Image<T>* pixels) {
  if (!framing.size) return OkStatus();
  PEEL_ASSIGN_OR_RETURN(
      *pixels, PlaceOnCanvas(std::as_const(*pixels).view(), *framing.size, framing.place, pool));
  return OkStatus();
}

// The part of the picture inside the box, cut out, framed and over its background. The preview's 8
// bits are enough for a blurred one.
template <typename T>
Result<Image<T>> CutoutOf(ImageView<const T> picture, ImageView<const uint8_t> preview,
                          ImageView<const uint8_t> alpha, const Framing& framing,
                          const Composition& how, ThreadPool* pool) {
  const Box& box = framing.box;
  PEEL_ASSIGN_OR_RETURN(Image<T> pixels,
                        MakeCutout(Crop(picture, box), Crop(alpha, box), {}, pool));
  ImageU8 blurred;
  if (how.background.kind() == Background::Kind::kBlur) {
    PEEL_ASSIGN_OR_RETURN(blurred, how.background.Blurred(Crop(preview, framing.behind),
                                                          Crop(alpha, framing.behind), pool));
  }
  const FrameChoices& frame = how.options.frame;
  PEEL_RETURN_IF_ERROR(Place(framing, pool, &pixels));
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
  const std::optional<Box> subject = BoundingBox(visible->view(), kCropThreshold);
  const Framing framing = Frame(subject, {picture.width, picture.height}, options.frame);
  cut.x = framing.box.x;
  cut.y = framing.box.y;
  if (subject) cut.subject = framing.InResult(*subject);
  if (options.compose.keep_matte) {
    PEEL_ASSIGN_OR_RETURN(cut.matte, Clone(std::as_const(alpha).view()));
  }
  if (options.compose.mask_only) {
    if constexpr (sizeof(T) == 1) {
      PEEL_ASSIGN_OR_RETURN(cut.pixels, Take(std::move(alpha), framing.box));
      PEEL_RETURN_IF_ERROR(Place(framing, pool, &cut.pixels));
      return cut;
    } else {
      return Internal("a mask has 8 bits");
    }
  }
  PEEL_ASSIGN_OR_RETURN(
      cut.pixels, CutoutOf(picture, preview, std::as_const(alpha).view(), framing, how, pool));
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
  const std::optional<Box> subject =
      BoundingBox(std::as_const(matte.alphas[0]).view(), kCropThreshold);
  const Box box =
      single ? CropBox(subject, {picture.width, picture.height}, options.frame)
             : Box{0, 0, picture.width, picture.height * static_cast<int>(matte.alphas.size())};
  PEEL_ASSIGN_OR_RETURN(ImageU8 all, RembgCutout(picture, matte.alphas, rembg, pool));
  cut.x = box.x;
  cut.y = box.y;
  if (subject)
    cut.subject = {subject->x - box.x, subject->y - box.y, subject->width, subject->height};
  PEEL_ASSIGN_OR_RETURN(cut.pixels, Take(std::move(all), box));
  PEEL_RETURN_IF_ERROR(Flatten(how, pool, &cut.pixels));
  return cut;
}

}  // namespace peel
