#include "src/codec/metadata/exif.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace peel {
namespace {

// Builds blocks of either byte order.
class BlockBuilder {
 public:
  explicit BlockBuilder(bool little) : little_(little) {
    Text(little ? "II" : "MM");
    U16(42);
  }
  void Text(const std::string& s) {
    for (const char c : s) data.push_back(static_cast<uint8_t>(c));
  }
  void U16(unsigned v) {
    const uint8_t a = static_cast<uint8_t>(v), b = static_cast<uint8_t>(v >> 8);
    data.push_back(little_ ? a : b);
    data.push_back(little_ ? b : a);
  }
  void U32(uint32_t v) {
    U16(little_ ? v & 0xFFFF : v >> 16);
    U16(little_ ? v >> 16 : v & 0xFFFF);
  }
  void Short(unsigned tag, unsigned v) { U16(tag), U16(3), U32(1), U16(v), U16(0); }
  void Long(unsigned tag, uint32_t v) { U16(tag), U16(4), U32(1), U32(v); }
  std::vector<uint8_t> data;

 private:
  bool little_;
};

// First directory with orientation and a link to the second, an EXIF directory with sizes and a
// maker note, a second directory with a thumbnail at the end.
std::vector<uint8_t> Camera(bool little, unsigned orientation) {
  BlockBuilder b(little);
  b.U32(8);
  b.U16(3);  // 8
  b.Short(0x0112, orientation);
  b.Long(0x8769, 50);
  b.Short(0x0128, 2);
  b.U32(104);  // link, at 46
  b.U16(3);    // 50
  b.Short(0xA002, 4000);
  b.Long(0xA003, 3000);
  b.U16(0x927C), b.U16(7), b.U32(12), b.U32(92);
  b.U32(0);                // at 88
  b.Text("MAKERNOTE123");  // 92
  b.U16(2);                // 104
  b.Long(0x0201, 134);
  b.Long(0x0202, 20);
  b.U32(0);                        // at 130
  b.Text("THUMBNAIL-THUMBNAIL!");  // 134
  EXPECT_EQ(b.data.size(), 154u);
  return b.data;
}

bool Contains(const std::vector<uint8_t>& data, const std::string& text) {
  return std::string(data.begin(), data.end()).find(text) != std::string::npos;
}

TEST(Exif, OrientationInBothByteOrders) {
  for (const bool little : {true, false}) {
    for (unsigned o = 1; o <= 8; ++o) {
      EXPECT_EQ(ExifOrientation(Camera(little, o)), static_cast<int>(o));
    }
    EXPECT_EQ(ExifOrientation(Camera(little, 0)), 0);
    EXPECT_EQ(ExifOrientation(Camera(little, 9)), 0);
  }
  std::vector<uint8_t> with_prefix = {'E', 'x', 'i', 'f', 0, 0};
  const auto block = Camera(true, 6);
  for (const uint8_t byte : block) with_prefix.push_back(byte);
  EXPECT_EQ(ExifOrientation(with_prefix), 6);
}

TEST(Exif, UpdateKeepsTheRestAndDropsTheThumbnail) {
  for (const bool little : {true, false}) {
    const std::vector<uint8_t> before = Camera(little, 6);
    const std::vector<uint8_t> after = UpdateExif(before, 3000, 70000);
    EXPECT_EQ(ExifOrientation(after), 1);
    EXPECT_TRUE(Contains(after, "MAKERNOTE123"));
    EXPECT_FALSE(Contains(after, "THUMBNAIL"));
    EXPECT_EQ(after.size(), 104u) << "what lay at the end is cut off";

    BlockBuilder b(little);
    b.U32(8), b.U16(3), b.Short(0x0112, 1), b.Long(0x8769, 50), b.Short(0x0128, 2), b.U32(0);
    b.U16(3), b.Short(0xA002, 3000), b.Long(0xA003, 70000);
    ASSERT_GE(after.size(), b.data.size());
    EXPECT_TRUE(std::equal(b.data.begin(), b.data.end(), after.begin()));
  }
}

TEST(Exif, SizeTooLargeForAShortBecomesALong) {
  const auto after = UpdateExif(Camera(true, 1), 70000, 10);
  // Entry of 0xA002 at 52: type 4, value 70000.
  EXPECT_EQ(after[54], 4);
  uint32_t value;
  std::memcpy(&value, after.data() + 60, 4);
  EXPECT_EQ(value, 70000u);
}

// Only the second directory is lost where it claims what belongs to the rest.
TEST(Exif, SecondDirectoryThatIsNonsenseIsDroppedAlone) {
  for (const bool little : {true, false}) {
    const std::vector<uint8_t> sound = UpdateExif(Camera(little, 6), 3000, 70000);
    std::vector<uint8_t> data = Camera(little, 6);
    const size_t value = 104 + 2 + 8;
    for (size_t i = 0; i < 4; ++i) data[value + i] = 0;  // the thumbnail "begins" at 0
    EXPECT_EQ(UpdateExif(data, 3000, 70000), sound);
    // The link points to the first directory, into the EXIF directory, beyond the end.
    for (const uint32_t link : {8u, 52u, 150u, 60000u}) {
      data = Camera(little, 6);
      for (size_t i = 0; i < 4; ++i) {
        data[46 + i] = static_cast<uint8_t>(link >> (little ? 8 * i : 24 - 8 * i));
      }
      std::vector<uint8_t> after = UpdateExif(data, 3000, 70000);
      ASSERT_GE(after.size(), 104u) << link;
      after.resize(104);
      EXPECT_EQ(after, sound) << link;
    }
  }
}

TEST(Exif, TruncationAndLoopsDoNoHarm) {
  const std::vector<uint8_t> whole = Camera(false, 8);
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    const int orientation = ExifOrientation(cut);
    EXPECT_TRUE(orientation == 0 || orientation == 8);
    EXPECT_LE(UpdateExif(cut, 1, 1).size(), size);
  }
  BlockBuilder loop(true);
  loop.U32(8);
  loop.U16(2);
  loop.Long(0x8769, 8);  // itself
  loop.Long(0x8825, 8);
  loop.U32(8);  // and linked to itself
  const auto unlooped = UpdateExif(loop.data, 5, 5);
  EXPECT_EQ(unlooped.size(), loop.data.size()) << "the second directory is the first";
  EXPECT_EQ(unlooped[34], 0) << "and no longer linked";
  EXPECT_TRUE(UpdateExif({}, 5, 5).empty());
}

