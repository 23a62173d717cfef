#pragma once

#include <memory>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/matte/matte.h"
#include "src/pipeline/model/model_options.h"

namespace peel {

// A model that is ready, and what `peel` tells of it.
struct LoadedModel {
  std::unique_ptr<MattingModel> matting;
  ModelInfo info;
};

// Finds and loads what `options` ask for, ready for its first picture. Devices and precisions that
// this version lacks fall back with ModelInfo::warning, or with options.strict fail:
// kDeviceRefused, kUnsupported. Other errors are those of finding (kNotFound) and reading a model,
// and name it. Runs on `pool`, which must outlive the model; the options' threads, executor and
// jobs are not read here, they are for whoever makes the pool.
Result<LoadedModel> LoadModel(const ModelOptions& options, ThreadPool& pool);

}  // namespace peel
