#pragma once

#include <optional>
#include <string_view>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/composite.h"
#include "src/image/geometry.h"
#include "src/image/image.h"

namespace peel {

// A number of pixels, or a percentage of something that the user of the type names.
struct Length {
  Length() = default;
  Length(int pixels) : value(pixels) {}  // NOLINT(google-explicit-constructor)
  static Length Percent(double percent) {
    Length length;
    length.value = percent;
    length.percent = true;
    return length;
  }
  int Pixels(int whole) const;

  double value = 0;
  bool percent = false;
  bool operator==(const Length&) const = default;
};

// "20", "20px" or "5%"; from -100000 to 100000.
Result<Length> ParseLength(std::string_view text);

// Where the subject stands on a canvas: as in CSS a percentage is that share of the room that is
// left (0 % touches the left or upper border, 100 % the other one), pixels count from left and top.
struct Position {
  Length x = Length::Percent(50), y = Length::Percent(50);
  // x and y do not count: the subject's middle stays at the share of the width and height at which
  // it was in the picture, as far as all of it then fits. Only of a subject placed by itself
  // (FrameChoices::scale).
  bool original = false;
};
// "center", "top", "bottom-left", …, "original" or "X,Y" with two lengths.
Result<Position> ParsePosition(std::string_view text);

// "1000x800", or "1000" for a square; sides from 1 to 65535.
Result<Size> ParseSize(std::string_view text);

// A black shadow behind the subject. Percentages are of the longer side of the finished picture.
struct Shadow {
  Length dx = Length::Percent(0.6), dy = Length::Percent(1.2);
  Length blur = Length::Percent(1.2);  // standard deviation
  double opacity = 0.45;               // 0..1
};
// "" or "DX,DY[,BLUR[,OPACITY]]", the opacity in percent or as a number up to 1.
Result<Shadow> ParseShadow(std::string_view text);

// Where a picture of size `part` lies on a canvas: scaled as large as it fits and put at the
// position. The box may reach beyond the canvas.
Box PlaceOf(Size part, Size canvas, const Position& position);
// Where a subject lies that the box `part` of a picture of size `whole` holds: of `scale` (0 to 1)
// the largest that fits into that share of the canvas, 0 for as large as the whole picture makes
// it where it fits.
Box PlaceOf(Box part, Size whole, Size canvas, double scale, const Position& position);

// The picture (1 channel, or RGBA straight) scaled to the box and put there on a canvas of this
// size; what it does not cover is 0.
Result<ImageU8> PlaceOnCanvas(ImageView<const uint8_t> picture, Size canvas, Box place,
                              ThreadPool* pool);
Result<ImageU16> PlaceOnCanvas(ImageView<const uint16_t> picture, Size canvas, Box place,
                               ThreadPool* pool);

// The cut-out (RGBA, straight) over its own shadow, which falls on transparency and is cut off at
// the borders. In place.
Status AddShadow(ImageU8* cutout, const Shadow& shadow, ThreadPool* pool);
Status AddShadow(ImageU16* cutout, const Shadow& shadow, ThreadPool* pool);

}  // namespace peel
