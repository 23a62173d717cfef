#include "src/codec/tiff/g4_encode.h"

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "src/codec/decode.h"
#include "src/codec/encode.h"
#include "src/codec/test_pictures.h"

namespace peel {
namespace {

// Stripes, boxes and noise of 0 and 255.
ImageU8 Bilevel(int width, int height, bool noise) {
  ImageU8 image = std::move(*ImageU8::Allocate(width, height, 1));
  uint32_t state = 7;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      state = state * 1664525u + 1013904223u;
      const bool white = noise ? state >> 31 : (x / 5 + y / 3) % 3 != 0 || y % 17 == 0;
      image.row(y)[x] = white ? 255 : 0;
    }
  }
  return image;
}

// A one-strip TIFF around the codes.
std::vector<uint8_t> TiffAround(const std::vector<uint8_t>& strip, int width, int height) {
  std::vector<uint8_t> file = {'I', 'I', 42, 0, 8, 0, 0, 0};
  const auto put = [&](uint32_t v, int bytes) {
    for (int i = 0; i < bytes; ++i) file.push_back(static_cast<uint8_t>(v >> 8 * i));
  };
  const std::array<std::pair<uint16_t, uint32_t>, 8> fields = {
      {{256, static_cast<uint32_t>(width)},
       {257, static_cast<uint32_t>(height)},
       {258, 1},
       {259, 4},  // Group 4
       {262, 0},  // 0 is white
       {273, 8 + 2 + 8 * 12 + 4},
       {278, static_cast<uint32_t>(height)},
       {279, static_cast<uint32_t>(strip.size())}}};
  put(fields.size(), 2);
  for (const auto& [tag, value] : fields) {
    put(tag, 2);
    put(4, 2);
    put(1, 4);
    put(value, 4);
  }
  put(0, 4);
  file.insert(file.end(), strip.begin(), strip.end());
  return file;
}

TEST(G4, DecodesToTheSamePixels) {
  for (const bool noise : {false, true}) {
    for (const auto& [width, height] :
         {std::pair{1, 1}, {7, 3}, {8, 8}, {9, 2}, {64, 50}, {1001, 77}, {3, 2000}}) {
      const ImageU8 page = Bilevel(width, height, noise);
      const auto codes = EncodeG4(page.view());
      ASSERT_TRUE(codes.ok()) << codes.status().message();
      const auto picture = Decode(TiffAround(*codes, width, height), {});
      ASSERT_TRUE(picture.ok()) << picture.status().message();
      EXPECT_EQ(picture->warning, "");
      ASSERT_EQ(picture->width(), width);
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          ASSERT_EQ(picture->u8()->row(y)[3 * x], page.row(y)[x])
              << width << "x" << height << " at " << x << ", " << y;
        }
      }
    }
  }
}

TEST(G4, ThresholdLiesAtTheMiddle) {
  ImageU8 page = std::move(*ImageU8::Allocate(9, 1, 1));
  for (int x = 0; x < 9; ++x) page.row(0)[x] = x % 2 == 0 ? 127 : 128;
  const auto codes = EncodeG4(page.view());
  ASSERT_TRUE(codes.ok());
  const auto picture = Decode(TiffAround(*codes, 9, 1), {});
  ASSERT_TRUE(picture.ok());
  for (int x = 0; x < 9; ++x) EXPECT_EQ(picture->u8()->row(0)[3 * x], x % 2 == 0 ? 0 : 255) << x;
}

TEST(G4, RefusesWhatHasMoreChannels) {
  const ImageU8 page = Bilevel(4, 4, true);
  ImageView<const uint8_t> view = page.view();
  view.channels = 3;
  view.width = 1;
  EXPECT_EQ(EncodeG4(view).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(EncodeG4({}).status().code(), StatusCode::kInvalidArgument);
}

TEST(BilevelPng, IsSmallAndTheSamePicture) {
  for (const int width : {1, 8, 13, 500}) {
    const ImageU8 page = Bilevel(width, 211, true);
    const auto wide = Encode(page.view(), {});
    const auto small = Encode(page.view(), {.bilevel = true});
    ASSERT_TRUE(wide.ok() && small.ok());
    EXPECT_EQ((*small)[24], 1) << "bits of a sample";
    EXPECT_EQ((*wide)[24], 8);
    if (width > 100) {
      EXPECT_LT(small->size(), wide->size());
    }
    const auto picture = Decode(*small, {});
    ASSERT_TRUE(picture.ok()) << picture.status().message();
    for (int y = 0; y < 211; ++y) {
      for (int x = 0; x < width; ++x) ASSERT_EQ(picture->u8()->row(y)[3 * x], page.row(y)[x]);
    }
  }
  // Of several channels it is what it always is.
  const ImageU8 colour = Noise<uint8_t>(20, 20, 3, 1);
  EXPECT_EQ(*Encode(colour.view(), {.bilevel = true}), *Encode(colour.view(), {}));
}

}  // namespace
}  // namespace peel
