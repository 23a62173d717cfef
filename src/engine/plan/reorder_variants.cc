#include <algorithm>

#include "src/engine/plan/layout.h"
#include "src/engine/plan/variants.h"

namespace peel::engine {

Variant ReorderVariant(const Value& value, Layout from, Layout to) {
  Variant variant;
  variant.kernel = to == Layout::kBlocked ? "plain_to_blocked" : "blocked_to_plain";
  variant.in = {from};
  variant.out = to;
  variant.strided = true;
  variant.cost = ReorderCost(value);
  variant.emit = [](EmitArgs& args) -> Result<Emitted> {
    const Operand in = args.in[0], out = args.out[0];
    const int64_t channels = in.shape[1], pixels = in.shape[2] * in.shape[3];
    const int64_t blocks = (channels + kBlock - 1) / kBlock;
    Emitted step;
    step.run = [in, out, channels, pixels, blocks](const RunEnv& env) {
      env.pool->ParallelFor(in.shape[0] * blocks, [&](int64_t index, int) {
        const int64_t n = index / blocks, block = index % blocks;
        const float* source = in.At<float>(env) + n * in.batch_stride + block * kBlock * pixels;
        float* target = out.At<float>(env) + n * out.batch_stride + block * kBlock * pixels;
        const int64_t here = std::min<int64_t>(kBlock, channels - block * kBlock);
        for (int64_t p = 0; p < pixels; ++p) {
          for (int64_t c = 0; c < kBlock; ++c) {
            if (out.layout == Layout::kPlain) {
              if (c < here) target[c * pixels + p] = source[p * kBlock + c];
            } else {
              target[p * kBlock + c] = c < here ? source[c * pixels + p] : 0.0f;
            }
          }
        }
      });
      return OkStatus();
    };
    return step;
  };
  return variant;
}

}  // namespace peel::engine
