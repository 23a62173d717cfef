#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "src/engine/kernels/bytes/qconv.h"
#include "src/engine/kernels/conv/conv_bands.h"
#include "src/engine/kernels/gemm/qgemm.h"

namespace peel::engine {

// What the integer convolutions share.

// A CopyBand source: bytes of either layout into pixels as the micro-kernel expects them.
class ByteSource {
 public:
  ByteSource(const QConvProblem& problem, const QConvArgs& args, const QGemm& gemm)
      : p_(problem), args_(args), wide_(gemm.group == 2) {}
  void Pad(uint8_t* to, int64_t pixels) const;
  void Copy(int image, int64_t block, int64_t y, int64_t x, int64_t step, uint8_t* to,
            int64_t pixels) const;

 private:
  const QConvProblem& p_;
  const QConvArgs& args_;
  bool wide_;
};

// Rejections that all integer convolutions share; empty where the problem passes.
std::string RejectQConv(const QConvProblem& problem);

// Channels of one segment of K that are read: fewer than 16 where the whole input has fewer.
inline int SegmentGroups(const ConvProblem& p, const QGemm& gemm) {
  const int channels = std::min(p.in_channels / p.groups, kBlock);
  return (channels + gemm.group - 1) / gemm.group;
}

// Estimated milliseconds: multiply-adds at the micro-kernel's speed, and bytes moved.
double EstimateQConvMs(double multiply_adds, double bytes, int threads);

extern const QConvKernel kQConvDirect, kQConvFewOut, kQConvDepthwise;

}  // namespace peel::engine
