#include "src/image/blur.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "src/image/rows.h"

namespace peel {
namespace {

// A box of real radius: 2 * whole + 1 full samples and one to either side with weight `part`.
// Weights are 24-bit fixed point and add up to 1 within one unit of the result.
struct BoxWeights {
  int whole;
  uint32_t full;
  uint32_t part;
};

constexpr int kBits = 24;

BoxWeights MakeBox(double radius) {
  const int whole = static_cast<int>(radius);
  const double fraction = radius - whole;
  const double total = 2 * radius + 1;
  const double one = 1 << kBits;
  return {whole, static_cast<uint32_t>(one / total), static_cast<uint32_t>(one * fraction / total)};
}

uint8_t Weigh(uint32_t inner, uint32_t outer, const BoxWeights& box) {
  const uint64_t sum = uint64_t{inner} * box.full + uint64_t{outer} * box.part;
  return static_cast<uint8_t>(std::min<uint64_t>((sum + (1u << (kBits - 1))) >> kBits, 255));
}

void BlurRow(const uint8_t* in, int width, int channels, const BoxWeights& box, uint8_t* out) {
  const int r = box.whole;
  for (int c = 0; c < channels; ++c) {
    const auto at = [&](int x) -> uint32_t {
      return in[ptrdiff_t{std::clamp(x, 0, width - 1)} * channels + c];
    };
    uint32_t sum = 0;
    for (int x = -r; x <= r; ++x) sum += at(x);
    for (int x = 0; x < width; ++x) {
      out[ptrdiff_t{x} * channels + c] = Weigh(sum, at(x - r - 1) + at(x + r + 1), box);
      sum += at(x + r + 1) - at(x - r);
    }
  }
}

// Columns [first, last) of samples, moving all their running sums down together.
void BlurColumns(ImageView<const uint8_t> in, int first, int last, const BoxWeights& box,
                 uint32_t* sums, ImageView<uint8_t> out) {
  const int r = box.whole;
  const auto row = [&](int y) { return in.row(std::clamp(y, 0, in.height - 1)); };
  std::fill(sums, sums + (last - first), 0u);
  for (int y = -r; y <= r; ++y) {
    const uint8_t* p = row(y);
    for (int i = first; i < last; ++i) sums[i - first] += p[i];
  }
  for (int y = 0; y < in.height; ++y) {
    const uint8_t* above = row(y - r - 1);
    const uint8_t* below = row(y + r + 1);
    const uint8_t* leaving = row(y - r);
    uint8_t* to = out.row(y);
    for (int i = first; i < last; ++i) {
      uint32_t& sum = sums[i - first];
      to[i] = Weigh(sum, uint32_t{above[i]} + below[i], box);
      sum += uint32_t{below[i]} - leaving[i];
    }
  }
}

Status CheckBlur(ImageView<const uint8_t> in) {
  if (in.empty() || in.channels < 1 || in.channels > 4) {
    return InvalidArgument("a blur needs a picture of 1 to 4 channels");
  }
  return OkStatus();
}

// One box both ways: from `image` into itself through `between`.
void BlurOnce(ImageView<const uint8_t> in, const BoxWeights& box, ImageView<uint8_t> between,
              ImageView<uint8_t> out, ThreadPool* pool) {
  ForRowBands(in.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      BlurRow(in.row(y), in.width, in.channels, box, between.row(y));
    }
  });
  constexpr int kColumns = 512;
  std::vector<uint32_t> sums(static_cast<size_t>(kColumns) * static_cast<size_t>(Workers(pool)));
  ForRowBands(
      in.width * in.channels, pool,
      [&](int first, int last, int worker) {
        BlurColumns(between, first, last, box, sums.data() + static_cast<size_t>(worker) * kColumns,
                    out);
      },
      kColumns);
}

}  // namespace

Result<ImageU8> BoxBlur(ImageView<const uint8_t> in, int radius, ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckBlur(in));
  if (radius < 0 || radius > 4096) {
    return InvalidArgument("a blur radius must lie between 0 and 4096 pixels");
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 between, ImageU8::Allocate(in.width, in.height, in.channels));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(in.width, in.height, in.channels));
  BlurOnce(in, MakeBox(radius), between.view(), out.view(), pool);
  return out;
}

Result<ImageU8> GaussianBlur(ImageView<const uint8_t> in, float sigma, ThreadPool* pool) {
  PEEL_RETURN_IF_ERROR(CheckBlur(in));
  if (!(sigma >= 0 && sigma <= 1000)) {
    return InvalidArgument("a blur must have a standard deviation between 0 and 1000 pixels");
  }
  // The variance of a box of `whole` full samples to either side and a part `f` of the next is
  // (sum of squares) / (2 * whole + 1 + 2 f); solved for f so that three of them give sigma^2.
  const double variance = static_cast<double>(sigma) * sigma / 3;
  const double whole = std::floor((std::sqrt(12 * variance + 1) - 1) / 2);
  const double squares = whole * (whole + 1) * (2 * whole + 1) / 3;
  const double next = (whole + 1) * (whole + 1);
  const double f = (variance * (2 * whole + 1) - squares) / (2 * (next - variance));
  const BoxWeights box = MakeBox(whole + std::clamp(f, 0.0, 0.999999));

  PEEL_ASSIGN_OR_RETURN(ImageU8 between, ImageU8::Allocate(in.width, in.height, in.channels));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(in.width, in.height, in.channels));
  BlurOnce(in, box, between.view(), out.view(), pool);
  for (int pass = 1; pass < 3; ++pass) {
    BlurOnce(std::as_const(out).view(), box, between.view(), out.view(), pool);
  }
  return out;
}

}  // namespace peel
