#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/composite.h"
#include "src/image/image.h"
#include "src/matte/matting/trimap.h"

namespace peel {

// Steps of rembg's remove() that it leaves out unless asked for.
struct RembgSteps {
  bool post_process_mask = false;
  bool putalpha = false;
  bool decontaminate = false;
};

// rembg's remove(), after the network, pixel for pixel and with its defects. Masks come from
// MattingModel with MatteMode::kRembg.
struct RembgOptions {
  bool only_mask = false;
  RembgSteps steps{};
  // Closed-form matting around the mask's edges, by these thresholds; where it cannot be (no
  // certain subject …) what putalpha makes, else what decontaminate does.
  std::optional<TrimapOptions> alpha_matting{};
  std::optional<Rgba> bgcolor{};
};

// Grey opening with a 3x3 cross, Gaussian sigma 2 cut at 4 sigma, both with reflected borders in
// SciPy's arithmetic on 8-bit samples; then 0 below 127 and 255 from there on.
Result<ImageU8> PostProcessMask(ImageView<const uint8_t> mask, ThreadPool* pool = nullptr);

// One result: RGBA, or with only_mask one channel. Several masks (cloth models) give several
// results one below the other. photo: 1 to 4 channels; masks: 1 channel of the photo's size.
// Without any mask the result is the photo as RGBA, as in rembg.
Result<ImageU8> RembgCutout(ImageView<const uint8_t> photo, const std::vector<ImageU8>& masks,
                            const RembgOptions& options = {}, ThreadPool* pool = nullptr);

}  // namespace peel
