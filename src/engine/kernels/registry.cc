#include "src/engine/kernels/registry.h"

#include "src/engine/kernels/bytes/qconv_common.h"
#include "src/engine/kernels/conv/conv_common.h"

namespace peel::engine {

std::span<const ConvKernel> ConvKernels() {
  static const ConvKernel kKernels[] = {
      kWinogradF6,  kWinogradF4,   kWinogradF2,  kDepthwise,     kDirectBlocked,
      kDirectFewIn, kDirectFewOut, kDirectPlain, kConvReference,
  };
  return kKernels;
}

std::span<const QConvKernel> QConvKernels() {
  static const QConvKernel kKernels[] = {kQConvDepthwise, kQConvFewOut, kQConvDirect};
  return kKernels;
}

}  // namespace peel::engine
