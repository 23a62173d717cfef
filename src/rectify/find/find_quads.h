#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/rectify/quad.h"

namespace peel {

struct FindOptions {
  QuadKind kind = QuadKind::kAuto;
  bool all = false;     // every sheet, in reading order; else the best one alone
  double focal_px = 0;  // the lens's focal length in pixels of the picture; 0: not known
};

struct FoundQuad {
  Quad quad;
  QuadKind kind = QuadKind::kDocument;  // never kAuto
  double ratio = 0;                     // width / height of the flat rectangle itself
  double focal_px = 0;    // that the ratio was computed with; 0: none was needed or known
  double confidence = 0;  // 0 to 1: how probable it is that the quad is right
};

struct Findings {
  std::vector<FoundQuad> quads;  // empty: none is certain enough
  std::string reason;            // then why, for the user
  double confidence = 0;         // of the best candidate, found or not
};

// The quads in an upright picture (3 or 4 channels), from its gradients and from a matte (1 channel
// of the same shape, in any size; empty: there is none). Works on a copy of at most a megapixel
// and refines corners and sides on the picture itself. kInvalidArgument for shapes that do not fit.
Result<Findings> FindQuads(ImageView<const uint8_t> picture, ImageView<const uint8_t> matte,
                           const FindOptions& options, ThreadPool* pool);

}  // namespace peel
