#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/matte/matte.h"
#include "src/pipeline/cutter.h"

namespace peel {

// From a picture (3 or 4 channels) and its matte to the pixels that are written: mask or cut-out,
// cropped, over its background. opaque: alpha cannot be kept (JPEG), what is transparent becomes
// white. A matte without a subject gives an empty result. Several mattes (a cloth model's) are
// taken together. `matte` may be taken apart.
Result<Cut> Compose(ImageView<const uint8_t> picture, Matte& matte, const CutOptions& options,
                    bool opaque, ThreadPool* pool);

// The same with rembg's pixels (matte by MatteMode::kRembg); several mattes give several cut-outs
// one below the other. The background is a colour or none.
Result<Cut> ComposeLikeRembg(ImageView<const uint8_t> picture, Matte& matte,
                             const CutOptions& options, bool opaque, ThreadPool* pool);

}  // namespace peel
