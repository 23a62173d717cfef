#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "src/codec/metadata/exif.h"

namespace peel {
namespace {

struct Taken {
  unsigned film = 0;                     // FocalLengthIn35mmFilm
  uint32_t tenths = 0;                   // FocalLength
  uint32_t sensor = 0, unit = 3;         // FocalPlaneXResolution and its unit
  uint32_t width = 4000, height = 3000;  // of what was taken
};

// A block in either byte order: a directory that points to the EXIF directory at 26.
class Camera {
 public:
  Camera(bool little, const Taken& taken) : little_(little) {
    for (const char c : std::string(little ? "II" : "MM")) data_.push_back(static_cast<uint8_t>(c));
    U16(42), U32(8);
    U16(1);
    Entry(0x8769, 4, 26), U32(0);
    U16(6);
    const uint32_t values = 26 + 2 + 6 * 12 + 4;
    Entry(0x920A, 5, values);
    Entry(0xA002, 4, taken.width);
    Entry(0xA003, 4, taken.height);
    Entry(0xA20E, 5, values + 8);
    Short(0xA210, taken.unit);
    Short(0xA405, taken.film);
    U32(0);
    U32(taken.tenths), U32(10), U32(taken.sensor), U32(taken.sensor > 0 ? 1 : 0);
  }
  std::vector<uint8_t> bytes() const { return data_; }

 private:
  void U16(uint32_t v) {
    data_.push_back(static_cast<uint8_t>(little_ ? v : v >> 8));
    data_.push_back(static_cast<uint8_t>(little_ ? v >> 8 : v));
  }
  void U32(uint32_t v) {
    U16((little_ ? v : v >> 16) & 0xFFFF);
    U16((little_ ? v >> 16 : v) & 0xFFFF);
  }
  void Entry(uint32_t tag, uint32_t type, uint32_t v) { U16(tag), U16(type), U32(1), U32(v); }
  void Short(uint32_t tag, uint32_t v) { U16(tag), U16(3), U32(1), U16(v), U16(0); }

  bool little_;
  std::vector<uint8_t> data_;
};

double Focal(const Taken& taken, int width, int height, bool little = true) {
  return ExifFocalLength(Camera(little, taken).bytes(), width, height);
}

TEST(ExifLens, FilmEquivalentIsByTheDiagonal) {
  // 5000 pixels of diagonal stand for 43.27 mm.
  for (const bool little : {true, false}) {
    EXPECT_NEAR(Focal({.film = 26}, 4000, 3000, little), 26 / 43.266615 * 5000, 1e-6);
  }
  EXPECT_NEAR(Focal({.film = 26}, 3000, 4000), 26 / 43.266615 * 5000, 1e-6);  // turned upright
  EXPECT_NEAR(Focal({.film = 26}, 1000, 750), 26 / 43.266615 * 1250, 1e-6);   // scaled
}

TEST(ExifLens, SensorPixelsWhereThereIsNoEquivalent) {
  // 50 mm on 200 pixels a millimetre.
  EXPECT_NEAR(Focal({.tenths = 500, .sensor = 2000, .unit = 3}, 4000, 3000), 10000, 1e-6);
  EXPECT_NEAR(Focal({.tenths = 500, .sensor = 5080, .unit = 2}, 4000, 3000), 10000, 1e-6);
  EXPECT_NEAR(Focal({.tenths = 500, .sensor = 200, .unit = 4}, 4000, 3000), 10000, 1e-6);
  EXPECT_NEAR(Focal({.tenths = 500, .sensor = 2000}, 1500, 2000), 5000, 1e-6);
  EXPECT_NEAR(Focal({.film = 26, .tenths = 500, .sensor = 2000}, 4000, 3000), 3004.6, 0.1);
  EXPECT_EQ(Focal({.tenths = 500, .sensor = 2000, .unit = 1}, 4000, 3000), 0);
  EXPECT_EQ(Focal({.tenths = 500}, 4000, 3000), 0);
}

TEST(ExifLens, NothingOfAPartOrNonsense) {
  EXPECT_EQ(Focal({.film = 26}, 4000, 2000), 0);  // cropped
  EXPECT_EQ(Focal({.film = 1}, 4000, 3000), 0);   // no lens
  EXPECT_EQ(Focal({.film = 65535}, 4000, 3000), 0);
  EXPECT_EQ(Focal({}, 4000, 3000), 0);
  EXPECT_EQ(Focal({.film = 26}, 0, 3000), 0);
  EXPECT_EQ(ExifFocalLength({}, 4000, 3000), 0);
  const std::vector<uint8_t> whole = Camera(true, {.film = 26}).bytes();
  for (size_t cut = 0; cut < whole.size(); ++cut) {  // whatever it says, it says it without a crash
    ExifFocalLength({whole.data(), cut}, 4000, 3000);
  }
}

TEST(ExifLens, CanBeForgotten) {
  for (const Taken& taken : {Taken{.film = 26}, Taken{.tenths = 500, .sensor = 2000}}) {
    std::vector<uint8_t> block = Camera(false, taken).bytes();
    ASSERT_GT(ExifFocalLength(block, 4000, 3000), 0);
    ForgetFocalLength(block);
    EXPECT_EQ(ExifFocalLength(block, 4000, 3000), 0);
  }
}

}  // namespace
}  // namespace peel
