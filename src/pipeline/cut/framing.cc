#include "src/pipeline/cut/framing.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "src/image/blur.h"
#include "src/image/resize.h"
#include "src/image/rows.h"

namespace peel {
namespace {

constexpr double kMaxLength = 100000;
constexpr int kMaxSide = 65535;
constexpr float kMaxSigma = 1000;

std::optional<double> Number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

std::vector<std::string_view> Split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t comma = text.find(at);
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

Result<ImageU8> Scaled(ImageView<const uint8_t> picture, int width, int height, ThreadPool* pool) {
  if (picture.width == width && picture.height == height) return Clone(picture);
  if (picture.channels == 4)
    return ResizeRgba(picture, width, height, ResizeFilter::kLanczos, pool);
  return ResizeFast(picture, width, height, pool);
}

Result<ImageU16> Scaled(ImageView<const uint16_t> picture, int width, int height,
                        ThreadPool* pool) {
  return Resize(picture, width, height, ResizeFilter::kLanczos, pool);
}

std::string Quoted(std::string_view text) { return std::string("\"").append(text).append("\""); }

}  // namespace

int Length::Pixels(int whole) const {
  return static_cast<int>(std::lround(percent ? value * whole / 100 : value));
}

Result<Length> ParseLength(std::string_view text) {
  std::string_view number = text;
  Length length;
  if (number.ends_with("px")) {
    number.remove_suffix(2);
  } else if (number.ends_with('%')) {
    number.remove_suffix(1);
    length.percent = true;
  }
  const auto value = Number(number);
  if (!value || std::fabs(*value) > kMaxLength) {
    return InvalidArgument(Quoted(text) + " is not a length; write 20 (pixels) or 5%");
  }
  length.value = *value;
  return length;
}

Result<Position> ParsePosition(std::string_view text) {
  Position position;
  if (text == "original") {
    position.original = true;
    return position;
  }
  if (text.find(',') != std::string_view::npos) {
    const auto parts = Split(text, ',');
    if (parts.size() != 2) return InvalidArgument(Quoted(text) + " is not a position X,Y");
    PEEL_ASSIGN_OR_RETURN(position.x, ParseLength(parts[0]));
    PEEL_ASSIGN_OR_RETURN(position.y, ParseLength(parts[1]));
    return position;
  }
  bool x_told = false, y_told = false;
  for (const std::string_view word : Split(text, '-')) {
    const bool x = word == "left" || word == "right", y = word == "top" || word == "bottom";
    if ((x && x_told) || (y && y_told) || (!x && !y && word != "center")) {
      return InvalidArgument(Quoted(text) +
                             " is not a position; write center, top, bottom-left, … or X,Y");
    }
    if (x) position.x = Length::Percent(word == "left" ? 0 : 100);
    if (y) position.y = Length::Percent(word == "top" ? 0 : 100);
    x_told |= x;
    y_told |= y;
  }
  return position;
}

Result<Size> ParseSize(std::string_view text) {
  const auto parts = Split(text, 'x');
  int sides[2] = {0, 0};
  bool good = parts.size() <= 2;
  for (size_t i = 0; good && i < 2; ++i) {
    const std::string_view part = parts[std::min(i, parts.size() - 1)];
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), sides[i]);
    good = error == std::errc() && end == part.data() + part.size() && sides[i] >= 1 &&
           sides[i] <= kMaxSide;
  }
  if (!good) {
    return InvalidArgument(Quoted(text) + " is not a size; write 1000x800, or 1000 for a square");
  }
  return Size{sides[0], sides[1]};
}

