#pragma once

#include "src/engine/graph/graph.h"

namespace peel::engine::passes {

// The convolution as peel.Conv (inputs X, W, [B], [Residual]); as it is where it is one already.
inline Node AsPeelConv(Node conv) {
  if (conv.domain == "peel") return conv;
  conv.domain = "peel";
  conv.opset = 1;
  return conv;
}

// Whether an activation can still be put onto the convolution.
inline bool IsPlainConv(const Node& node) {
  if (node.Is("Conv")) return true;
  return node.Is("Conv", "peel") && node.String("activation", "none") == "none";
}

}  // namespace peel::engine::passes
