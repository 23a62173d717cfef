#pragma once

#include <cstdint>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/image/image.h"

namespace peel {

// Closed-form matting (Levin, Lischinski, Weiss, "A closed-form solution to natural image matting",
// 2008): every 3x3 window's alpha is assumed to be a linear function of its colours, and what is
// known spreads from there.
struct ClosedFormOptions {
  double epsilon = 1e-7;  // regularisation of a window's colour model
  // The solver ends when the residual, in the preconditioner's norm, has shrunk by this factor.
  double tolerance = 3e-4;
  int most_iterations = 200;
  // What the unknown pixels' alpha is believed to be beforehand: 1 channel of the photo's size, or
  // empty. It joins the energy as prior_weight (alpha - prior)^2 at every unknown pixel (the data
  // term of Wang, Cohen, "Optimized color sampling for robust matting", 2007): where colours do not
  // tell, the prior decides, so that an unknown region far from all that is known does not flood.
  ImageView<const uint8_t> prior{};
  double prior_weight = 0.003;  // at least 0; the windows' weights add up to a few units a pixel
  // The alpha of known pixels, where it is not the trimap's own: 1 channel of the photo's size, or
  // empty. The trimap then only tells what is known (0 or 255).
  ImageView<const uint8_t> known{};
};

// How the solver got there.
struct ClosedFormInfo {
  int iterations = 0;
  double reduction = 0;  // of the residual
  int64_t unknowns = 0;  // pixels solved for
};

// photo: 3 or 4 channels (alpha ignored); trimap: 1 channel of the same size, 0 background, 255
// subject, anything else unknown. Result: 1 channel; where the trimap says 0 or 255 that, or what
// options.known has there. Solves for the unknown pixels alone, by conjugate gradients with a
// multigrid preconditioner; memory follows their number. The result does not depend on the pool. At
// the default tolerance 0.0003 and less off PyMatting's estimate_alpha_cf in the mean of photos
// with hand-made trimaps (0.004 where a third of the picture is unknown).
Result<ImageU8> ClosedFormMatte(ImageView<const uint8_t> photo, ImageView<const uint8_t> trimap,
                                const ClosedFormOptions& options = {}, ThreadPool* pool = nullptr,
                                ClosedFormInfo* info = nullptr);
// The same as numbers, 0..1, not rounded.
Result<ImageF32> ClosedFormAlpha(ImageView<const uint8_t> photo, ImageView<const uint8_t> trimap,
                                 const ClosedFormOptions& options = {}, ThreadPool* pool = nullptr,
                                 ClosedFormInfo* info = nullptr);

}  // namespace peel
