#include "src/video/media/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace peel::video {
namespace {

// With or without room for it, a plane of alpha comes behind the others, which stay.
TEST(FrameTest, AlphaIsAddedAndDropped) {
  for (const int depth : {8, 10}) {
    for (const bool room : {false, true}) {
      FrameLayout layout;
      layout.depth = depth;
      auto made = Frame::Allocate(layout, 101, 67, room);
      ASSERT_TRUE(made.ok());
      Frame frame = std::move(made).value();
      frame.pts = 7;
      std::iota(frame.data(), frame.data() + frame.bytes(), uint8_t{1});
      const std::vector<uint8_t> before(frame.data(), frame.data() + frame.bytes());
      const uint8_t* const place = frame.data();

      ASSERT_TRUE(frame.AddAlpha().ok());
      EXPECT_TRUE(frame.layout().alpha);
      EXPECT_EQ(frame.pts, 7);
      EXPECT_EQ(frame.plane(3), frame.data() + before.size());
      EXPECT_EQ(frame.bytes(), before.size() + size_t{101} * 67 * (depth > 8 ? 2 : 1));
      EXPECT_EQ(frame.row_bytes(3), size_t{101} * (depth > 8 ? 2 : 1));
      EXPECT_TRUE(std::equal(before.begin(), before.end(), frame.data()));
      if (room) {
        EXPECT_EQ(frame.data(), place);  // nothing was moved
      }
      std::fill(frame.plane(3), frame.data() + frame.bytes(), uint8_t{9});

      const size_t all = frame.bytes();
      ASSERT_TRUE(frame.AddAlpha().ok());  // it has one
      EXPECT_EQ(frame.bytes(), all);
      EXPECT_EQ(*frame.plane(3), 9);

      frame.DropAlpha();
      frame.DropAlpha();
      EXPECT_EQ(frame.layout(), layout);
      EXPECT_EQ(frame.bytes(), before.size());
      EXPECT_TRUE(std::equal(before.begin(), before.end(), frame.data()));
    }
  }
}

TEST(FrameTest, RoomIsLeftWhereAlphaIsNot) {
  FrameLayout layout;
  layout.alpha = true;
  const auto frame = Frame::Allocate(layout, 4, 4, /*room_for_alpha=*/true);
  ASSERT_TRUE(frame.ok());
  EXPECT_EQ(frame->bytes(), 16U + 4 + 4 + 16);
}

}  // namespace
}  // namespace peel::video
