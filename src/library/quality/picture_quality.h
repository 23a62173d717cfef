#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/image/image.h"

namespace peel::library {

struct DominantColour {
  std::array<uint8_t, 3> rgb;
  float share = 0;  // of the pixels, 0 to 1
};

// What a picture looks like, measured at one scale whatever its size. All shares and marks are 0
// (worst) to 1 (best) unless said otherwise.
struct PictureQuality {
  float sharpness = 0;                           // 0 to 1; 0.5 is the border found by calibration
  float exposure = 0;                            // -1 (black) to 1 (white), 0 well lit
  float contrast = 0;                            // 0 to 1
  float noise = 0;                               // standard deviation of the grain in levels of 255
  float colorfulness = 0;                        // Hasler and Süsstrunk's M, 0 (grey) to about 110
  std::vector<DominantColour> dominant_colours;  // up to 5, by share
  float quality = 0;                             // all of it in one mark, 0 to 1
};

// The same of the subject alone.
struct SubjectQuality {
  float share = 0;      // of the picture's area that the matte covers
  float sharpness = 0;  // as PictureQuality's, of the subject's pixels
  float exposure = 0;
  bool cut_off = false;  // the subject runs out of the picture
  float score = 0;       // how well the picture shows its subject, 0 to 1
};

// The one mark of these measures, 0 to 1: it falls with every fault and rises with every merit, and
// ends nowhere, so that of two pictures one is better unless they measure the same. A good
// photograph has about 0.85; docs/internals/picture-quality.md has the formula.
float QualityMark(float sharpness, float exposure, float contrast, float noise);
// The factor in it, and in SubjectQuality::score, that sharpness has.
float SharpnessMark(float sharpness);

// picture: upright sRGB, 3 channels, decoded at any size from 1×1 on (best with a long side of 500
// or more). kOutOfMemory alone.
Result<PictureQuality> MeasureQuality(const ImageView<const uint8_t>& picture);

// matte: 1 channel of the picture's size or smaller in its proportions, 255 is subject.
Result<SubjectQuality> MeasureSubject(const ImageView<const uint8_t>& picture,
                                      const ImageView<const uint8_t>& matte);

}  // namespace peel::library
