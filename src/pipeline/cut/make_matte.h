#pragma once

#include <cstdint>
#include <functional>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/geometry.h"
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

// The matte of an upright picture of 8 bits: by a model, by a trimap, a given one, or for a picture
// that is cut out already none at all; corrected by hints. transparent: some of it is not opaque;
// then hidden colours have been filled (image/fill_hidden.h). input: the size of the upright input,
// of which the picture is a scaled version.
Result<MadeMatte> MakeMatte(ImageView<const uint8_t> picture, bool transparent, Size input,
                            const CutOptions& options, const ModelSource& model, ThreadPool* pool,
                            Stopwatch& watch);

// Whether a trimap or hints ("the trimap has") belong to a picture that may have been decoded
// smaller than it is.
Status CheckPlane(int width, int height, const ImageU8& drawn, const char* what);

// The matte, which is made one, with options.hints in it; options.keep_largest and fill_holes come
// before them. kInvalidArgument for hints of another aspect than the picture's.
Status FollowHints(ImageView<const uint8_t> picture, const MatteChoices& options, ThreadPool* pool,
                   Matte* matte);

}  // namespace peel
