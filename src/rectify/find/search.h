#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/rectify/find/find_quads.h"
#include "src/rectify/find/kinds.h"
#include "src/rectify/find/scoring.h"

namespace peel::quads {

// A candidate with the judgement on it.
struct JudgedQuad {
  Quad quad;  // in the plane of the working copy
  Evidence evidence;
  Surface
      surface;  // of the likeliest alone: of those that are certain enough, or of a kind asked for
  double log_odds = 0;
};

struct Search {
  int factor = 1;                  // from the working copy to the picture
  std::vector<JudgedQuad> judged;  // the likeliest first
};

// All that might be a quad in a picture (3 or 4 channels), judged; the matte may be empty.
Result<Search> SearchQuads(ImageView<const uint8_t> picture, ImageView<const uint8_t> matte,
                           const FindOptions& options, ThreadPool* pool);

}  // namespace peel::quads
