#include "src/matte/parts.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace peel {
namespace {

// Digits are tenths of opacity, '.' is none, '#' full.
ImageU8 Draw(const std::vector<std::string>& rows) {
  ImageU8 image =
      *ImageU8::Allocate(static_cast<int>(rows[0].size()), static_cast<int>(rows.size()), 1);
  for (size_t y = 0; y < rows.size(); ++y) {
    for (size_t x = 0; x < rows[y].size(); ++x) {
      const char c = rows[y][x];
      image.row(static_cast<int>(y))[x] = static_cast<uint8_t>(c == '.'   ? 0
                                                               : c == '#' ? 255
                                                                          : (c - '0') * 25);
    }
  }
  return image;
}

std::vector<std::string> Text(const ImageU8& image) {
  std::vector<std::string> rows;
  for (int y = 0; y < image.height(); ++y) {
    std::string row;
    for (int x = 0; x < image.width(); ++x) {
      const int v = image.row(y)[x];
      row += v == 0 ? '.' : v == 255 ? '#' : static_cast<char>('0' + v / 25);
    }
    rows.push_back(row);
  }
  return rows;
}

TEST(Parts, KeepsTheLargestIslandWithItsShore) {
  ImageU8 matte = Draw({".2##2....",  //
                        ".2##3.3#.",  //
                        ".2#8.1.##",  //
                        "....#....",  // touches by a corner
                        "1.......9"});
  ASSERT_TRUE(KeepLargest(matte.view()).ok());
  EXPECT_EQ(Text(matte), (std::vector<std::string>{".2##2....",  //
                                                   ".2##3....",  //
                                                   ".2#8.....",  //
                                                   "....#....",  //
                                                   "........."}));
}

TEST(Parts, SharedShoreGoesToTheNearerIsland) {
  ImageU8 matte = Draw({"##1111#"});
  ASSERT_TRUE(KeepLargest(matte.view()).ok());
  EXPECT_EQ(Text(matte), (std::vector<std::string>{"##11..."}));
}

TEST(Parts, OneIslandOrNoneStaysAsItIs) {
  const std::vector<std::string> single = {"3##..1"}, soft = {"34..2."}, empty = {"..."};
  ImageU8 matte = Draw(single);
  ASSERT_TRUE(KeepLargest(matte.view()).ok());
  EXPECT_EQ(Text(matte), single);
  matte = Draw(soft);
  ASSERT_TRUE(KeepLargest(matte.view()).ok());
  EXPECT_EQ(Text(matte), (std::vector<std::string>{"34...."}));
  matte = Draw(empty);
  ASSERT_TRUE(KeepLargest(matte.view()).ok());
  EXPECT_EQ(Text(matte), empty);
}

TEST(Parts, FillsHolesAndTheirRims) {
  ImageU8 matte = Draw({".8######8.",  //
                        ".8#797##8.",  //
                        ".8#.3.##8.",  //
                        ".8#7#9####",  //
                        "..#####..#",  // open to the border below
                        ".....###.#"});
  ASSERT_TRUE(FillHoles(matte.view()).ok());
  EXPECT_EQ(Text(matte), (std::vector<std::string>{".8######8.",  //
                                                   ".8######8.",  //
                                                   ".8######8.",  //
                                                   ".8########",  //
                                                   "..#####..#",  //
                                                   ".....###.#"}));
}

}  // namespace
}  // namespace peel
