#include "src/engine/kernels/qconv.h"

#include "src/engine/kernels/qconv_common.h"

namespace peel::engine {

std::span<const QConvKernel> QConvKernels() {
  static const QConvKernel kKernels[] = {kQConvDepthwise, kQConvFewOut, kQConvDirect};
  return kKernels;
}

}  // namespace peel::engine
