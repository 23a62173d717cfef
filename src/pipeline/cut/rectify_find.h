#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/geometry.h"
#include "src/image/image.h"
#include "src/pipeline/cut/cut_options.h"
#include "src/pipeline/cut/make_matte.h"
#include "src/pipeline/cut/stage_times.h"
#include "src/rectify/find/find_quads.h"

namespace peel {

// What is known of a picture before its quads are looked for.
struct QuadSearch {
  ImageView<const uint8_t> picture;  // upright, 8 bits, 3 or 4 channels
  bool transparent = false;          // some of it is not opaque; hidden colours have been filled
  Size input;                        // of the upright input; the picture's own
  double focal_px = 0;               // of the lens, as far as the file tells
};

// The quads that options.rectify asks for: those given by hand, else what FindQuads sees. `made` is
// the picture's matte where there is one already (for a cut-out); null: one is made from a copy of
// a megapixel. kInvalidArgument for corners by hand far outside of the picture.
Result<Findings> QuadsOf(const QuadSearch& search, const MadeMatte* made, const CutOptions& options,
                         const ModelSource& model, ThreadPool* pool, Stopwatch& watch);

// The quad as the picture is seen after a turn clockwise by so many degrees.
FoundQuad Turned(FoundQuad found, int turn);

}  // namespace peel
