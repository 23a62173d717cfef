// The vector kernels against the plain ones, on every instruction set that was compiled.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "src/base/dispatch.h"
#include "src/codec/png/png_filter.h"
#include "src/codec/png/png_unfilter.h"

namespace peel {
namespace {

// Runs f once for each instruction set this machine has.
template <typename F>
void OnEveryTarget(F&& f) {
  for (int64_t rest = EnabledTargets(); rest != 0; rest &= rest - 1) {
    const ScopedTarget held(rest & -rest);
    SCOPED_TRACE(hwy::TargetName(rest & -rest));
    f();
  }
}

constexpr int kRows = 23;
const std::vector<size_t> kWidths = {1, 2, 3, 5, 15, 16, 17, 31, 33, 64, 65, 127, 300};

std::vector<uint8_t> Pixels(size_t row_bytes, size_t stride, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> pixels(stride * kRows, 0xEE);
  for (size_t y = 0; y < kRows; ++y) {
    for (size_t i = 0; i < row_bytes; ++i) {
      const auto noise = static_cast<unsigned>(random());
      // Ramps, noise, extremes and empty rows.
      const size_t kinds[] = {i * 2 + y, noise, (noise & 1) * 255, 0, i + (noise & 3), y * 9};
      pixels[y * stride + i] = static_cast<uint8_t>(kinds[y % 6]);
    }
  }
  return pixels;
}

TEST(PngKernels, FilterAgreesWithReference) {
  OnEveryTarget([] {
    for (const int pixel_bytes : {1, 2, 3, 4, 6, 8}) {
      for (const size_t width : kWidths) {
        const size_t row_bytes = width * static_cast<size_t>(pixel_bytes);
        const size_t stride = row_bytes + 7;  // misaligned rows
        const std::vector<uint8_t> in = Pixels(row_bytes, stride, 5);
        for (const bool first : {true, false}) {
          const uint8_t* from = in.data() + (first ? 0 : stride);
          const int rows = first ? kRows : kRows - 1;
          std::vector<uint8_t> fast((row_bytes + 1) * kRows), plain(fast.size());
          FilterPngRows(from, static_cast<ptrdiff_t>(stride), row_bytes, rows, pixel_bytes, first,
                        fast.data());
          FilterPngRowsReference(from, static_cast<ptrdiff_t>(stride), row_bytes, rows, pixel_bytes,
                                 first, plain.data());
          ASSERT_EQ(fast, plain) << width << " pixels of " << pixel_bytes << " bytes";
        }
      }
    }
  });
}

TEST(PngKernels, UnfilterAgreesWithReference) {
  OnEveryTarget([] {
    for (const int pixel_bytes : {1, 2, 3, 4, 6, 8}) {
      for (const size_t width : kWidths) {
        const size_t row_bytes = width * static_cast<size_t>(pixel_bytes);
        std::vector<uint8_t> filtered = Pixels(row_bytes + 1, row_bytes + 1, 6);
        for (size_t y = 0; y < kRows; ++y) {
          filtered[y * (row_bytes + 1)] = static_cast<uint8_t>((y * 3 + width) % 5);
        }
        filtered.resize(filtered.size() + kPngSlack);
        std::vector<uint8_t> above(row_bytes + kPngSlack, 0x5A);
        std::vector<uint8_t> plain(row_bytes * kRows), fast(row_bytes * kRows + kPngSlack);
        UndoPngFiltersReference(filtered.data(), row_bytes, kRows, pixel_bytes, above.data(),
                                plain.data(), static_cast<ptrdiff_t>(row_bytes));
        ASSERT_EQ(UndoPngFilters(filtered.data(), row_bytes, kRows, pixel_bytes, above.data(),
                                 fast.data(), static_cast<ptrdiff_t>(row_bytes)),
                  kRows);
        fast.resize(plain.size());
        ASSERT_EQ(fast, plain) << width << " pixels of " << pixel_bytes << " bytes";

        // In place.
        ASSERT_EQ(UndoPngFilters(filtered.data(), row_bytes, kRows, pixel_bytes, above.data(),
                                 filtered.data() + 1, static_cast<ptrdiff_t>(row_bytes + 1)),
                  kRows);
        for (size_t y = 0; y < kRows; ++y) {
          ASSERT_TRUE(
              std::equal(plain.begin() + static_cast<ptrdiff_t>(y * row_bytes),
                         plain.begin() + static_cast<ptrdiff_t>((y + 1) * row_bytes),
                         filtered.begin() + static_cast<ptrdiff_t>(y * (row_bytes + 1) + 1)))
              << "row " << y << " in place, " << width << " pixels of " << pixel_bytes << " bytes";
        }
      }
    }
  });
}

TEST(PngKernels, UnfilterUndoesFilter) {
  for (const int pixel_bytes : {1, 2, 3, 4, 6, 8}) {
    const size_t row_bytes = 77 * static_cast<size_t>(pixel_bytes);
    const std::vector<uint8_t> in = Pixels(row_bytes, row_bytes, 8);
    std::vector<uint8_t> filtered((row_bytes + 1) * kRows + kPngSlack);
    FilterPngRows(in.data(), static_cast<ptrdiff_t>(row_bytes), row_bytes, kRows, pixel_bytes, true,
                  filtered.data());
    const std::vector<uint8_t> zeros(row_bytes + kPngSlack);
    std::vector<uint8_t> out(in.size() + kPngSlack);
    ASSERT_EQ(UndoPngFilters(filtered.data(), row_bytes, kRows, pixel_bytes, zeros.data(),
                             out.data(), static_cast<ptrdiff_t>(row_bytes)),
              kRows);
    out.resize(in.size());
    EXPECT_EQ(out, in);
  }
}

TEST(PngKernels, UnknownFilterStops) {
  std::vector<uint8_t> filtered(5 * 4 + kPngSlack);
  filtered[2 * 5] = 5;
  const std::vector<uint8_t> zeros(4 + kPngSlack);
  std::vector<uint8_t> out(16 + kPngSlack);
  EXPECT_EQ(UndoPngFilters(filtered.data(), 4, 4, 4, zeros.data(), out.data(), 4), 2);
}

}  // namespace
}  // namespace peel
