#include "src/engine/kernels/bytes/bytes.h"

#include <algorithm>
#include <cstring>

namespace peel::engine {
namespace {

constexpr int64_t kTaskBytes = 32 << 10;

// body(image, first, last) over pieces of `count` of each image.
template <typename Body>
void ForEachPiece(int64_t batch, int64_t count, int64_t piece, ThreadPool& pool, const Body& body) {
  const int64_t pieces = DivideUp(count, piece);
  pool.ParallelFor(batch * pieces, [&](int64_t item, int) {
    const int64_t first = item % pieces * piece;
    body(item / pieces, first, std::min(first + piece, count));
  });
}

// count channels of a blocked image, from channel `from` on, into another's from channel `to` on.
void CopyChannels(const uint8_t* in, int64_t from, uint8_t* out, int64_t to, int64_t count,
                  int64_t pixels, int64_t first, int64_t last) {
  while (count > 0) {
    const int64_t run = std::min({count, kBlock - from % kBlock, kBlock - to % kBlock});
    const uint8_t* source = in + from / kBlock * pixels * kBlock + from % kBlock;
    uint8_t* target = out + to / kBlock * pixels * kBlock + to % kBlock;
    for (int64_t p = first; p < last; ++p) {
      std::memcpy(target + p * kBlock, source + p * kBlock, static_cast<size_t>(run));
    }
    from += run;
    to += run;
    count -= run;
  }
}

// The largest of the windows' taps inside the image, `step` bytes at a time.
template <int kStep>
void PoolRow(const PoolProblem& p, const uint8_t* plane, int oy, uint8_t* out) {
  const int64_t height = p.in.height, width = p.in.width;
  for (int ox = 0; ox < p.out_width; ++ox) {
    uint8_t best[kStep] = {};
    for (int ky = 0; ky < p.kernel_h; ++ky) {
      const int64_t y = int64_t{oy} * p.stride_h - p.pad_top + int64_t{ky} * p.dilation_h;
      if (y < 0 || y >= height) continue;
      for (int kx = 0; kx < p.kernel_w; ++kx) {
        const int64_t x = int64_t{ox} * p.stride_w - p.pad_left + int64_t{kx} * p.dilation_w;
        if (x < 0 || x >= width) continue;
        const uint8_t* in = plane + (y * width + x) * kStep;
        for (int i = 0; i < kStep; ++i) best[i] = std::max(best[i], in[i]);
      }
    }
    std::memcpy(out + int64_t{ox} * kStep, best, kStep);
  }
}

// The commonest window, blocked, without a test inside.
void Halve(const uint8_t* row0, const uint8_t* row1, int64_t count, uint8_t* out) {
  for (int64_t x = 0; x < count * kBlock; x += kBlock) {
    for (int64_t i = 0; i < kBlock; ++i) {
      const uint8_t a = std::max(row0[2 * x + i], row0[2 * x + kBlock + i]);
      const uint8_t b = std::max(row1[2 * x + i], row1[2 * x + kBlock + i]);
      out[x + i] = std::max(a, b);
    }
  }
}

}  // namespace

void RunByteReorder(const Shape4& s, Layout from, ConstBytes x, Bytes y, ThreadPool& pool) {
  const int64_t blocks = ChannelBlocks(s.channels), pixels = s.pixels();
  ForEachPiece(s.batch * blocks, pixels, kTaskBytes / kBlock, pool,
               [&](int64_t item, int64_t first, int64_t last) {
                 const int64_t n = item / blocks, block = item % blocks;
                 const int64_t channels = std::min(s.channels - block * kBlock, int64_t{kBlock});
                 const uint8_t* in = x.data + n * x.batch_stride + block * kBlock * pixels;
                 uint8_t* out = y.data + n * y.batch_stride + block * kBlock * pixels;
                 if (from == Layout::kPlain && channels < kBlock) {
                   // Nobody reads them, but what was never written would be undefined.
                   std::memset(out + first * kBlock, 0, static_cast<size_t>(last - first) * kBlock);
                 }
                 for (int64_t c = 0; c < channels; ++c) {
                   if (from == Layout::kPlain) {
                     for (int64_t i = first; i < last; ++i) {
                       out[i * kBlock + c] = in[c * pixels + i];
                     }
                   } else {
                     for (int64_t i = first; i < last; ++i) {
                       out[c * pixels + i] = in[i * kBlock + c];
                     }
                   }
                 }
               });
}

void RunByteConcat(const Shape4& s, std::span<const ByteConcatPart> parts, Bytes output,
                   ThreadPool& pool) {
  // Threads divide the pixels, not the parts, so that none writes into a block another writes.
  ForEachPiece(s.batch, s.pixels(), 1024, pool, [&](int64_t n, int64_t first, int64_t last) {
    uint8_t* out = output.data + n * output.batch_stride;
    const int64_t tail = s.channels % kBlock;
    if (tail != 0) {
      uint8_t* block = out + s.channels / kBlock * s.pixels() * kBlock;
      std::memset(block + first * kBlock, 0, static_cast<size_t>(last - first) * kBlock);
    }
    int64_t at = 0;
    for (const ByteConcatPart& part : parts) {
      CopyChannels(part.data.data + n * part.data.batch_stride, 0, out, at, part.channels,
                   s.pixels(), first, last);
      at += part.channels;
    }
  });
}

void RunBytePool(const PoolProblem& p, ConstBytes input, Bytes output, ThreadPool& pool) {
  const bool blocked = p.layout == Layout::kBlocked;
  const bool halving =
      blocked && p.kernel_h == 2 && p.kernel_w == 2 && p.stride_h == 2 && p.stride_w == 2 &&
      p.dilation_h == 1 && p.dilation_w == 1 && p.pad_top == 0 && p.pad_left == 0 &&
      int64_t{2} * p.out_height <= p.in.height && int64_t{2} * p.out_width <= p.in.width;
  const int64_t planes = blocked ? ChannelBlocks(p.in.channels) : p.in.channels;
  const int64_t step = blocked ? kBlock : 1;
  const int64_t out_row = p.out_width * step;
  const int64_t rows = std::clamp<int64_t>(kTaskBytes / 4 / out_row, 1, p.out_height);
  ForEachPiece(
      p.in.batch * planes, p.out_height, rows, pool,
      [&](int64_t item, int64_t first, int64_t last) {
        const int64_t n = item / planes, plane = item % planes;
        const uint8_t* in = input.data + n * input.batch_stride + plane * p.in.pixels() * step;
        uint8_t* out = output.data + n * output.batch_stride + plane * p.out_height * out_row;
        for (int64_t y = first; y < last; ++y) {
          if (halving) {
            const uint8_t* row = in + 2 * y * p.in.width * kBlock;
            Halve(row, row + p.in.width * kBlock, p.out_width, out + y * out_row);
          } else if (blocked) {
            PoolRow<kBlock>(p, in, static_cast<int>(y), out + y * out_row);
          } else {
            PoolRow<1>(p, in, static_cast<int>(y), out + y * out_row);
          }
        }
      });
}

}  // namespace peel::engine
