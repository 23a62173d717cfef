#include "src/pipeline/cut/background.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <mutex>
#include <system_error>
#include <utility>

#include "src/base/os/files.h"
#include "src/codec/decode.h"
#include "src/codec/metadata/colour_transform.h"
#include "src/image/blur.h"
#include "src/image/colour.h"
#include "src/image/fill_hidden.h"
#include "src/image/geometry.h"
#include "src/image/resize.h"
#include "src/image/rows.h"
#include "src/pipeline/cut/framing.h"

namespace peel {
namespace {

constexpr float kMaxSigma = 1000;

// The picture's surroundings of the subject as RGBA: alpha is what the subject leaves free.
Result<ImageU8> WithoutSubject(ImageView<const uint8_t> picture, ImageView<const uint8_t> subject,
                               ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 rest, ImageU8::Allocate(picture.width, picture.height, 4));
  const auto row_of = [&](int64_t y, int) {
    const uint8_t* from = picture.row(static_cast<int>(y));
    const uint8_t* alpha = subject.row(static_cast<int>(y));
    uint8_t* to = rest.row(static_cast<int>(y));
    for (int x = 0; x < picture.width; ++x, from += picture.channels, ++alpha, to += 4) {
      to[0] = from[0];
      to[1] = from[1];
      to[2] = from[2];
      const uint32_t shown = picture.channels == 4 ? from[3] : 255u;
      to[3] = static_cast<uint8_t>(MulDiv255(255u - *alpha, shown));
    }
  };
  pool->ParallelFor(picture.height, row_of);
  return rest;
}

// Scaled until it covers width x height, the middle taken.
Result<ImageU8> Covering(ImageView<const uint8_t> picture, int width, int height,
                         ThreadPool* pool) {
  if (picture.width == width && picture.height == height) return Clone(picture);
  const double scale = std::max(static_cast<double>(width) / picture.width,
                                static_cast<double>(height) / picture.height);
  // The part that stays, cut out before scaling so that nothing is scaled in vain.
  Box box;
  box.width = std::clamp(static_cast<int>(std::lround(width / scale)), 1, picture.width);
  box.height = std::clamp(static_cast<int>(std::lround(height / scale)), 1, picture.height);
  box.x = (picture.width - box.width) / 2;
  box.y = (picture.height - box.height) / 2;
  if (picture.channels == 4) {
    return ResizeRgba(Crop(picture, box), width, height, ResizeFilter::kLanczos, pool);
  }
  return ResizeFast(Crop(picture, box), width, height, pool);
}

// Where the blur found next to nothing (deep within the subject), what a much wider one finds:
// eight bits of a thin premultiplied colour would be all rounding. Both premultiplied, same size.
Status FillThin(ImageView<const uint8_t> rest, ImageView<uint8_t> blurred, ThreadPool* pool) {
  constexpr int kThin = 32;
  ImageU8 wide;
  PEEL_ASSIGN_OR_RETURN(wide, Clone(rest));
  for (;;) {
    // Halved until every pixel has enough, or one is left, then enlarged again.
    bool enough = true;
    for (int y = 0; y < wide.height() && enough; ++y) {
      for (int x = 0; x < wide.width(); ++x) enough &= wide.row(y)[4 * x + 3] >= kThin;
    }
    if (enough || (wide.width() == 1 && wide.height() == 1)) break;
    PEEL_ASSIGN_OR_RETURN(wide, Resize(std::as_const(wide).view(), std::max(1, wide.width() / 2),
                                       std::max(1, wide.height() / 2), ResizeFilter::kBox, pool));
  }
  PEEL_ASSIGN_OR_RETURN(wide, Resize(std::as_const(wide).view(), blurred.width, blurred.height,
                                     ResizeFilter::kBilinear, pool));
  ForRowBands(blurred.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      uint8_t* p = blurred.row(y);
      const uint8_t* w = wide.row(y);
      for (int x = 0; x < blurred.width; ++x, p += 4, w += 4) {
        if (p[3] >= kThin) continue;
        // Fades from one to the other: at no alpha all of it is the wide one's.
        for (int c = 0; c < 4; ++c) {
          p[c] = static_cast<uint8_t>(std::min(p[c] + w[c] * (kThin - p[3]) / kThin, 255));
        }
      }
    }
  });
  return OkStatus();
}

