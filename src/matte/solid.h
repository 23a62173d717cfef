#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// Makes a matte (1 channel, in place) hard at one half, but for its outlines: away from them, what
// is at least half opaque becomes opaque and the rest empty, so that glass or a veil does not shine
// through. Within a few pixels of an outline (a five hundredth of the longer side, at least 2)
// alpha keeps its run from the least to the most around it, stretched to all of the range: an
// outline that is soft over no more pixels than that stays as it is.
Status MakeSolid(ImageView<uint8_t> matte, ThreadPool* pool = nullptr);

}  // namespace peel
