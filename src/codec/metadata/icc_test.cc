#include "src/codec/metadata/icc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "src/codec/bytes.h"
#include "src/codec/metadata/icc_curve.h"
#include "src/codec/metadata/icc_write.h"
#include "src/codec/png/png_colour.h"

namespace peel {
namespace {

std::vector<uint8_t> Tag(std::string type, std::vector<uint32_t> numbers) {
  std::vector<uint8_t> out(type.begin(), type.end());
  out.resize(8);
  for (const uint32_t v : numbers) {
    out.resize(out.size() + 4);
    WriteBig32(&out[out.size() - 4], v);
  }
  return out;
}

constexpr uint32_t kOne = 65536;

TEST(IccCurve, KindsAndTheirValues) {
  const struct {
    std::vector<uint8_t> tag;
    double at_half;
  } cases[] = {{Tag("curv", {0}), 0.5},
               {Tag("curv", {1, 0x01800000}), std::pow(0.5, 1.5)},
               {Tag("curv", {2, 0x0000FFFF}), 0.5},
               {Tag("curv", {3, 0x00004000, 0xFFFF0000}), 0x4000 / 65535.0},
               {Tag("para", {0, 2 * kOne}), 0.25},
               {Tag("para", {1 << 16, 2 * kOne, 2 * kOne, 0 - kOne / 2}), 0.25},
               {Tag("para", {2 << 16, kOne, kOne, 0, kOne / 4}), 0.75},
               {Tag("para", {3 << 16, 2 * kOne, kOne, 0, kOne / 2, kOne * 3 / 4}), 0.25},
               {Tag("para", {4 << 16, kOne, kOne, 0, kOne, kOne / 4, kOne / 8, 0}), 0.625}};
  for (const auto& c : cases) {
    const auto curve = IccCurve::Read(c.tag);
    ASSERT_TRUE(curve) << &c - cases;
    EXPECT_NEAR((*curve)(0.5), c.at_half, 1e-4) << &c - cases;
    EXPECT_EQ(curve->tag().size(), c.tag.size() - (c.tag[0] == 'c' && c.tag[11] % 2 == 1 ? 2 : 0));
    for (size_t size = 0; size + 2 < c.tag.size(); ++size) {
      EXPECT_FALSE(IccCurve::Read(std::span(c.tag).first(size))) << &c - cases << ", " << size;
    }
    for (double v = -1; v < 2; v += 0.01) {
      EXPECT_GE((*curve)(v), 0);
      EXPECT_LE((*curve)(v), 1);
    }
  }
  EXPECT_FALSE(IccCurve::Read(Tag("curv", {0x7FFFFFFF, 0})));
  EXPECT_FALSE(IccCurve::Read(Tag("curv", {1, 0}))) << "gamma 0";
  EXPECT_FALSE(IccCurve::Read(Tag("para", {5 << 16, kOne})));
  EXPECT_FALSE(IccCurve::Read(Tag("para", {1 << 16, kOne, 0, 0}))) << "no function of its value";
  EXPECT_FALSE(IccCurve::Read(Tag("mft2", {0, 0, 0, 0})));
}

TEST(Icc, GreyBecomesRgbWithItsCurve) {
  // WriteMatrixIcc's own profile made grey: rTRC becomes kTRC.
  auto grey = WriteMatrixIcc(kSrgbChromaticities, IccGammaCurve(1.75), "x");
  const auto replace = [&](const std::string& from, const std::string& to) {
    const std::string text(grey.begin(), grey.end());
    std::copy(to.begin(), to.end(), grey.begin() + static_cast<ptrdiff_t>(text.find(from)));
  };
  EXPECT_TRUE(RgbIccFromGrey(grey).empty()) << "it is RGB";
  replace("RGB ", "GRAY");
  EXPECT_TRUE(RgbIccFromGrey(grey).empty()) << "no curve";
  replace("rTRC", "kTRC");
  const auto rgb = RgbIccFromGrey(grey);
  ASSERT_EQ(IccColourSpace(rgb), IccSpace::kRgb);
  for (const char* name : {"rTRC", "gTRC", "bTRC"}) {
    const auto curve = IccCurve::Read(IccTag(rgb, name));
    ASSERT_TRUE(curve);
    EXPECT_NEAR((*curve)(0.5), std::pow(0.5, 1.75), 1e-4);
  }
  for (size_t at = 0; at < grey.size(); ++at) {  // whatever is broken does no harm
    auto broken = grey;
    broken[at] ^= 0xFF;
    RgbIccFromGrey(broken);
    RgbIccFromGrey(std::span(grey).first(at));
  }
  replace("mntr", "link");
  EXPECT_EQ(IccColourSpace(grey), IccSpace::kInvalid);
}

TEST(PngColour, PrimariesThatSpanNothingAreOverlooked) {
  const auto icc = [](std::array<uint32_t, 8> chrm) {
    PngColours colours;
    colours.chrm = chrm;
    return PngIcc(colours, {});
  };
  EXPECT_FALSE(icc({31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000}).empty());
  EXPECT_TRUE(icc({31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000}).empty()) << "sRGB";
  EXPECT_TRUE(icc({90000, 5000, 64000, 33000, 21000, 71000, 15000, 6000}).empty())
      << "a white outside";
  EXPECT_TRUE(icc({31270, 32900, 10000, 10000, 20000, 20000, 30000, 30000}).empty()) << "a line";
  EXPECT_TRUE(icc({31270, 0, 64000, 33000, 21000, 71000, 15000, 6000}).empty()) << "no light";
  EXPECT_TRUE(icc({31270, 32900, 64000, 133000, 21000, 71000, 15000, 6000}).empty());
  // ProPhoto's blue is hardly any light, and yet sound.
  EXPECT_FALSE(icc({34570, 35850, 73470, 26530, 15960, 84040, 3660, 10}).empty());
}

}  // namespace
}  // namespace peel