Result<Shadow> ParseShadow(std::string_view text) {
  Shadow shadow;
  if (text.empty()) return shadow;
  const auto parts = Split(text, ',');
  if (parts.size() < 2 || parts.size() > 4) {
    return InvalidArgument(Quoted(text) + " is not a shadow; write DX,DY[,BLUR[,OPACITY]]");
  }
  PEEL_ASSIGN_OR_RETURN(shadow.dx, ParseLength(parts[0]));
  PEEL_ASSIGN_OR_RETURN(shadow.dy, ParseLength(parts[1]));
  if (parts.size() > 2) {
    PEEL_ASSIGN_OR_RETURN(shadow.blur, ParseLength(parts[2]));
    if (shadow.blur.value < 0) return InvalidArgument("a shadow's blur is not negative");
  }
  if (parts.size() > 3) {
    const bool percent = parts[3].ends_with('%');
    const auto value = Number(percent ? parts[3].substr(0, parts[3].size() - 1) : parts[3]);
    shadow.opacity = value.value_or(-1) / (percent ? 100 : 1);
    if (!(shadow.opacity >= 0 && shadow.opacity <= 1)) {
      return InvalidArgument("a shadow's opacity lies between 0 and 1, or 0% and 100%");
    }
  }
  return shadow;
}

namespace {

// The largest that a part may be, times `scale`, to fit into the canvas.
Size Fitted(Size part, Size canvas, double scale) {
  const double factor = scale * std::min(static_cast<double>(canvas.width) / part.width,
                                         static_cast<double>(canvas.height) / part.height);
  return {std::clamp(static_cast<int>(std::lround(part.width * factor)), 1, canvas.width),
          std::clamp(static_cast<int>(std::lround(part.height * factor)), 1, canvas.height)};
}

int PlaceOn(const Length& at, int room) {
  return at.percent ? at.Pixels(room) : static_cast<int>(std::lround(at.value));
}

// The start of `size` pixels whose middle lies at this share of the canvas, moved so that they fit.
int StartAround(double middle, int size, int canvas) {
  return std::clamp(static_cast<int>(std::lround(middle * canvas - size / 2.0)), 0, canvas - size);
}

template <typename T>
Result<Image<T>> Place(ImageView<const T> picture, Size size, Box place, ThreadPool* pool) {
  if (picture.empty() || (picture.channels != 1 && picture.channels != 4)) {
    return InvalidArgument("only a mask or a cut-out can be put on a canvas");
  }
  PEEL_ASSIGN_OR_RETURN(const Image<T> scaled, Scaled(picture, place.width, place.height, pool));
  const int x0 = place.x, y0 = place.y, width = place.width, height = place.height;
  PEEL_ASSIGN_OR_RETURN(Image<T> canvas,
                        Image<T>::Allocate(size.width, size.height, picture.channels));
  const size_t pixel = static_cast<size_t>(picture.channels) * sizeof(T);
  const int left = std::clamp(x0, 0, size.width), right = std::clamp(x0 + width, 0, size.width);
  for (int y = 0; y < size.height; ++y) {
    T* to = canvas.row(y);
    std::memset(to, 0, static_cast<size_t>(size.width) * pixel);
    if (y < y0 || y >= y0 + height || right <= left) continue;
    std::memcpy(to + ptrdiff_t{left} * picture.channels,
                scaled.row(y - y0) + ptrdiff_t{left - x0} * picture.channels,
                static_cast<size_t>(right - left) * pixel);
  }
  return canvas;
}

// How much of a shadow (0 to 255) is seen beneath a pixel of this alpha, in the pixel's units.
uint32_t Below(uint8_t dark, double opacity, uint8_t alpha) {
  const auto part = static_cast<uint32_t>(std::lround(opacity * 255));
  return MulDiv255(MulDiv255(dark, part), 255u - alpha);
}
uint32_t Below(uint8_t dark, double opacity, uint16_t alpha) {
  return static_cast<uint32_t>(std::lround(dark * opacity / 255 * (65535 - alpha)));
}

template <typename T>
Status Shade(Image<T>* cutout, const Shadow& shadow, ThreadPool* pool) {
  constexpr T kOne = static_cast<T>(~T{0});
  const int width = cutout->width(), height = cutout->height();
  const int longer = std::max(width, height);
  const int dx = shadow.dx.Pixels(longer), dy = shadow.dy.Pixels(longer);
  const double sigma = shadow.blur.percent ? shadow.blur.value * longer / 100 : shadow.blur.value;
  // Alpha moved first: outside of the picture there is nothing that could throw a shadow.
  PEEL_ASSIGN_OR_RETURN(ImageU8 cast, ImageU8::Allocate(width, height, 1));
  ForRowBands(height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      uint8_t* to = cast.row(y);
      std::memset(to, 0, static_cast<size_t>(width));
      const int64_t from_y = int64_t{y} - dy;
      if (from_y < 0 || from_y >= height) continue;
      const T* from = cutout->row(static_cast<int>(from_y));
      for (int x = std::max(dx, 0); x < std::min<int64_t>(width, int64_t{width} + dx); ++x) {
        to[x] = static_cast<uint8_t>(from[4 * (ptrdiff_t{x} - dx) + 3] / (kOne / 255));
      }
    }
  });
  PEEL_ASSIGN_OR_RETURN(cast, GaussianBlur(std::as_const(cast).view(),
                                           std::min(static_cast<float>(sigma), kMaxSigma), pool));
  ForRowBands(height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      T* p = cutout->row(y);
      const uint8_t* dark = cast.row(y);
      for (int x = 0; x < width; ++x, p += 4) {
        if (p[3] == kOne) continue;
        // Black beneath: alpha adds up, colour keeps only the subject's part.
        const uint32_t below = Below(dark[x], shadow.opacity, p[3]);
        const uint32_t alpha = p[3] + below;
        if (alpha == 0 || below == 0) continue;
        for (int c = 0; c < 3; ++c)
          p[c] = static_cast<T>((uint64_t{p[c]} * p[3] + alpha / 2) / alpha);
        p[3] = static_cast<T>(alpha);
      }
    }
  });
  return OkStatus();
}

}  // namespace

