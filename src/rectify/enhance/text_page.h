#pragma once

#include <cstdint>

#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/rectify/enhance/illumination.h"
#include "src/rectify/enhance/page_blocks.h"

namespace peel {

// Whether a picture of 3 or 4 channels is a page: paper that covers much of it, and beside what is
// a picture on it letters that follow each other in lines, across or upwards.
bool IsTextPage(ImageView<const uint8_t> page, const PageBlocks& blocks, const Illumination& light,
                ThreadPool* pool);

}  // namespace peel
