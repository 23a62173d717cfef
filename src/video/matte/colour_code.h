#pragma once

#include <array>

#include "src/video/media/frame_reader.h"

namespace peel::video {

// How the samples of a film stand for colours (ITU-R BT.601, 709, 2020, 2100; H.273 has the names).
struct ColourCode {
  enum class Curve { kVideo, kPq, kHlg };

  double kr = 0.2126, kb = 0.0722;  // red's and blue's shares of luma
  bool full_range = false;
  bool wide = false;  // BT.2020's primaries
  Curve curve = Curve::kVideo;
  int depth = 8;
};

// What the film's tags say. Where they do not: limited range; and the matrix by the size, as
// players choose it (mpv, VLC, browsers): BT.709 from 1280 x 577 on, BT.601 below.
ColourCode ColourCodeOf(const FrameFormat& format);

// Samples to colours: c = sum over p of gain[c][p] * (sample[p] - zero[p]), R'G'B' from 0 to 1 for
// colours that there are.
struct ToRgbMatrix {
  std::array<std::array<float, 3>, 3> gain{};
  std::array<float, 3> zero{};
};
ToRgbMatrix ToRgbOf(const ColourCode& code);

// The samples that a colour of 8-bit R'G'B' has, not rounded, within the range.
std::array<float, 3> SamplesOf(const ColourCode& code, const std::array<uint8_t, 3>& rgb);

// The samples of black, white and no colour.
struct Levels {
  int black = 16, white = 235, neutral = 128;
};
Levels LevelsOf(const ColourCode& code);

// Colours of PQ or HLG (R'G'B' 0..1, in place) as a film without HDR has them, for networks that
// know no others: linear light, diffuse white (203 cd/m2, ITU-R BT.2408) at 0.75 of what is shown
// and all above it compressed, BT.709's primaries and sRGB's curve. A plain curve, for looking at,
// not for a result.
void ToneMap(ColourCode::Curve curve, bool wide, std::array<float, 3>& rgb);

}  // namespace peel::video
