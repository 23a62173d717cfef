#include "src/engine/kernels/conv.h"

#include "src/engine/kernels/conv_common.h"

namespace peel::engine {

std::span<const ConvKernel> ConvKernels() {
  static const ConvKernel kKernels[] = {
      kWinogradF6,  kWinogradF4,   kWinogradF2,  kDepthwise,     kDirectBlocked,
      kDirectFewIn, kDirectFewOut, kDirectPlain, kConvReference,
  };
  return kKernels;
}

}  // namespace peel::engine
