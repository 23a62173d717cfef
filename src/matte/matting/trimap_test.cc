#include "src/matte/matting/trimap.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "src/image/test_pixels.h"

namespace peel {
namespace {

// binary_erosion, pixel by pixel.
ImageU8 Plain(const ImageU8& matte, const TrimapOptions& o) {
  const int w = matte.width(), h = matte.height();
  ImageU8 out = *ImageU8::Allocate(w, h, 1);
  const auto eroded = [&](int x, int y, bool border, auto inside) {
    const int low = o.erode <= 0 ? 1 : o.erode / 2, high = o.erode <= 0 ? 1 : o.erode - 1 - low;
    for (int dy = -low; dy <= high; ++dy) {
      for (int dx = -low; dx <= high; ++dx) {
        if (o.erode <= 0 && dx != 0 && dy != 0) continue;
        const int px = x + dx, py = y + dy;
        const bool out_of_it = px < 0 || py < 0 || px >= w || py >= h;
        if (!(out_of_it ? border : inside(matte.row(py)[px]))) return false;
      }
    }
    return true;
  };
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      uint8_t t = kTrimapUnknown;
      if (eroded(x, y, false, [&](uint8_t v) { return v > o.foreground; })) t = 255;
      if (eroded(x, y, true, [&](uint8_t v) { return v < o.background; })) t = 0;
      out.row(y)[x] = t;
    }
  }
  return out;
}

// Large flat patches of sure and unsure.
ImageU8 Patches(int w, int h) {
  ImageU8 image = *ImageU8::Allocate(w, h, 1);
  const ImageU8 noise = testing::Noise(5, w / 9 + 1, h / 9 + 1, 1);
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const int v = noise.row(y / 9)[x / 9];
      image.row(y)[x] = static_cast<uint8_t>(v < 100 ? 0 : v > 140 ? 255 : v);
    }
  }
  return image;
}

TEST(Trimap, IsSciPysErosion) {
  ThreadPool pool(2);
  for (const auto& [w, h] : {std::pair{1, 1}, {70, 50}, {5, 300}, {600, 7}}) {
    const ImageU8 matte = Patches(w, h);
    for (const int erode : {-1, 0, 1, 2, 3, 10, 11}) {
      const TrimapOptions options{.erode = erode};
      const auto made = MakeTrimap(matte.view(), options, &pool);
      ASSERT_TRUE(made.ok());
      EXPECT_EQ(testing::Crc(*made), testing::Crc(Plain(matte, options))) << w << " " << erode;
    }
  }
  EXPECT_FALSE(MakeTrimap(Patches(5, 5).view(), {.erode = 1001}).ok());
  EXPECT_FALSE(MakeTrimap(Patches(5, 5).view(), {.foreground = 256}).ok());
}

TEST(Trimap, ReadsWhatSomeoneDrew) {
  ImageU8 drawn = *ImageU8::Allocate(5, 1, 3);
  const uint8_t values[5] = {0, 25, 128, 229, 230};
  for (int x = 0; x < 5; ++x) std::fill_n(drawn.row(0) + 3 * x, 3, values[x]);
  const auto trimap = ReadTrimap(drawn.view());
  const uint8_t wanted[5] = {0, 0, 128, 128, 255};
  for (int x = 0; x < 5; ++x) EXPECT_EQ(trimap->row(0)[x], wanted[x]);
  EXPECT_TRUE(HasBothSides(trimap->view()));
}

}  // namespace
}  // namespace peel
