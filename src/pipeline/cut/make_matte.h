#pragma once

#include <cstdint>
#include <functional>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"
#include "src/matte/matte.h"
#include "src/pipeline/cut/cut_options.h"
#include "src/pipeline/cut/stage_times.h"

namespace peel {

// Waits for a model that is being loaded; the status is that of loading it.
using ModelSource = std::function<Result<const MattingModel*>()>;

struct MadeMatte {
  Matte matte;
  bool was_cut_out = false;  // all of a picture whose own transparency is kept
};

// The matte of an upright picture of 8 bits: by a model, by a trimap, or for a picture that is cut
// out already none at all. transparent: some of it is not opaque; then hidden colours have been
// filled (image/fill_hidden.h).
Result<MadeMatte> MakeMatte(ImageView<const uint8_t> picture, bool transparent,
                            const CutOptions& options, const ModelSource& model, ThreadPool* pool,
                            Stopwatch& watch);

// Whether a trimap belongs to a picture that may have been decoded smaller than it is.
Status CheckTrimap(int width, int height, const ImageU8& trimap);

}  // namespace peel
