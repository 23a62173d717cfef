#include "src/engine/kernels/map/concat.h"

#include <algorithm>

namespace peel::engine {
namespace {

constexpr int64_t kTaskPixels = 1024;

// count channels of a blocked image, from channel `from` on, into another's from channel `to` on.
// Only those floats are written: neighbours in a shared block belong to other parts.
void CopyChannels(const float* in, int64_t from, float* out, int64_t to, int64_t count,
                  int64_t pixels, int64_t first, int64_t last) {
  while (count > 0) {
    const int64_t run = std::min({count, kBlock - from % kBlock, kBlock - to % kBlock});
    const float* source = in + from / kBlock * pixels * kBlock + from % kBlock;
    float* target = out + to / kBlock * pixels * kBlock + to % kBlock;
    for (int64_t p = first; p < last; ++p) {
      for (int64_t c = 0; c < run; ++c) target[p * kBlock + c] = source[p * kBlock + c];
    }
    from += run;
    to += run;
    count -= run;
  }
}

void ZeroTail(float* out, int64_t channels, int64_t pixels, int64_t first, int64_t last) {
  const int64_t tail = channels % kBlock;
  if (tail == 0) return;
  float* block = out + channels / kBlock * pixels * kBlock;
  for (int64_t p = first; p < last; ++p) {
    std::fill(block + p * kBlock + tail, block + (p + 1) * kBlock, 0.0f);
  }
}

// body(image, first pixel, last pixel) over pieces of all images. Threads divide the pixels, not
// the parts, so that none writes into a block another writes.
template <typename Body>
void ForEachPiece(const Shape4& s, ThreadPool& pool, const Body& body) {
  const int64_t pieces = DivideUp(s.pixels(), kTaskPixels);
  pool.ParallelFor(s.batch * pieces, [&](int64_t item, int) {
    const int64_t first = item % pieces * kTaskPixels;
    body(item / pieces, first, std::min(first + kTaskPixels, s.pixels()));
  });
}

}  // namespace

void RunConcat(Layout layout, const Shape4& s, std::span<const ConcatPart> parts, Slice output,
               ThreadPool& pool) {
  ForEachPiece(s, pool, [&](int64_t n, int64_t first, int64_t last) {
    float* out = output.data + n * output.batch_stride;
    int64_t at = 0;
    for (const ConcatPart& part : parts) {
      const float* in = part.data.data + n * part.data.batch_stride;
      if (layout == Layout::kBlocked) {
        CopyChannels(in, 0, out, at, part.channels, s.pixels(), first, last);
      } else {
        for (int64_t c = 0; c < part.channels; ++c) {
          std::copy(in + c * s.pixels() + first, in + c * s.pixels() + last,
                    out + (at + c) * s.pixels() + first);
        }
      }
      at += part.channels;
    }
    if (layout == Layout::kBlocked) ZeroTail(out, s.channels, s.pixels(), first, last);
  });
}

void RunSliceChannels(Layout layout, const Shape4& s, int64_t first_channel, ConstSlice input,
                      Slice output, ThreadPool& pool) {
  ForEachPiece(s, pool, [&](int64_t n, int64_t first, int64_t last) {
    const float* in = input.data + n * input.batch_stride;
    float* out = output.data + n * output.batch_stride;
    if (layout == Layout::kBlocked) {
      CopyChannels(in, first_channel, out, 0, s.channels, s.pixels(), first, last);
      ZeroTail(out, s.channels, s.pixels(), first, last);
    } else {
      for (int64_t c = 0; c < s.channels; ++c) {
        std::copy(in + (first_channel + c) * s.pixels() + first,
                  in + (first_channel + c) * s.pixels() + last, out + c * s.pixels() + first);
      }
    }
  });
}

}  // namespace peel::engine
