#include "src/engine/kernels/conv/conv_common.h"

#include <algorithm>
#include <cstring>

#include "src/engine/kernels/map/elementwise.h"

namespace peel::engine {

namespace {

// Zeros in the channels past the last of a blocked tensor.
void ClearTail(const ConvProblem& p, const ConvArgs& args) {
  const int tail = p.out_channels % kBlock;
  const int64_t pixels = int64_t{p.out_height} * p.out_width;
  for (int n = 0; n < p.batch; ++n) {
    float* block =
        args.output + n * args.output_batch_stride + (p.out_channels / kBlock) * pixels * kBlock;
    for (int64_t i = 0; i < pixels; ++i) {
      std::fill(block + i * kBlock + tail, block + (i + 1) * kBlock, 0.0f);
    }
  }
}

}  // namespace

void FinishEpilogue(const ConvProblem& p, const ConvArgs& args, ThreadPool& pool,
                    bool residual_added) {
  const Slice output{args.output, args.output_batch_stride};
  const ConstSlice result{args.output, args.output_batch_stride};
  if (!IsClamp(p.epilogue)) {
    RunActivation(p.epilogue.activation, p.epilogue.alpha, p.epilogue.beta, p.out_layout,
                  OutputShape(p), result, output, pool);
  } else {
    const Clamp clamp = ClampOf(p.epilogue);
    const bool tail = p.out_layout == Layout::kBlocked && p.out_channels % kBlock != 0;
    if (tail && !(clamp.lo <= 0 && clamp.hi >= 0)) ClearTail(p, args);
  }
  if (p.epilogue.residual_after && !residual_added) {
    BinaryProblem sum;
    sum.layout = p.out_layout;
    sum.shape = OutputShape(p);
    RunBinary(sum, result, {args.residual, args.residual_batch_stride}, output, pool);
  }
}

int64_t WeightCount(const ConvProblem& p) {
  return int64_t{p.out_channels} * (p.in_channels / p.groups) * p.kernel_h * p.kernel_w;
}

size_t PlainPackedBytes(const ConvProblem& p) {
  return static_cast<size_t>(WeightCount(p) + p.out_channels) * sizeof(float);
}

void PackPlain(const ConvProblem& p, const float* weights, const float* bias, void* packed) {
  float* to = static_cast<float*>(packed);
  std::memcpy(to, weights, static_cast<size_t>(WeightCount(p)) * sizeof(float));
  to += WeightCount(p);
  for (int c = 0; c < p.out_channels; ++c) to[c] = bias != nullptr ? bias[c] : 0.0f;
}

std::string RejectUnlessLayouts(const ConvProblem& p, Layout in, Layout out) {
  const auto name = [](Layout l) { return l == Layout::kPlain ? "plain" : "blocked"; };
  if (p.in_layout != in) return std::string("takes a ") + name(in) + " input";
  if (p.out_layout != out) return std::string("gives a ") + name(out) + " output";
  return "";
}

std::string RejectUnlessWholeBlocks(const ConvProblem& p) {
  if (p.groups != 1 &&
      ((p.in_channels / p.groups) % kBlock != 0 || (p.out_channels / p.groups) % kBlock != 0)) {
    return "channels of a group are no multiple of 16";
  }
  return "";
}

std::string RejectUnlessBlocked(const ConvProblem& p) {
  std::string why = RejectUnlessLayouts(p, Layout::kBlocked, Layout::kBlocked);
  return why.empty() ? RejectUnlessWholeBlocks(p) : why;
}

}  // namespace peel::engine
