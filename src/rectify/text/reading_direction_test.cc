#include "src/rectify/text/reading_direction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "src/image/colour.h"
#include "src/image/test_pixels.h"
#include "src/rectify/text/ink_components.h"
#include "src/rectify/text/test_page.h"
#include "src/rectify/text/text_lines.h"

namespace peel {
namespace {

using testing::TextMask;
using testing::TurnedBy;

TEST(ReadingDirectionTest, EveryTurnIsFound) {
  for (const uint32_t seed : {1u, 2u, 3u}) {
    const ImageU8 upright = TextMask(900, 1200, 2, seed);
    for (const int turned : {0, 90, 180, 270}) {
      const ImageU8 page = TurnedBy(turned, TextMask(900, 1200, 2, seed));
      const ReadingDirection found = FindReadingDirection(page.view(), nullptr);
      EXPECT_GE(found.confidence, kCertainTurn) << turned;
      EXPECT_EQ((turned + found.turn) % 360, 0) << turned;
      // Turning it as told leaves nothing to turn.
      const ImageU8 back = TurnedBy(found.turn, TurnedBy(turned, TextMask(900, 1200, 2, seed)));
      EXPECT_EQ(testing::Crc(back), testing::Crc(upright));
    }
  }
}

TEST(ReadingDirectionTest, InColourTransparentAndUnderALight) {
  const ImageU8 mask = TurnedBy(180, TextMask(1400, 2000, 4, 9));
  const ImageU8 page = testing::Photograph(
      1400, 2000, 4, [](int x, int y, int c) { return 90 + 0.08 * x + 0.02 * y - 10 * c; },
      [&](int x, int y, int) { return mask.row(y)[x] == 0 ? 0.2 : 1.0; });
  EXPECT_EQ(FindReadingDirection(page.view(), nullptr).turn, 180);
  // Black that is transparent is nothing.
  ImageU8 rgba = std::move(*ImageU8::Allocate(1400, 2000, 4));
  for (int y = 0; y < 2000; ++y) {
    for (int x = 0; x < 1400; ++x) {
      uint8_t* p = rgba.row(y) + 4 * ptrdiff_t{x};
      std::fill_n(p, 3, uint8_t{0});
      p[3] = mask.row(y)[x] == 0 ? 255 : 0;
    }
  }
  EXPECT_EQ(FindReadingDirection(rgba.view(), nullptr).turn, 180);
}

TEST(ReadingDirectionTest, SameForEveryNumberOfThreads) {
  const ImageU8 page = TurnedBy(90, TextMask(900, 1200, 2, 4));
  ThreadPool pool(3);
  const ReadingDirection alone = FindReadingDirection(page.view(), nullptr);
  const ReadingDirection together = FindReadingDirection(page.view(), &pool);
  EXPECT_EQ(alone.turn, 270);
  EXPECT_EQ(alone.turn, together.turn);
  EXPECT_EQ(alone.confidence, together.confidence);
}

void ExpectNothing(const ImageU8& page, const char* what) {
  const ReadingDirection found = FindReadingDirection(page.view(), nullptr);
  EXPECT_LT(found.confidence, kCertainTurn) << what;
  EXPECT_EQ(found.turn, 0) << what;
}

TEST(ReadingDirectionTest, AbstainsWithoutText) {
  ExpectNothing(testing::Noise(1, 700, 500, 3), "noise");
  ExpectNothing(testing::Noise(1, 1, 1, 1), "one pixel");
  ExpectNothing(testing::Noise(1, 1, 5000, 3), "a column");
  ExpectNothing(testing::Noise(1, 5000, 1, 4), "a row");
  ExpectNothing(testing::Noise(1, 50, 50, 2), "two channels");
  EXPECT_EQ(FindReadingDirection({}, nullptr).confidence, 0);
  ExpectNothing(testing::Photograph(
                    800, 600, 3, [](int, int, int) { return 255; },
                    [](int x, int y, int c) {
                      return 0.5 + 0.3 * std::sin(0.02 * x + c) * std::cos(0.013 * y);
                    }),
                "soft shapes");
  // Lines, but no letters: bars of the same height.
  ImageU8 bars = std::move(*ImageU8::Allocate(800, 800, 1));
  for (int y = 0; y < 800; ++y) {
    for (int x = 0; x < 800; ++x) bars.row(y)[x] = y % 40 < 14 && x % 20 < 10 ? 0 : 255;
  }
  ExpectNothing(TurnedBy(90, std::move(bars)), "bars");
}

TEST(InkComponentsTest, AreConnectedThroughCorners) {
  constexpr std::string_view kRows[] = {
      "#..#.#",  //
      ".##..#",  //
      "#....#",  //
      "...##.",  //
      "##....",
  };
  ImageU8 page = std::move(*ImageU8::Allocate(6, 5, 1));
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 6; ++x) {
      page.row(y)[x] = kRows[y][static_cast<size_t>(x)] == '#' ? 0 : 255;
    }
  }
  const auto found = FindInkComponents(page.view());
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].box, (Box{0, 0, 4, 3}));
  EXPECT_EQ(found[0].pixels, 5);
  EXPECT_EQ(found[1].box, (Box{3, 0, 3, 4}));
  EXPECT_EQ(found[1].pixels, 5);
  EXPECT_EQ(found[2].box, (Box{0, 4, 2, 1}));
}

TEST(TextLinesTest, AreThoseOfThePage) {
  const ImageU8 page = TextMask(900, 1200, 2, 1);
  const TextLines text = FindTextLines(FindInkComponents(page.view()), {900, 1200});
  // Every 26 pixels one, from 16 on.
  EXPECT_NEAR(static_cast<double>(text.lines.size()), (1200 - 32 - 18) / 26 + 1, 2);
  EXPECT_GT(text.in_lines, 0.95);
  EXPECT_GT(text.along, 0.9);
  EXPECT_NEAR(text.letter_height, 10, 4);
}

}  // namespace
}  // namespace peel
