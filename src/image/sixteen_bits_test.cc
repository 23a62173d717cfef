// The operations on 16-bit pictures against the same ones on 8 bits and against plain arithmetic.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "src/base/thread_pool.h"
#include "src/image/composite.h"
#include "src/image/geometry.h"
#include "src/image/resize.h"
#include "src/image/test_pixels.h"

namespace peel {
namespace {

using testing::Crc;
using testing::Noise;

// 8 bits spread over 16.
ImageU16 Widen(const ImageU8& in) {
  ImageU16 out = *ImageU16::Allocate(in.width(), in.height(), in.channels());
  for (int y = 0; y < in.height(); ++y) {
    for (int i = 0; i < in.width() * in.channels(); ++i) {
      out.row(y)[i] = static_cast<uint16_t>(in.row(y)[i] * 257);
    }
  }
  return out;
}

// How far a 16-bit picture is from an 8-bit one, at most, in 8-bit levels.
double Farthest(const ImageU16& got, const ImageU8& want) {
  EXPECT_EQ(got.width(), want.width());
  EXPECT_EQ(got.height(), want.height());
  EXPECT_EQ(got.channels(), want.channels());
  double farthest = 0;
  for (int y = 0; y < want.height(); ++y) {
    for (int i = 0; i < want.width() * want.channels(); ++i) {
      farthest = std::max(farthest, std::abs(got.row(y)[i] / 257.0 - want.row(y)[i]));
    }
  }
  return farthest;
}

TEST(SixteenBits, PuttingTogetherAgreesWithEightBits) {
  ThreadPool pool(3);
  const ImageU8 front = Noise(1, 61, 40, 4), back = Noise(2, 61, 40, 4), rgb = Noise(3, 61, 40, 3),
                matte = Noise(4, 61, 40, 1);
  const ImageU16 wide = Widen(front);
  const Rgba colour = {200, 30, 77, 128};
  EXPECT_EQ(Farthest(*WithAlpha(wide.view(), matte.view(), false, &pool),
                     *WithAlpha(front.view(), matte.view(), false)),
            0);
  EXPECT_LE(Farthest(*WithAlpha(wide.view(), matte.view(), true, &pool),
                     *WithAlpha(front.view(), matte.view(), true)),
            0.51);
  EXPECT_LE(Farthest(*FlattenOver(wide.view(), colour, &pool), *FlattenOver(front.view(), colour)),
            0.51);
  EXPECT_LE(Farthest(*FlattenOver(wide.view(), rgb.view(), &pool),
                     *FlattenOver(front.view(), rgb.view())),
            0.51);
  const auto check = [](const ImageU16& got, const ImageU8& want) {
    // Where hardly anything covers, eight bits round the colour coarsely: alpha tells how much.
    for (int y = 0; y < want.height(); ++y) {
      for (int x = 0; x < want.width(); ++x) {
        const uint16_t* g = got.row(y) + 4 * x;
        const uint8_t* w = want.row(y) + 4 * x;
        ASSERT_NEAR(g[3] / 257.0, w[3], 1);
        for (int c = 0; c < 3; ++c)
          ASSERT_NEAR(g[c] / 257.0 * g[3], w[c] * 257.0 * w[3], 65536 * 2);
      }
    }
  };
  check(*AlphaComposite(wide.view(), back.view(), &pool),
        *AlphaComposite(front.view(), back.view()));
  check(*AlphaComposite(wide.view(), colour, &pool), *AlphaComposite(front.view(), colour));
}

TEST(SixteenBits, OpaquePixelsAreKeptExactly) {
  ImageU16 front = *ImageU16::Allocate(256, 256, 4);
  for (int y = 0; y < 256; ++y) {
    for (int x = 0; x < 256; ++x) {
      uint16_t* p = front.row(y) + 4 * x;
      p[0] = static_cast<uint16_t>(y * 256 + x);
      p[1] = static_cast<uint16_t>(65535 - p[0]);
      p[2] = static_cast<uint16_t>(p[0] * 7);
      p[3] = 65535;
    }
  }
  const auto over = AlphaComposite(front.view(), Rgba{1, 2, 3, 255});
  const auto flat = FlattenOver(front.view(), Rgba{1, 2, 3, 255});
  for (int y = 0; y < 256; ++y) {
    for (int x = 0; x < 256; ++x) {
      for (int c = 0; c < 3; ++c) {
        ASSERT_EQ(over->row(y)[4 * x + c], front.row(y)[4 * x + c]);
        ASSERT_EQ(flat->row(y)[3 * x + c], front.row(y)[4 * x + c]);
      }
    }
  }
}

TEST(SixteenBits, RefusesWhatDoesNotFit) {
  const ImageU16 wide = Widen(Noise(1, 5, 6, 4));
  EXPECT_FALSE(WithAlpha(wide.view(), Noise(1, 6, 5, 1).view(), false).ok());
  EXPECT_FALSE(FlattenOver(wide.view(), Noise(1, 5, 6, 4).view()).ok());
  EXPECT_FALSE(AlphaComposite(wide.view(), Noise(1, 5, 6, 3).view()).ok());
  EXPECT_FALSE(FlattenOver(Widen(Noise(1, 5, 6, 3)).view(), Rgba{}).ok());
}

TEST(SixteenBits, ResizingAgreesWithEightBits) {
  ThreadPool pool(3);
  for (const int channels : {1, 3, 4}) {
    ImageU8 small = Noise(5, 70, 50, channels);
    // Away from black and white, where eight bits are clipped after each pass.
    for (int y = 0; y < 50; ++y) {
      for (int i = 0; i < 70 * channels; ++i) {
        small.row(y)[i] = static_cast<uint8_t>(90 + small.row(y)[i] / 4);
      }
    }
    const ImageU16 wide = Widen(small);
    for (const auto& [w, h] : {std::pair{35, 25}, {140, 90}, {31, 77}, {1, 1}}) {
      SCOPED_TRACE(::testing::Message() << channels << " channels to " << w << " x " << h);
      const auto got = Resize(wide.view(), w, h, ResizeFilter::kLanczos, &pool);
      const auto want = channels == 4 ? ResizeRgba(small.view(), w, h, ResizeFilter::kLanczos)
                                      : Resize(small.view(), w, h, ResizeFilter::kLanczos);
      ASSERT_TRUE(got.ok() && want.ok());
      if (channels < 4) {
        EXPECT_LE(Farthest(*got, *want), 1.6);
      } else {
        // Premultiplied, for thin alpha leaves eight bits little of a colour.
        for (int y = 0; y < h; ++y) {
          for (int x = 0; x < w; ++x) {
            const uint16_t* g = got->row(y) + 4 * x;
            const uint8_t* e = want->row(y) + 4 * x;
            ASSERT_NEAR(g[3] / 257.0, e[3], 1.6);
            for (int c = 0; c < 3; ++c) {
              ASSERT_NEAR(g[c] / 257.0 * g[3] / 65535.0, e[c] * e[3] / 255.0, 3.2);
            }
          }
        }
      }
      const auto alone = Resize(wide.view(), w, h, ResizeFilter::kLanczos);
      EXPECT_EQ(Crc(std::as_const(*alone).view()), Crc(got->view()));
    }
    EXPECT_EQ(Farthest(*Resize(wide.view(), 70, 50, ResizeFilter::kLanczos), small), 0);
  }
}

}  // namespace
}  // namespace peel