std::vector<uint8_t> WithResolution(bool little, uint16_t unit) {
  BlockBuilder b(little);
  b.U32(8), b.U16(3);
  for (const unsigned tag : {0x011Au, 0x011Bu})
    b.U16(tag), b.U16(5), b.U32(1), b.U32(tag * 8 - 0x011A * 8 + 50);
  b.Short(0x0128, unit);
  b.U32(0);  // at 46
  b.U32(3000), b.U32(10), b.U32(150), b.U32(1);
  return b.data;
}

TEST(Exif, ResolutionIsReadAndRewritten) {
  for (const bool little : {true, false}) {
    const auto block = WithResolution(little, 2);
    EXPECT_EQ(ExifResolution(block), (Resolution{300, 150, Resolution::Unit::kInch}));
    EXPECT_EQ(ExifResolution(WithResolution(little, 3)).unit, Resolution::Unit::kCentimetre);
    EXPECT_FALSE(ExifResolution(WithResolution(little, 4)).known());
    const Resolution other = {118.11, 72, Resolution::Unit::kCentimetre};
    EXPECT_EQ(ExifResolution(UpdateExif(block, 1, 1, other)), other);
    EXPECT_EQ(UpdateExif(block, 1, 1), block) << "none is known";
    for (size_t size = 0; size < block.size(); ++size) {
      EXPECT_FALSE(ExifResolution(std::span(block).first(size)).known());
    }
  }
}

// A maker note, a large text and a small one.
TEST(Exif, ShrinkingLeavesOutWhatIsLarge) {
  for (const bool little : {true, false}) {
    BlockBuilder b(little);
    b.U32(8), b.U16(3);
    b.U16(0x010E), b.U16(2), b.U32(5000), b.U32(104);
    b.U16(0x010F), b.U16(2), b.U32(6), b.U32(96);
    b.Long(0x8769, 60);
    b.U32(0);
    b.U32(0), b.U16(0), b.U16(0), b.U16(0);  // up to 60
    b.U16(1), b.U16(0x927C), b.U16(7), b.U32(20), b.U32(76), b.U32(0);
    b.data.resize(76);
    b.Text("MAKERNOTE-MAKERNOTE!");
    b.Text("Maker"), b.data.resize(104);
    b.Text(std::string(5000, 'x'));
    std::string left_out;
    auto out = ShrinkExif(b.data, 10'000, &left_out);
    EXPECT_EQ(left_out, "maker notes");
    EXPECT_TRUE(Contains(out, "xxxx") && Contains(out, "Maker") && !Contains(out, "MAKERNOTE"));
    out = ShrinkExif(b.data, 2'000, &left_out);
    EXPECT_EQ(left_out, "maker notes, ImageDescription");
    EXPECT_TRUE(Contains(out, "Maker") && !Contains(out, "xxxx"));
    EXPECT_LE(out.size(), 2'000u);
    EXPECT_TRUE(ShrinkExif(b.data, 10, &left_out).empty());
  }
}

}  // namespace
}  // namespace peel
