#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/pipeline/cut/compose.h"
#include "src/pipeline/cut/cut_result.h"
#include "src/pipeline/cut/make_matte.h"

namespace peel {

// From upright pixels (3 or 4 channels) to the result's: hidden colours filled, scaled, a matte
// made and all of it composed. `picture` may be taken apart. Appends to the times.
Result<Cut> CutUpright(ImageU8& picture, const Composition& how, const ModelSource& model,
                       ThreadPool* pool, StageTimes& times);
// Of 16 bits a channel; not for masks and rembg's pixels. The matte is made from a copy of 8 bits.
Result<Cut16> CutUpright(ImageU16& picture, const Composition& how, const ModelSource& model,
                         ThreadPool* pool, StageTimes& times);

}  // namespace peel
