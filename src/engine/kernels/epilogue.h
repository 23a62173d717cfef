#pragma once

#include <cstdint>

namespace peel::engine {

enum class Activation : uint8_t {
  kNone,
  kRelu,
  kLeakyRelu /*alpha*/,
  kClip /*alpha, beta*/,
  kSigmoid,
  kTanh,
  kHardSigmoid /*alpha, beta*/,
  kHardSwish,
  kSilu,
  kGelu,
  kElu /*alpha*/,
  kSoftplus
};

// What happens to a result on its way to memory: act(x + bias + residual), or with residual_after
// act(x + bias) + residual. At most one of the two flags is set.
struct Epilogue {
  Activation activation = Activation::kNone;
  float alpha = 0, beta = 0;
  bool residual = false, residual_after = false;
};

// Activations that kernels apply as they store: x is clamped to [lo, hi], infinities where open.
struct Clamp {
  float lo, hi;
};
bool IsClamp(const Epilogue& epilogue);
// The whole line where the activation is no clamp: FinishEpilogue applies it afterwards.
Clamp ClampOf(const Epilogue& epilogue);
}  // namespace peel::engine
