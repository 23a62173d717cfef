#include "src/rectify/bilevel/sauvola.h"

#include <algorithm>
#include <vector>

#include "src/image/rows.h"
#include "src/rectify/bilevel/sauvola_kernels.h"

namespace peel {
namespace {

constexpr int kBandRows = 192;

// What a worker needs for a band of rows.
struct Scratch {
  std::vector<int32_t> columns, square_columns;
  std::vector<uint32_t> sums, squares;
};

// Running sums of `columns`, from 0; `radius` more of them at either end, as though nothing lay
// beyond.
void Run(const std::vector<int32_t>& columns, int radius, std::vector<uint32_t>* sums) {
  const auto r = static_cast<size_t>(radius);
  uint32_t sum = 0;
  uint32_t* out = sums->data();
  out = std::fill_n(out, r, 0u);
  for (const int32_t column : columns) {
    *out++ = sum;
    sum += static_cast<uint32_t>(column);
  }
  std::fill_n(out, r + 1, sum);
}

}  // namespace

Result<ImageU8> Sauvola(ImageView<const uint8_t> grey, const SauvolaOptions& options,
                        ThreadPool* pool) {
  if (grey.empty() || grey.channels != 1) {
    return InvalidArgument("a threshold needs a grey picture, of one channel");
  }
  if (options.window < 3 || options.window > 255 || options.window % 2 == 0) {
    return InvalidArgument("the threshold's window must be an odd number from 3 to 255");
  }
  if (options.k < 0 || options.k > 256 || options.range < 1 || options.range > 255) {
    return InvalidArgument("the threshold's k must lie within 0 and 256, its range 1 and 255");
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(grey.width, grey.height, 1));
  const int radius = options.window / 2;
  const auto length = static_cast<size_t>(grey.width);
  std::vector<int32_t> counts(length);
  for (int x = 0; x < grey.width; ++x) {
    counts[static_cast<size_t>(x)] = std::min(x + radius + 1, grey.width) - std::max(x - radius, 0);
  }
  std::vector<Scratch> scratch(static_cast<size_t>(Workers(pool)));
  ForRowBands(
      grey.height, pool,
      [&](int first, int last, int worker) {
        Scratch& s = scratch[static_cast<size_t>(worker)];
        s.columns.assign(length, 0);
        s.square_columns.assign(length, 0);
        s.sums.resize(length + static_cast<size_t>(options.window));
        s.squares.resize(s.sums.size());
        const auto row_or_null = [&](int y) {
          return y >= 0 && y < grey.height ? grey.row(y) : nullptr;
        };
        for (int y = first - radius; y < first + radius; ++y) {
          if (const uint8_t* row = row_or_null(y)) {
            sauvola::MoveColumns(row, nullptr, length, s.columns.data(), s.square_columns.data());
          }
        }
        for (int y = first; y < last; ++y) {
          const uint8_t* leaves = y > first ? row_or_null(y - radius - 1) : nullptr;
          sauvola::MoveColumns(row_or_null(y + radius), leaves, length, s.columns.data(),
                               s.square_columns.data());
          Run(s.columns, radius, &s.sums);
          Run(s.square_columns, radius, &s.squares);
          const int rows = std::min(y + radius + 1, grey.height) - std::max(y - radius, 0);
          sauvola::ThresholdRow(
              grey.row(y), {s.sums.data(), s.squares.data(), counts.data(), options.window, rows},
              options, length, out.row(y));
        }
      },
      kBandRows);
  return out;
}

}  // namespace peel
