#include "src/library/duplicates/pdq_downsample.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"

namespace peel::library {
namespace {

// Running sums along a row wait for each other: eight rows go side by side instead, pixel x of row
// r at 8 * x + r, and the compiler makes vectors of them.
constexpr int kRows = 8;

// A running box of `window` places over `length` of them: what enters and leaves the sum before
// place i is written, and how many are in it then.
struct Box {
  int length;
  int window;
  int ahead;  // how far the box reaches beyond its place

  explicit Box(int n)
      : length(n), window((n + 2 * kPdqSide - 1) / (2 * kPdqSide)), ahead((window + 2) / 2 - 1) {}
  // The first place to enter for place i, and the end of those.
  int EnterFrom(int i) const { return i == 0 ? 0 : i + ahead; }
  int EnterTo(int i) const { return std::min(i + ahead + 1, length); }
  int Leaving(int i) const { return i - (window - ahead); }  // negative: none
  int Count(int i) const { return EnterTo(i) - std::max(0, Leaving(i) + 1); }
};

// The middle of field i of 64 on an axis.
std::array<int, kPdqSide> Centres(int length) {
  std::array<int, kPdqSide> centres;
  for (int i = 0; i < kPdqSide; ++i) {
    centres[static_cast<size_t>(i)] = static_cast<int>(((i + 0.5) * length) / kPdqSide);
  }
  return centres;
}

void LumaRow(const uint8_t* in, int channels, int width, int r, float* out) {
  constexpr float kRed = 0.299f, kGreen = 0.587f, kBlue = 0.114f;
  for (int x = 0; x < width; ++x, in += channels) {
    out[x * kRows + r] = channels == 1 ? static_cast<float>(in[0])
                                       : kRed * static_cast<float>(in[0]) +
                                             kGreen * static_cast<float>(in[1]) +
                                             kBlue * static_cast<float>(in[2]);
  }
}

void Add(const float* in, float* sum) {
  for (int r = 0; r < kRows; ++r) sum[r] += in[r];
}

void Subtract(const float* in, float* sum) {
  for (int r = 0; r < kRows; ++r) sum[r] -= in[r];
}

class Downsampler {
 public:
  explicit Downsampler(const ImageView<const uint8_t>& picture)
      : picture_(picture), across_(picture.width), down_(picture.height) {}

  Result<PdqPixels> Run() {
    const int width = picture_.width;
    ring_rows_ = static_cast<int>(RoundUp(down_.window + 1, kRows)) + kRows;
    const auto floats = CheckedProduct<size_t>(width, ring_rows_ + 2 * kRows + 1);
    const auto bytes = floats ? CheckedMul(*floats, sizeof(float)) : std::nullopt;
    const auto narrow = CheckedProduct<size_t>(picture_.height, kPdqSide, sizeof(float));
    if (!bytes || !narrow) return OutOfMemory("a picture of this size cannot be hashed");
    PEEL_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::Allocate(*bytes));
    PEEL_ASSIGN_OR_RETURN(AlignedBuffer narrow_buffer, AlignedBuffer::Allocate(*narrow));
    const auto row = static_cast<size_t>(width);
    ring_ = buffer.as<float>();
    luma_ = ring_ + row * static_cast<size_t>(ring_rows_);
    sums_ = luma_ + row * kRows;
    blurred_ = sums_ + row;
    std::fill_n(sums_, row, 0.0f);
    narrow_ = narrow_buffer.as<float>();
    for (int y = 0; y < picture_.height; y += kRows) {
      const int rows = std::min(kRows, picture_.height - y);
      for (int r = 0; r < rows; ++r) BlurColumnsAt(y + r, r);
      NarrowRows(y, rows);
    }
    return Decimate();
  }

 private:
  float* RingRow(int y) {
    return ring_ + static_cast<size_t>(y % ring_rows_) * static_cast<size_t>(picture_.width);
  }

  // First pass along the rows: eight more of them into the ring.
  void BlurRows() {
    const int width = picture_.width, rows = std::min(kRows, picture_.height - next_row_);
    for (int r = 0; r < kRows; ++r) {
      // What is below the picture repeats its last row, and nobody reads it.
      const int y = next_row_ + std::min(r, rows - 1);
      LumaRow(picture_.row(y), picture_.channels, width, r, luma_);
    }
    std::array<float*, kRows> out;
    for (int r = 0; r < kRows; ++r) {
      out[static_cast<size_t>(r)] = RingRow(next_row_ + std::min(r, rows - 1));
    }
    std::array<float, kRows> sum{};
    for (int x = 0; x < width; ++x) {
      for (int i = across_.EnterFrom(x); i < across_.EnterTo(x); ++i) {
        Add(luma_ + static_cast<ptrdiff_t>(i) * kRows, sum.data());
      }
      if (across_.Leaving(x) >= 0) {
        Subtract(luma_ + static_cast<ptrdiff_t>(across_.Leaving(x)) * kRows, sum.data());
      }
      const auto count = static_cast<float>(across_.Count(x));
      std::array<float, kRows> mean;
      for (size_t r = 0; r < kRows; ++r) mean[r] = sum[r] / count;
      for (size_t r = 0; r < kRows; ++r) out[r][x] = mean[r];
    }
    next_row_ += rows;
  }

