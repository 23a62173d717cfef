#include "src/video/frame_picture.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>

namespace peel::video {
namespace {

struct Case {
  const char* matrix;
  const char* range;
  std::array<int, 3> code, rgb;  // 8 bits
};

// Full red and the like by the standards' own formulas.
constexpr Case kCases[] = {{"bt709", "tv", {63, 102, 240}, {255, 0, 0}},
                           {"bt709", "tv", {173, 42, 26}, {0, 255, 0}},
                           {"smpte170m", "tv", {81, 90, 240}, {255, 0, 0}},
                           {"smpte170m", "pc", {76, 85, 255}, {254, 0, 0}},
                           {"bt2020nc", "tv", {74, 97, 240}, {255, 0, 0}},
                           {"bt709", "tv", {235, 128, 128}, {255, 255, 255}},
                           {"bt709", "pc", {128, 128, 128}, {128, 128, 128}}};

Frame Filled(const FrameFormat& format, const std::array<int, 4>& code) {
  Frame frame = *Frame::Allocate(format.layout, format.width, format.height);
  for (int plane = 0; plane < format.layout.planes(); ++plane) {
    const int count = frame.plane_width(plane) * frame.plane_height(plane);
    for (int i = 0; i < count; ++i) {
      if (format.layout.depth == 8) {
        frame.plane(plane)[i] = static_cast<uint8_t>(code[static_cast<size_t>(plane)]);
      } else {
        const auto deep = static_cast<uint16_t>(code[static_cast<size_t>(plane)] * 4);
        std::memcpy(frame.plane(plane) + 2 * i, &deep, 2);
      }
    }
  }
  return frame;
}

TEST(PictureOf, FollowsMatrixAndRange) {
  for (const Case& c : kCases) {
    for (const int depth : {8, 10}) {
      for (const int shift : {0, 1}) {
        FrameFormat format;
        format.width = 5;
        format.height = 3;
        format.layout = {depth, shift, shift, true};
        format.colour.matrix = c.matrix;
        format.colour.range = c.range;
        const bool deep_full = depth == 10 && std::string(c.range) == "pc";
        const Frame frame = Filled(format, {c.code[0], c.code[1], c.code[2], 255});
        const auto picture = PictureOf(frame, format, nullptr);
        ASSERT_TRUE(picture.ok());
        ASSERT_EQ(picture->channels(), 4);
        for (int channel = 0; channel < 3; ++channel) {
          const auto i = static_cast<size_t>(channel);
          EXPECT_NEAR(picture->row(2)[4 * 4 + channel], c.rgb[i], deep_full ? 3 : 2)
              << c.matrix << " " << c.range << " " << depth << " " << shift << " " << channel;
        }
        EXPECT_EQ(RgbOf(frame, format, nullptr)->channels(), 3);
        EXPECT_NEAR(DeepPictureOf(frame, format, nullptr)->row(0)[0], c.rgb[0] * 257, 900);
      }
    }
  }
}

// Where the matrix is untold small films are taken for BT.601 and large ones for BT.709.
TEST(PictureOf, GuessesTheMatrixBySize) {
  FrameFormat small;
  small.width = 64;
  small.height = 48;
  FrameFormat large = small;
  large.width = 1280;
  large.height = 720;
  const auto red_of = [](const FrameFormat& format, std::array<int, 4> code) {
    return PictureOf(Filled(format, code), format, nullptr)->row(0)[1];
  };
  EXPECT_LE(red_of(small, {81, 90, 240, 0}), 2);
  EXPECT_LE(red_of(large, {63, 102, 240, 0}), 2);
  EXPECT_GT(red_of(large, {81, 90, 240, 0}), 10);
}

}  // namespace
}  // namespace peel::video