Result<ImageU8> OpaqueRgba(ImageView<const uint8_t> rgb, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 alpha, ImageU8::Allocate(rgb.width, rgb.height, 1));
  for (int y = 0; y < rgb.height; ++y) {
    std::fill_n(alpha.row(y), static_cast<size_t>(rgb.width), uint8_t{255});
  }
  return WithAlpha(rgb, std::as_const(alpha).view(), false, pool);
}

}  // namespace

struct Background::Converted {
  std::mutex mutex;
  std::vector<uint8_t> icc;
  std::shared_ptr<const ImageU8> picture;  // null: nothing was converted yet
};

Background Background::Colour(Rgba colour) {
  Background background;
  background.kind_ = Kind::kColour;
  background.colour_ = colour;
  return background;
}

Result<Background> Background::Parse(const std::string& text, const Limits& limits) {
  if (text.empty()) return Background();
  if (text == "blur" || text.starts_with("blur:")) {
    Background background;
    background.kind_ = Kind::kBlur;
    if (text.size() > 5) {
      float sigma = -1;
      const auto [end, error] = std::from_chars(text.data() + 5, text.data() + text.size(), sigma);
      if (error != std::errc() || end != text.data() + text.size() ||
          !(sigma >= 0 && sigma <= kMaxSigma)) {
        return InvalidArgument("\"" + text +
                               "\": the radius after blur: is a number from 0 to 1000");
      }
      background.sigma_ = sigma;
    } else if (text == "blur:") {
      return InvalidArgument("\"blur:\" lacks its radius; say blur or blur:20");
    }
    return background;
  }
  // A file named like a colour is reached as ./red.
  auto colour = ParseColour(text);
  if (colour.ok()) return Colour(*colour);
  auto bytes = ReadWholeFile(text, limits.max_bytes);
  if (!bytes.ok() && bytes.status().code() == StatusCode::kNotFound) {
    return InvalidArgument(
        "\"" + text +
        "\" is neither a CSS colour (white, #fff, rgb(…)), blur, blur:RADIUS nor "
        "an existing picture");
  }
  if (!bytes.ok()) return std::move(bytes).status().WithContext(text);
  auto background = FromFile(*bytes, limits);
  if (!background.ok()) return std::move(background).status().WithContext(text);
  return background;
}

Result<Background> Background::FromFile(std::span<const uint8_t> bytes, const Limits& limits) {
  DecodeOptions options;
  options.limits = limits;
  options.reduce_to_8_bits = true;
  PEEL_ASSIGN_OR_RETURN(Picture decoded, Decode(bytes, options));
  Background background;
  background.kind_ = Kind::kPicture;
  ImageU8 pixels = std::move(*decoded.u8());
  if (!HasTransparency(std::as_const(pixels).view())) {
    PEEL_ASSIGN_OR_RETURN(pixels, ToRgb(std::as_const(pixels).view()));
  }
  background.picture_ = std::make_shared<const ImageU8>(std::move(pixels));
  background.icc_ = std::move(decoded.metadata.icc);
  background.converted_ = std::make_shared<Converted>();
  return background;
}

Result<Background> Background::InProfile(std::span<const uint8_t> icc, ThreadPool* pool) const {
  Background result = *this;
  if (kind_ == Kind::kColour && !icc.empty()) {
    PEEL_ASSIGN_OR_RETURN(ImageU8 pixel, ImageU8::Allocate(1, 1, 3));
    pixel.row(0)[0] = colour_.r;
    pixel.row(0)[1] = colour_.g;
    pixel.row(0)[2] = colour_.b;
    PEEL_ASSIGN_OR_RETURN(pixel, ConvertColours(std::as_const(pixel).view(), {}, icc));
    result.colour_ = {pixel.row(0)[0], pixel.row(0)[1], pixel.row(0)[2], colour_.a};
  }
  if (kind_ == Kind::kPicture && !std::ranges::equal(icc_, icc)) {
    // The lock is held while converting: whoever else waits wants the same picture.
    const std::lock_guard lock(converted_->mutex);
    if (converted_->picture == nullptr || !std::ranges::equal(converted_->icc, icc)) {
      PEEL_ASSIGN_OR_RETURN(ImageU8 pixels, ConvertColours(picture_->view(), icc_, icc, pool));
      converted_->picture = std::make_shared<const ImageU8>(std::move(pixels));
      converted_->icc.assign(icc.begin(), icc.end());
    }
    result.picture_ = converted_->picture;
    result.icc_ = converted_->icc;
  }
  return result;
}

