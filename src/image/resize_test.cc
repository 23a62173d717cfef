#include "src/image/resize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "src/base/thread_pool.h"
#include "src/image/test_pixels.h"

namespace peel {
namespace {

using testing::Crc;
using testing::ForEveryTarget;
using testing::Noise;
using testing::ReadTable;

const std::map<std::string, ResizeFilter> kFilters = {
    {"nearest", ResizeFilter::kNearest},   {"box", ResizeFilter::kBox},
    {"bilinear", ResizeFilter::kBilinear}, {"hamming", ResizeFilter::kHamming},
    {"bicubic", ResizeFilter::kBicubic},   {"lanczos", ResizeFilter::kLanczos}};

// Columns: filter, channels (or "rgba"), width, height, new width, new height, seed, CRC.
TEST(Resize, IsPillowsByteForByteUnderEveryTarget) {
  const auto table = ReadTable(PEEL_SOURCE_DIR "/src/image/testdata/resize.txt");
  ASSERT_EQ(table.size(), 17u * 6 * 5);
  ForEveryTarget([&](const std::string& target) {
    for (const auto& f : table) {
      SCOPED_TRACE(target + " " + f[0] + " " + f[1] + " " + f[2] + "x" + f[3] + " to " + f[4] +
                   "x" + f[5]);
      const bool rgba = f[1] == "rgba";
      const ImageU8 in = Noise(static_cast<uint32_t>(std::stoul(f[6])), std::stoi(f[2]),
                               std::stoi(f[3]), rgba ? 4 : std::stoi(f[1]));
      const int width = std::stoi(f[4]), height = std::stoi(f[5]);
      const ResizeFilter filter = kFilters.at(f[0]);
      const auto out = rgba ? ResizeRgba(in.view(), width, height, filter)
                            : Resize(in.view(), width, height, filter);
      ASSERT_TRUE(out.ok()) << out.status().message();
      EXPECT_EQ(Crc(*out), std::stoul(f[7]));
    }
  });
}

TEST(Resize, KeepsTheOldPassOrderWhereAsked) {
  const ImageU8 in = Noise(3, 33, 33, 1);
  const auto rows_first = [&](int width, int height) {
    const auto half = Resize(in.view(), width, 33, ResizeFilter::kLanczos);
    return Crc(*Resize(half->view(), width, height, ResizeFilter::kLanczos));
  };
  const auto crc = [&](int width, int height, PassOrder order) {
    return Crc(*Resize(in.view(), width, height, ResizeFilter::kLanczos, nullptr, order));
  };
  EXPECT_EQ(crc(30, 26, PassOrder::kPillow12), rows_first(30, 26));
  EXPECT_NE(crc(30, 26, PassOrder::kPillow13), rows_first(30, 26));
  EXPECT_EQ(crc(30, 27, PassOrder::kPillow13), rows_first(30, 27));
  EXPECT_EQ(crc(64, 66, PassOrder::kPillow13), rows_first(64, 66));
}

TEST(Resize, DoesNotDependOnThreads) {
  const ImageU8 in = Noise(5, 301, 222, 3);
  const auto alone = Resize(in.view(), 150, 333, ResizeFilter::kLanczos);
  const auto fast = ResizeFast(in.view(), 31, 22);
  ASSERT_TRUE(alone.ok() && fast.ok());
  for (int threads : {2, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(Crc(*Resize(in.view(), 150, 333, ResizeFilter::kLanczos, &pool)), Crc(*alone));
    EXPECT_EQ(Crc(*ResizeFast(in.view(), 31, 22, &pool)), Crc(*fast));
  }
}

TEST(Resize, WorksOnViewsIntoLargerPictures) {
  const ImageU8 whole = Noise(6, 90, 70, 3);
  const ImageView<const uint8_t> part{whole.row(11) + 3 * 13, 50, 40, 3, whole.stride()};
  ImageU8 copy = std::move(*ImageU8::Allocate(50, 40, 3));
  for (int y = 0; y < 40; ++y) std::copy_n(part.row(y), 150, copy.row(y));
  EXPECT_EQ(Crc(*Resize(part, 20, 20, ResizeFilter::kLanczos)),
            Crc(*Resize(std::as_const(copy).view(), 20, 20, ResizeFilter::kLanczos)));
}

TEST(Resize, RefusesNonsense) {
  const ImageU8 in = Noise(1, 4, 4, 3);
  EXPECT_FALSE(Resize(in.view(), 0, 5, ResizeFilter::kBox).ok());
  ImageU8 grey = std::move(*ImageU8::Allocate(2, 2, 1));
  EXPECT_EQ(Resize(in.view(), grey.view(), ResizeFilter::kBox).code(),
            StatusCode::kInvalidArgument);
  EXPECT_FALSE(ResizeRgba(in.view(), 2, 2, ResizeFilter::kBox).ok());
}

// A plain double-precision evaluation of the same windows.
ImageF32 PlainF32(const ImageF32& in, int width, int height, ResizeFilter filter) {
  const auto xs = std::move(*MakeResampleWindows(in.width(), 0, in.width(), width, filter));
  const auto ys = std::move(*MakeResampleWindows(in.height(), 0, in.height(), height, filter));
  ImageF32 out = std::move(*ImageF32::Allocate(width, height, in.channels()));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < in.channels(); ++c) {
        double sum = 0;
        for (int j = 0; j < ys.count[y]; ++j) {
          for (int i = 0; i < xs.count[x]; ++i) {
            sum += ys.weights[y * ys.stride + j] * xs.weights[x * xs.stride + i] *
                   in.row(ys.start[y] + j)[(xs.start[x] + i) * in.channels() + c];
          }
        }
        out.row(y)[x * in.channels() + c] = static_cast<float>(sum);
      }
    }
  }
  return out;
}

