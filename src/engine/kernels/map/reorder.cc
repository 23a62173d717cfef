#include "src/engine/kernels/map/reorder.h"
#include "src/engine/kernels/layout.h"

#include <algorithm>

namespace peel::engine {
namespace {

// Pixels a task moves, and pixels that pass through one 16×16 square of the first-level cache.
constexpr int64_t kTaskPixels = 2048;
constexpr int64_t kSquare = 16;

// body(image, block, first pixel, pixels) over all blocks of channels, in pieces.
template <typename Body>
void ForEachPiece(const Shape4& s, ThreadPool& pool, const Body& body) {
  const int64_t blocks = ChannelBlocks(s.channels);
  const int64_t pieces = DivideUp(s.pixels(), kTaskPixels);
  pool.ParallelFor(s.batch * blocks * pieces, [&](int64_t item, int) {
    const int64_t first = item % pieces * kTaskPixels;
    item /= pieces;
    body(item / blocks, item % blocks, first, std::min(kTaskPixels, s.pixels() - first));
  });
}

}  // namespace

void ToBlocked(const Shape4& s, ConstSlice input, Slice output, ThreadPool& pool) {
  ForEachPiece(s, pool, [&](int64_t n, int64_t block, int64_t first, int64_t count) {
    const int64_t channels = std::min<int64_t>(s.channels - block * kBlock, kBlock);
    const float* in = input.data + n * input.batch_stride + block * kBlock * s.pixels() + first;
    float* out = output.data + n * output.batch_stride + (block * s.pixels() + first) * kBlock;
    for (int64_t p = 0; p < count; p += kSquare) {
      const int64_t pixels = std::min(kSquare, count - p);
      float square[kSquare * kBlock] = {};
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t i = 0; i < pixels; ++i) square[i * kBlock + c] = in[c * s.pixels() + p + i];
      }
      std::copy(square, square + pixels * kBlock, out + p * kBlock);
    }
  });
}

void ToPlain(const Shape4& s, ConstSlice input, Slice output, ThreadPool& pool) {
  ForEachPiece(s, pool, [&](int64_t n, int64_t block, int64_t first, int64_t count) {
    const int64_t channels = std::min<int64_t>(s.channels - block * kBlock, kBlock);
    const float* in = input.data + n * input.batch_stride + (block * s.pixels() + first) * kBlock;
    float* out = output.data + n * output.batch_stride + block * kBlock * s.pixels() + first;
    for (int64_t p = 0; p < count; p += kSquare) {
      const int64_t pixels = std::min(kSquare, count - p);
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t i = 0; i < pixels; ++i) out[c * s.pixels() + p + i] = in[(p + i) * kBlock + c];
      }
    }
  });
}

}  // namespace peel::engine
