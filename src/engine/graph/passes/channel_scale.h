#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/rewriter.h"

namespace peel::engine::passes {

// Output channels of a Conv, ConvTranspose or Gemm (without alpha and beta) whose weights are
// constant floats, as is its bias where it has one; nullopt for anything else.
std::optional<int64_t> FoldableChannels(const Rewriter& rewriter, const Node& node);

// Makes the node compute scale[c] * result + shift[c] by changing copies of weights and bias. The
// node must be foldable; scale and shift have one entry an output channel.
Status ScaleChannels(Rewriter& rewriter, NodeId n, const std::vector<double>& scale,
                     const std::vector<double>& shift);

// Removes node n, which alone reads what `source` computes and only scales and shifts it, and makes
// `source` compute n's result instead.
Status AbsorbIntoChannels(Rewriter& rewriter, NodeId n, NodeId source,
                          const std::vector<double>& scale, const std::vector<double>& shift);

}  // namespace peel::engine::passes