TEST(ResizeF32, AgreesWithDoublePrecisionUnderEveryTarget) {
  struct Case {
    int width, height, channels, to_width, to_height;
  };
  ForEveryTarget([&](const std::string& target) {
    for (const Case& k : {Case{37, 21, 1, 80, 9}, Case{13, 50, 3, 5, 61}, Case{19, 19, 2, 19, 7},
                          Case{8, 3, 4, 33, 3}}) {
      ImageF32 in = std::move(*ImageF32::Allocate(k.width, k.height, k.channels));
      uint32_t state = 9;
      for (int y = 0; y < k.height; ++y) {
        for (int i = 0; i < k.width * k.channels; ++i) {
          state = state * 1664525u + 1013904223u;
          in.row(y)[i] = static_cast<float>(state >> 8) / 16777216.0f;
        }
      }
      for (const auto& [name, filter] : kFilters) {
        if (filter == ResizeFilter::kNearest) continue;
        const auto out = ResizeF32(std::as_const(in).view(), k.to_width, k.to_height, filter);
        ASSERT_TRUE(out.ok());
        const ImageF32 plain = PlainF32(in, k.to_width, k.to_height, filter);
        for (int y = 0; y < k.to_height; ++y) {
          for (int i = 0; i < k.to_width * k.channels; ++i) {
            ASSERT_NEAR(out->row(y)[i], plain.row(y)[i], 4e-6) << target << " " << name;
          }
        }
      }
    }
  });
}

TEST(ResizeFast, StaysCloseToTheExactFilter) {
  // A smooth picture with edges: the short cut must not show.
  ImageU8 in = std::move(*ImageU8::Allocate(803, 611, 3));
  for (int y = 0; y < 611; ++y) {
    for (int x = 0; x < 803; ++x) {
      const double wave = 100 + 60 * std::sin(x * 0.03) * std::cos(y * 0.02);
      const bool disc = std::hypot(x - 400, y - 300) < 200;
      for (int c = 0; c < 3; ++c) {
        in.row(y)[3 * x + c] = static_cast<uint8_t>(disc ? 230 - 40 * c : wave + 20 * c);
      }
    }
  }
  ForEveryTarget([&](const std::string& target) {
    const auto fast = ResizeFast(std::as_const(in).view(), 97, 73);
    const auto exact = Resize(std::as_const(in).view(), 97, 73, ResizeFilter::kLanczos);
    ASSERT_TRUE(fast.ok() && exact.ok());
    double sum = 0;
    int worst = 0;
    for (int y = 0; y < 73; ++y) {
      for (int i = 0; i < 97 * 3; ++i) {
        const int d = std::abs(fast->row(y)[i] - exact->row(y)[i]);
        sum += d;
        worst = std::max(worst, d);
      }
    }
    EXPECT_LT(sum / (97 * 73 * 3), 0.5) << target;
    EXPECT_LE(worst, 14) << target;
  });
  // Blocks of one colour keep it, whatever the remainders at the borders.
  ImageU8 flat = std::move(*ImageU8::Allocate(1000, 777, 1));
  for (int y = 0; y < 777; ++y) std::fill_n(flat.row(y), 1000, uint8_t{171});
  const auto small = ResizeFast(std::as_const(flat).view(), 61, 19);
  ASSERT_TRUE(small.ok());
  for (int y = 0; y < 19; ++y) {
    for (int x = 0; x < 61; ++x) ASSERT_EQ(small->row(y)[x], 171);
  }
}

}  // namespace
}  // namespace peel
