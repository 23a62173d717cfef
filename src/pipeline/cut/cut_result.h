#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/image/geometry.h"
#include "src/image/image.h"
#include "src/pipeline/cut/rectify_result.h"
#include "src/pipeline/cut/stage_times.h"

namespace peel {

// What is known about a cut-out (or mask).
struct CutInfo {
  int x = 0, y = 0;                       // its top left corner in the upright (and scaled) input
  int input_width = 0, input_height = 0;  // of the upright input as stored, before max_size
  // Of the result as it would be without max_size and output_pixels. Where it is cropped a guess
  // from the scaled one, as near as that one's pixels are large.
  int full_width = 0, full_height = 0;
  Box subject;  // the subject's box in the result, without its shadow; empty: there is none
  bool has_subject = false;
  double subject_score = 0;  // how sure the model is that there is a subject, 0 to 1
  double coverage = 0;       // the share of the picture that is subject, 0 to 1
  int frames = 1;            // of what was written
  std::string warning;       // for the user; empty when there is nothing to say
  StageTimes times;
  // Of a picture that was to be straightened. x, y and subject are then of the straightened one.
  std::optional<RectifyResult> rectify;
};

// With its pixels (none where rectify abstained and nothing was to be kept): 4 channels, 3 over an
// opaque background, 1 for a mask.
template <typename T>
struct CutOf : CutInfo {
  Image<T> pixels;
  // With keep_matte: 1 channel of the whole picture (upright and scaled), not cropped or placed,
  // with the picture's own transparency left out. As MatteChoices::given it stands for the model.
  ImageU8 matte;
};
using Cut = CutOf<uint8_t>;
using Cut16 = CutOf<uint16_t>;

// The same as an encoded file, or what a page of a PDF is made of (EncodeChoices::pdf_page).
struct EncodedCut {
  enum class Coding { kFile, kGroup4 };

  std::vector<uint8_t> bytes;
  Coding coding = Coding::kFile;
  std::vector<uint8_t> icc;  // for a page of a PDF, whose readers heed no profile in a JPEG
  CutInfo info;
  int width = 0, height = 0, channels = 0;
  int bits = 8;   // of a sample that was encoded
  ImageU8 matte;  // as CutOf's; of an animation none
};

}  // namespace peel
