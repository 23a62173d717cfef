#pragma once

#include <cstdint>
#include <string_view>

#include "src/base/status.h"
#include "src/image/geometry.h"
#include "src/rectify/aspect.h"
#include "src/rectify/quad.h"

namespace peel {

// `--ratio`: the proportions of the result.
struct RatioChoice {
  enum class Kind {
    kAuto,   // what was estimated, or a known ratio where that is certainly meant
    kFree,   // what was estimated
    kGiven,  // width : height as told
    kPaper,  // as told, whichever way round is closer to what was estimated
  };
  Kind kind = Kind::kAuto;
  double ratio = 0;                   // kGiven: width / height
  const KnownRatio* paper = nullptr;  // kPaper
};

// "auto", "free", "a4", "letter", "id1" or "W:H" (two positive numbers, at most 100 to 1).
// kInvalidArgument quotes the text and says what is understood.
Result<RatioChoice> ParseRatio(std::string_view text);

struct SizeRequest {
  RatioChoice ratio{};
  // Relative standard error of the ratio that was estimated (Aspect::spread); 0: unknown, and then
  // kAuto takes no known ratio for certain.
  double spread = 0;
  Size size{};  // `--size`, to the pixel; a side of 0: from the other and the ratio; both: planned
  double dpi = 0;  // `--dpi`, dots per inch; 0: planned
  // The most that the result may have. A planned size is reduced to fit, one asked for is refused.
  uint64_t max_pixels = 250'000'000;
  int max_side = 1 << 20;
};

struct PlannedSize {
  Size size{};
  double ratio = 1;  // width / height that was settled on; size is it but for rounding
  const KnownRatio* known = nullptr;  // the known ratio that is, if any
  // How far `ratio` is from what was estimated, relative: above 0.03 it was told against the
  // evidence, which is worth a warning.
  double distortion = 0;
  // Dots per inch across and down; 0: the paper's size is not known and --dpi was not given.
  double dpi_x = 0, dpi_y = 0;
};

// The size of the straightened picture of a quad whose rectangle has the proportions `ratio`
// (width / height, estimated). Unless told otherwise the longer of the two sides across and of the
// two down each keep their number of pixels at least, so that what was resolved best stays
// resolved, and the ratio is kept by adding pixels to the direction that the view foreshortens.
//
// A known ratio is certain for kAuto where the estimate is within 3 % and two standard errors of it
// and of no other one. --dpi without --size needs the paper's size: kPaper, or certain paper.
// kInvalidArgument for what CheckQuad refuses, a ratio or resolution that is none, --dpi without
// the paper's size; kLimit, with the figures, for more pixels asked for than allowed.
Result<PlannedSize> PlanSize(const Quad& quad, double ratio, const SizeRequest& request);

}  // namespace peel
