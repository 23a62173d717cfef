#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "src/engine/graph/rewriter.h"

// Small questions that several rewrites ask.
namespace peel::engine::passes {

// A constant of one element that can be broadcast to anything without adding axes.
std::optional<float> ScalarConstant(const Rewriter& rewriter, ValueId v);
// Whether the value is that scalar, to a relative error of 1e-3 (exporters write constants like
// sqrt(2) with few digits, or in half precision).
bool IsScalar(const Rewriter& rewriter, ValueId v, double wanted);
// The operand of a commutative node beside one that is the given scalar; kNone where none is.
ValueId OperandBesideScalar(const Rewriter& rewriter, const Node& node, double scalar);
// The operand of a two-operand node that is not v; kNone where neither or both are.
ValueId OtherOperand(const Node& node, ValueId v);
// Lower and upper bound of a Clip of any opset where they are constant; infinite where left out.
std::optional<std::pair<float, float>> ClipBounds(const Rewriter& rewriter, const Node& node);
// A constant operand of integers or the attribute of earlier opsets; nullopt where neither is
// known.
std::optional<std::vector<int64_t>> IntsOf(const Rewriter& rewriter, const Node& node, size_t input,
                                           std::string_view attribute);

}  // namespace peel::engine::passes
