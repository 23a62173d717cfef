#pragma once

#include <cstdint>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/pipeline/cut/compose.h"
#include "src/pipeline/cut/cut_result.h"
#include "src/pipeline/cut/make_matte.h"

namespace peel {

// From upright pixels (3 or 4 channels) to those of what options.rectify straightens: a matte and
// the quads, one resampling from the picture, then enhanced and where it is wanted composed as a
// cut-out. One result a sheet (RectifyChoices::all; else one alone), 1, 3 or 4 channels; where
// nothing is certain enough one that has abstained, without pixels unless RectifyChoices::keep.
// `picture` may be taken apart. focal_px: of the lens in its pixels; 0: not known. Appends to the
// times.
Result<std::vector<Cut>> RectifyUpright(ImageU8& picture, const Composition& how, double focal_px,
                                        const ModelSource& model, ThreadPool* pool,
                                        StageTimes& times);
// Of 16 bits a channel; not for masks and drawings.
Result<std::vector<Cut16>> RectifyUpright(ImageU16& picture, const Composition& how,
                                          double focal_px, const ModelSource& model,
                                          ThreadPool* pool, StageTimes& times);

}  // namespace peel
