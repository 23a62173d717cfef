#pragma once

#include "src/engine/kernels/shape4.h"
#include "src/engine/plan/variants.h"

namespace peel::engine {

// Bridges between operands of a plan and what kernels take.

inline Shape4 ImageShape(const Shape& shape) { return {shape[0], shape[1], shape[2], shape[3]}; }
inline ConstSlice Read(const Operand& operand, const RunEnv& env) {
  return {operand.At<float>(env), operand.batch_stride};
}
inline Slice Write(const Operand& operand, const RunEnv& env) {
  return {operand.At<float>(env), operand.batch_stride};
}
inline double Elements(const Shape& shape) {
  double n = 1;
  for (const int64_t extent : shape) n *= static_cast<double>(extent);
  return n;
}

// Floats that a kernel walks over: a blocked image has its last block filled up.
inline double Floats(const Shape& shape, Layout layout) {
  const double n = Elements(shape);
  if (layout == Layout::kPlain || n == 0) return n;
  const auto channels = static_cast<double>(shape[1]);
  return n / channels * static_cast<double>(RoundUp(shape[1], kBlock));
}

// A step that needs no scratch and no weights.
inline Emitted Simple(RunFunction run) {
  Emitted step;
  step.run = std::move(run);
  return step;
}

// A variant whose inputs are all in one layout and whose output is in it too.
inline Variant SameLayout(const NodeView& view, const char* kernel, Layout layout, double cost) {
  Variant variant;
  variant.kernel = kernel;
  variant.in.assign(view.node().inputs.size(), layout);
  variant.out = layout;
  variant.cost = cost;
  return variant;
}

// Padding of one spatial axis before and after, from pads or auto_pad; false where it is negative.
// first is the index of the axis among the spatial ones.
struct AxisPads {
  int64_t before = 0, after = 0;
};
bool ReadPads(const Node& node, int first, int64_t in, int64_t out, int64_t kernel, int64_t stride,
              int64_t dilation, AxisPads* pads);

}  // namespace peel::engine
