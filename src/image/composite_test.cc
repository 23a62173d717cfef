#include "src/image/composite.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "src/image/colour.h"
#include "src/image/geometry.h"
#include "src/image/test_pixels.h"

namespace peel {
namespace {

using testing::Crc;
using testing::ForEveryTarget;
using testing::Noise;
using testing::ReadTable;

Result<ImageU8> FirstChannel(const ImageU8& in) {
  ImageU8 out = std::move(*ImageU8::Allocate(in.width(), in.height(), 1));
  for (int y = 0; y < in.height(); ++y) {
    for (int x = 0; x < in.width(); ++x) out.row(y)[x] = in.row(y)[x * in.channels()];
  }
  return out;
}

// Columns: operation, width, height, seed, CRC of what Pillow makes.
TEST(Composite, IsPillowsByteForByteUnderEveryTarget) {
  const auto table = ReadTable(PEEL_SOURCE_DIR "/src/image/testdata/composite.txt");
  ASSERT_EQ(table.size(), 4u * 11);
  ForEveryTarget([&](const std::string& target) {
    for (const auto& f : table) {
      SCOPED_TRACE(target + " " + f[0] + " " + f[1] + "x" + f[2]);
      const int w = std::stoi(f[1]), h = std::stoi(f[2]);
      const auto seed = static_cast<uint32_t>(std::stoul(f[3]));
      const ImageU8 front = Noise(seed, w, h, 4), back = Noise(seed + 50, w, h, 4);
      const ImageU8 mask = Noise(seed + 90, w, h, 1), rgb = Noise(seed + 70, w, h, 3);
      const ImageU8 other = Noise(seed + 71, w, h, 3);
      const auto in_place = [&](auto... steps) -> Result<ImageU8> {
        auto copy = Clone(front.view());
        (steps(copy->view(), nullptr), ...);
        return copy;
      };
      void (*const unpremultiply)(ImageView<uint8_t>, ThreadPool*) = Unpremultiply;
      const std::map<std::string, std::function<Result<ImageU8>()>> operations = {
          {"alpha_composite", [&] { return AlphaComposite(front.view(), back.view()); }},
          {"alpha_composite_colour",
           [&] {
             return AlphaComposite(front.view(), Rgba{10, 200, 77, 130});
           }},
          {"blend4", [&] { return Blend(front.view(), back.view(), mask.view()); }},
          {"blend3", [&] { return Blend(rgb.view(), other.view(), mask.view()); }},
          {"blend1",
           [&] {
             const auto a = FirstChannel(front), b = FirstChannel(back);
             return Blend(a->view(), b->view(), mask.view());
           }},
          {"naive4", [&] { return NaiveCutout(front.view(), mask.view()); }},
          {"naive3", [&] { return NaiveCutout(rgb.view(), mask.view()); }},
          {"putalpha", [&] { return WithAlpha(front.view(), mask.view(), false); }},
          {"premultiply", [&] { return in_place(Premultiply); }},
          {"unpremultiply", [&] { return in_place(Premultiply, unpremultiply); }},
          {"luma", [&] { return Luma(rgb.view()); }},
      };
      const auto out = operations.at(f[0])();
      ASSERT_TRUE(out.ok()) << out.status().message();
      EXPECT_EQ(Crc(*out), std::stoul(f[4]));
    }
  });
}

TEST(Composite, MultipliesAndFlattensUnderEveryTarget) {
  const ImageU8 rgba = Noise(7, 131, 5, 4), mask = Noise(8, 131, 5, 1), back = Noise(9, 131, 5, 3);
  ForEveryTarget([&](const std::string& target) {
    const auto put = WithAlpha(rgba.view(), mask.view(), true);
    const auto white = FlattenOver(rgba.view(), Rgba{255, 250, 1});
    const auto over = FlattenOver(rgba.view(), back.view());
    ASSERT_TRUE(put.ok() && white.ok() && over.ok());
    const uint8_t colour[3] = {255, 250, 1};
    for (int y = 0; y < 5; ++y) {
      for (int x = 0; x < 131; ++x) {
        const uint8_t* p = rgba.row(y) + 4 * x;
        ASSERT_EQ(put->row(y)[4 * x + 3], MulDiv255(p[3], mask.row(y)[x])) << target;
        for (int c = 0; c < 3; ++c) {
          ASSERT_EQ(put->row(y)[4 * x + c], p[c]) << target;
          const auto mix = [&](int under) { return (p[c] * p[3] + under * (255 - p[3])) / 255.0; };
          ASSERT_NEAR(white->row(y)[3 * x + c], mix(colour[c]), 0.5001) << target;
          ASSERT_NEAR(over->row(y)[3 * x + c], mix(back.row(y)[3 * x + c]), 0.5001) << target;
        }
      }
    }
  });
}

TEST(Composite, RefusesWhatDoesNotFit) {
  const ImageU8 rgb = Noise(1, 4, 4, 3), small = Noise(1, 3, 4, 1), grey = Noise(1, 4, 4, 1);
  EXPECT_EQ(WithAlpha(rgb.view(), small.view(), true).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_FALSE(NaiveCutout(grey.view(), grey.view()).ok());
  EXPECT_FALSE(AlphaComposite(rgb.view(), rgb.view()).ok());
  EXPECT_FALSE(Blend(rgb.view(), rgb.view(), small.view()).ok());
  EXPECT_FALSE(FlattenOver(rgb.view(), Rgba{}).ok());
}

}  // namespace
}  // namespace peel
