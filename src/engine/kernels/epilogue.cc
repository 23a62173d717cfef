#include "src/engine/kernels/epilogue.h"

#include <cmath>

namespace peel::engine {

bool IsClamp(const Epilogue& e) {
  return e.activation == Activation::kNone || e.activation == Activation::kRelu ||
         e.activation == Activation::kClip;
}

Clamp ClampOf(const Epilogue& e) {
  switch (e.activation) {
    case Activation::kRelu:
      return {0.0f, HUGE_VALF};
    case Activation::kClip:
      return {e.alpha, e.beta};
    default:
      return {-HUGE_VALF, HUGE_VALF};
  }
}

}  // namespace peel::engine
