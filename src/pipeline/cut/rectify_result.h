#pragma once

#include <string>

#include "src/rectify/homography.h"
#include "src/rectify/quad.h"

namespace peel {

// What became of the quad of a picture that was to be straightened.
struct RectifyResult {
  // kAbstained: none was certain enough; `reason` says why, and of the rest `confidence` alone, of
  // the best candidate, counts.
  enum class Status { kOk, kAbstained };

  Status status = Status::kAbstained;
  std::string reason;  // a sentence's end; empty for kOk
  QuadKind kind = QuadKind::kDocument;
  Quad quad;              // in the upright input, from the result's top left clockwise
  double ratio = 0;       // width / height of the flat rectangle itself, as `quad` has it
  double focal_px = 0;    // that the ratio was computed with; 0: none was needed or known
  Homography homography;  // from the upright input to the straightened result
  double confidence = 0;  // 0 to 1: how probable it is that the quad is right; 1 where given
  int turn = 0;           // degrees clockwise that text or the caller wanted; part of all the above
  // Dots per inch of the result across and down, where the paper's size is known; else 0.
  double dpi_x = 0, dpi_y = 0;
  int sheet = 1, sheets = 1;  // which of how many in the picture, in reading order
  // The picture could not be straightened and the file is the input, byte for byte.
  bool is_input = false;

  bool ok() const { return status == Status::kOk; }
};

// "document", "product", "screen"; "auto".
const char* KindName(QuadKind kind);

}  // namespace peel
