#include "src/rectify/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "src/image/test_pixels.h"

namespace peel {
namespace {

using testing::Crc;
using testing::Noise;

const Quad kQuad{{{{60, 40}, {240, 55}, {230, 160}, {50, 150}}}};

ImageU8 Grey(int width, int height, int channels, uint8_t value) {
  ImageU8 out = std::move(*ImageU8::Allocate(width, height, channels));
  for (int y = 0; y < height; ++y) std::fill_n(out.row(y), width * channels, value);
  return out;
}

ImageU8 Drawn(const ImageU8& picture, std::vector<Quad> quads, ThreadPool* pool = nullptr) {
  auto out = DrawQuads(picture.view(), quads, pool);
  EXPECT_TRUE(out.ok()) << out.status().message();
  return std::move(*out);
}

// How green a pixel is: the sides are, a grey picture and the first corner are not.
int Green(const ImageU8& image, double x, double y) {
  const uint8_t* p = image.row(static_cast<int>(y)) + static_cast<int>(x) * image.channels();
  return p[1] - std::max(p[0], p[2]);
}

TEST(DrawQuads, SidesGoFromCornerToCornerAndNowhereElse) {
  const ImageU8 picture = Grey(300, 200, 3, 128);
  const ImageU8 out = Drawn(picture, {kQuad});
  for (size_t i = 0; i < 4; ++i) {
    const Point a = kQuad.corners[i], b = kQuad.corners[(i + 1) % 4];
    for (double t = 0.15; t < 0.86; t += 0.01) {
      const Point p{a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
      EXPECT_GT(Green(out, p.x, p.y), 40) << p.x << ", " << p.y;
      // Six pixels to either side nothing is touched.
      const double length = std::hypot(b.x - a.x, b.y - a.y);
      const Point off{-(b.y - a.y) / length * 6, (b.x - a.x) / length * 6};
      for (const double side : {-1.0, 1.0}) {
        const int x = static_cast<int>(p.x + side * off.x),
                  y = static_cast<int>(p.y + side * off.y);
        EXPECT_EQ(out.row(y)[3 * x], 128) << x << ", " << y;
      }
    }
  }
}

TEST(DrawQuads, TheFirstCornerIsADiscAndTheOthersAreRings) {
  const ImageU8 out = Drawn(Grey(300, 200, 3, 128), {kQuad});
  const uint8_t* first = out.row(40) + 3 * 60;
  EXPECT_GT(first[0], 230);
  EXPECT_LT(first[2], 30);
  for (size_t i = 1; i < 4; ++i) {
    const Point c = kQuad.corners[i];
    // Outwards from the corner: what is inside the ring, and the ring.
    const Point middle{145, 100};
    const double length = std::hypot(c.x - middle.x, c.y - middle.y);
    const Point out_by{(c.x - middle.x) / length, (c.y - middle.y) / length};
    EXPECT_GT(Green(out, c.x + 6 * out_by.x, c.y + 6 * out_by.y), 40) << i;
    EXPECT_LT(Green(out, c.x + 3.4 * out_by.x, c.y + 3.4 * out_by.y), 40) << i;
  }
}

TEST(DrawQuads, LinesGrowWithThePicture) {
  const auto wide = [](int width) {
    const double w = width;
    const ImageU8 out =
        Drawn(Grey(width, width / 4, 1, 128),
              {Quad{{{{w / 10, w / 20}, {w * 0.9, w / 20}, {w * 0.9, w / 5}, {w / 10, w / 5}}}}});
    int rows = 0;
    for (int y = 0; y < width / 8; ++y) rows += Green(out, w / 2, y) > 40 ? 1 : 0;
    return rows;
  };
  EXPECT_EQ(wide(400), 2);
  EXPECT_EQ(wide(4000), 10);
}

TEST(DrawQuads, EdgesAreSmooth) {
  const ImageU8 out = Drawn(Grey(300, 200, 1, 128), {kQuad});
  std::vector<int> levels;
  for (int x = 100; x < 200; ++x) {
    for (int y = 40; y < 60; ++y) levels.push_back(Green(out, x, y));
  }
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  EXPECT_GT(levels.size(), 10u);
}

TEST(DrawQuads, ChannelsBecomeColour) {
  for (int channels = 1; channels <= 4; ++channels) {
    const ImageU8 in = Noise(7, 300, 200, channels);
    const ImageU8 out = Drawn(in, {kQuad});
    ASSERT_EQ(out.channels(), channels % 2 == 0 ? 4 : 3);
    const uint8_t *from = in.row(199), *to = out.row(199);  // below the quad
    EXPECT_EQ(to[0], from[0]);
    EXPECT_EQ(to[2], from[channels >= 3 ? 2 : 0]);
    if (channels % 2 == 0) {
      EXPECT_EQ(to[3], from[channels - 1]);
      EXPECT_EQ(out.row(47)[4 * 150 + 3], 255) << "what is drawn is seen";
    }
  }
}

TEST(DrawQuads, WhatLiesOutsideIsLeftOut) {
  const ImageU8 in = Noise(9, 120, 80, 3);
  const ImageU8 none = Drawn(in, {});
  EXPECT_EQ(Crc(none), Crc(in));
  EXPECT_EQ(Crc(Drawn(in, {Quad{{{{500, 500}, {900, 500}, {900, 900}, {500, 900}}}}})), Crc(in));
  // A side across the picture whose ends are far away.
  const ImageU8 across =
      Drawn(Grey(120, 80, 3, 128), {Quad{{{{-1e9, 40.0}, {1e9, 40.0}, {1e9, 1e9}, {-1e9, 1e9}}}}});
  EXPECT_GT(Green(across, 60, 40), 40);
  EXPECT_EQ(across.row(20)[180], 128);
  for (const double edge : {0.0, 80.0, -3.0}) {
    Drawn(in, {Quad{{{{0, edge}, {120, edge}, {120, 80}, {0, 80}}}}});
  }
  Drawn(Grey(1, 1, 1, 3), {kQuad, Quad{}});
  Drawn(Grey(1, 2000, 4, 3), {Quad{{{{0, 0}, {1, 0}, {1, 2000}, {0, 2000}}}}});
}

TEST(DrawQuads, IsTheSameOnAnyNumberOfThreads) {
  const ImageU8 in = Noise(5, 300, 200, 3);
  ThreadPool pool(3);
  EXPECT_EQ(Crc(Drawn(in, {kQuad}, &pool)), Crc(Drawn(in, {kQuad})));
}

TEST(DrawQuads, RefusesWhatIsNoPicture) {
  const ImageU8 in = Noise(5, 30, 20, 3);
  Quad bad = kQuad;
  bad.corners[2].y = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(DrawQuads(in.view(), std::vector{bad}, nullptr).ok());
  bad.corners[2].y = 1.01e9;
  EXPECT_FALSE(DrawQuads(in.view(), std::vector{bad}, nullptr).ok());
  EXPECT_FALSE(DrawQuads({}, std::vector{kQuad}, nullptr).ok());
}

}  // namespace
}  // namespace peel
