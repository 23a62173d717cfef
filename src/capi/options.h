#pragma once

#include <peel/peel.h>

#include <cstdint>
#include <memory>

#include "src/base/status.h"
#include "src/capi/handles.h"
#include "src/pipeline/cut/cut_options.h"
#include "src/pipeline/model/model_options.h"
#include "src/video/video_options.h"

namespace peel {

peel_cut_options DefaultCutOptions();

// Null means the defaults. Errors: kInvalidArgument for what makes no sense by itself, those of
// reading a background picture or a trimap. What the options' members are to each other is
// CheckOptions' (pipeline/cut/cut_options.h).
Result<CutOptions> ToCutOptions(const peel_cut_options* given);

peel_rectify_options DefaultRectifyOptions();

// Null means the defaults. Errors: kInvalidArgument.
Result<RectifyChoices> ToRectifyChoices(const peel_rectify_options* given);

peel_video_options DefaultVideoOptions();

// Null means the defaults. Errors: kInvalidArgument, those of reading a background picture.
Result<video::VideoOptions> ToVideoOptions(const peel_video_options* given);

struct EngineChoices {
  ModelOptions model{};
  uint64_t memory_limit = 0;                 // 0: none
  std::unique_ptr<HostExecutor> executor{};  // the model's, for the engine to keep; null: none
};
Result<EngineChoices> ToEngineChoices(const peel_engine_options* given);

}  // namespace peel