float Background::BlurSigma(int longer) const {
  return sigma_ >= 0 ? sigma_ : std::min(static_cast<float>(longer) / 50, kMaxSigma);
}

Result<ImageU8> Background::Blurred(ImageView<const uint8_t> picture,
                                    ImageView<const uint8_t> alpha, ThreadPool* pool) const {
  const int longer = std::max(picture.width, picture.height);
  const float sigma = BlurSigma(longer);
  PEEL_ASSIGN_OR_RETURN(ImageU8 rest, WithoutSubject(picture, alpha, pool));
  // What a strong blur makes needs few pixels: below a fourth of sigma nothing is left to see.
  const int reduce = std::clamp(static_cast<int>(sigma / 4), 1, 16);
  const int width = std::max(1, picture.width / reduce);
  const int height = std::max(1, picture.height / reduce);
  // Premultiplied, so that the subject's colours weigh nothing in the mean.
  Premultiply(rest.view(), pool);
  if (reduce > 1) {
    PEEL_ASSIGN_OR_RETURN(
        rest, Resize(std::as_const(rest).view(), width, height, ResizeFilter::kBox, pool));
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 blurred, GaussianBlur(std::as_const(rest).view(),
                                                      sigma / static_cast<float>(reduce), pool));
  PEEL_RETURN_IF_ERROR(FillThin(std::as_const(rest).view(), blurred.view(), pool));
  Unpremultiply(blurred.view(), pool);
  PEEL_ASSIGN_OR_RETURN(ImageU8 rgb, ToRgb(std::as_const(blurred).view(), pool));
  if (reduce == 1) return rgb;
  return Resize(std::as_const(rgb).view(), picture.width, picture.height, ResizeFilter::kBilinear,
                pool);
}

template <typename T>
Result<Image<T>> Background::ApplyTo(ImageView<const T> cutout, ImageView<const uint8_t> blurred,
                                     ThreadPool* pool) const {
  switch (kind_) {
    case Kind::kColour:
      if (colour_.a == 255) return FlattenOver(cutout, colour_, pool);
      return AlphaComposite(cutout, colour_, pool);
    case Kind::kBlur: {
      if (blurred.width == cutout.width && blurred.height == cutout.height) {
        return FlattenOver(cutout, blurred, pool);
      }
      PEEL_ASSIGN_OR_RETURN(const ImageU8 back,
                            Covering(blurred, cutout.width, cutout.height, pool));
      return FlattenOver(cutout, back.view(), pool);
    }
    case Kind::kPicture: {
      if (fit_ == Fit::kContain) {
        ImageU8 opaque;
        ImageView<const uint8_t> rgba = picture_->view();
        if (rgba.channels == 3) {
          PEEL_ASSIGN_OR_RETURN(opaque, OpaqueRgba(rgba, pool));
          rgba = std::as_const(opaque).view();
        }
        const Size canvas = {cutout.width, cutout.height};
        const Box place = PlaceOf(Size{rgba.width, rgba.height}, canvas, Position{});
        PEEL_ASSIGN_OR_RETURN(const ImageU8 back, PlaceOnCanvas(rgba, canvas, place, pool));
        return AlphaComposite(cutout, back.view(), pool);
      }
      PEEL_ASSIGN_OR_RETURN(const ImageU8 back,
                            Covering(picture_->view(), cutout.width, cutout.height, pool));
      if (back.channels() == 4) return AlphaComposite(cutout, back.view(), pool);
      return FlattenOver(cutout, back.view(), pool);
    }
    case Kind::kNone:
      break;
  }
  return Internal("there is no background to apply");
}

Result<ImageU8> Background::Apply(ImageView<const uint8_t> cutout, ImageView<const uint8_t> blurred,
                                  ThreadPool* pool) const {
  return ApplyTo(cutout, blurred, pool);
}

Result<ImageU16> Background::Apply(ImageView<const uint16_t> cutout,
                                   ImageView<const uint8_t> blurred, ThreadPool* pool) const {
  return ApplyTo(cutout, blurred, pool);
}

}  // namespace peel