Box PlaceOf(Size part, Size canvas, const Position& position) {
  const Size size = Fitted(part, canvas, 1);
  return {PlaceOn(position.x, canvas.width - size.width),
          PlaceOn(position.y, canvas.height - size.height), size.width, size.height};
}

Box PlaceOf(Box part, Size whole, Size canvas, double scale, const Position& position) {
  Size size = Fitted({part.width, part.height}, canvas, scale > 0 ? scale : 1);
  if (scale <= 0) {
    const double factor = std::min(static_cast<double>(canvas.width) / whole.width,
                                   static_cast<double>(canvas.height) / whole.height);
    size = {std::clamp(static_cast<int>(std::lround(part.width * factor)), 1, canvas.width),
            std::clamp(static_cast<int>(std::lround(part.height * factor)), 1, canvas.height)};
  }
  if (position.original) {
    return {StartAround((part.x + part.width / 2.0) / whole.width, size.width, canvas.width),
            StartAround((part.y + part.height / 2.0) / whole.height, size.height, canvas.height),
            size.width, size.height};
  }
  return {PlaceOn(position.x, canvas.width - size.width),
          PlaceOn(position.y, canvas.height - size.height), size.width, size.height};
}

Result<ImageU8> PlaceOnCanvas(ImageView<const uint8_t> picture, Size canvas, Box place,
                              ThreadPool* pool) {
  return Place(picture, canvas, place, pool);
}
Result<ImageU16> PlaceOnCanvas(ImageView<const uint16_t> picture, Size canvas, Box place,
                               ThreadPool* pool) {
  return Place(picture, canvas, place, pool);
}

Status AddShadow(ImageU8* cutout, const Shadow& shadow, ThreadPool* pool) {
  return Shade(cutout, shadow, pool);
}
Status AddShadow(ImageU16* cutout, const Shadow& shadow, ThreadPool* pool) {
  return Shade(cutout, shadow, pool);
}

}  // namespace peel