  // First pass down the columns: row y of it, side by side with its neighbours.
  void BlurColumnsAt(int y, int r) {
    const auto width = static_cast<size_t>(picture_.width);
    for (int i = down_.EnterFrom(y); i < down_.EnterTo(y); ++i) {
      if (i >= next_row_) BlurRows();
      const float* in = RingRow(i);
      for (size_t x = 0; x < width; ++x) sums_[x] += in[x];
    }
    if (down_.Leaving(y) >= 0) {
      const float* in = RingRow(down_.Leaving(y));
      for (size_t x = 0; x < width; ++x) sums_[x] -= in[x];
    }
    const auto count = static_cast<float>(down_.Count(y));
    for (size_t x = 0; x < width; ++x)
      blurred_[x * kRows + static_cast<size_t>(r)] = sums_[x] / count;
  }

  // Second pass along the rows, of which the 64 columns alone are wanted.
  void NarrowRows(int y, int rows) {
    const std::array<int, kPdqSide> centres = Centres(picture_.width);
    std::array<float, kRows> sum{};
    size_t column = 0;
    for (int x = 0; x < picture_.width; ++x) {
      for (int i = across_.EnterFrom(x); i < across_.EnterTo(x); ++i) {
        Add(blurred_ + static_cast<ptrdiff_t>(i) * kRows, sum.data());
      }
      if (across_.Leaving(x) >= 0) {
        Subtract(blurred_ + static_cast<ptrdiff_t>(across_.Leaving(x)) * kRows, sum.data());
      }
      const auto count = static_cast<float>(across_.Count(x));
      for (; column < kPdqSide && centres[column] == x; ++column) {
        for (int r = 0; r < rows; ++r) {
          narrow_[static_cast<size_t>(y + r) * kPdqSide + column] =
              sum[static_cast<size_t>(r)] / count;
        }
      }
    }
  }

  // Second pass down, and of it the 64 rows.
  PdqPixels Decimate() const {
    const std::array<int, kPdqSide> centres = Centres(picture_.height);
    const auto narrow_row = [this](int y) {
      return narrow_ + static_cast<ptrdiff_t>(y) * kPdqSide;
    };
    PdqPixels pixels;
    std::array<float, kPdqSide> sum{};
    size_t row = 0;
    for (int y = 0; y < picture_.height; ++y) {
      for (int i = down_.EnterFrom(y); i < down_.EnterTo(y); ++i) {
        for (size_t x = 0; x < kPdqSide; ++x) sum[x] += narrow_row(i)[x];
      }
      if (down_.Leaving(y) >= 0) {
        for (size_t x = 0; x < kPdqSide; ++x) sum[x] -= narrow_row(down_.Leaving(y))[x];
      }
      const auto count = static_cast<float>(down_.Count(y));
      for (; row < kPdqSide && centres[row] == y; ++row) {
        for (size_t x = 0; x < kPdqSide; ++x) pixels[row][x] = sum[x] / count;
      }
    }
    return pixels;
  }

  const ImageView<const uint8_t>& picture_;
  const Box across_;
  const Box down_;
  int ring_rows_ = 0;
  int next_row_ = 0;          // the first that is not in the ring
  float* ring_ = nullptr;     // rows after the first pass along them
  float* luma_ = nullptr;     // eight rows side by side
  float* sums_ = nullptr;     // running down the columns
  float* blurred_ = nullptr;  // after the first pass in either direction; eight rows side by side
  float* narrow_ = nullptr;   // 64 columns, after the second pass along the rows
};

}  // namespace

Result<PdqPixels> PdqDownsample(const ImageView<const uint8_t>& picture) {
  if (picture.width == kPdqSide && picture.height == kPdqSide) {
    // As the reference: such a picture has been made small already.
    PdqPixels pixels;
    std::array<float, static_cast<size_t>(kPdqSide) * kRows> row;
    for (int y = 0; y < kPdqSide; ++y) {
      LumaRow(picture.row(y), picture.channels, kPdqSide, 0, row.data());
      for (size_t x = 0; x < kPdqSide; ++x) pixels[static_cast<size_t>(y)][x] = row[x * kRows];
    }
    return pixels;
  }
  return Downsampler(picture).Run();
}

}  // namespace peel::library
