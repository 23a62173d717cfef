#include "src/codec/metadata/cicp.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <string>
#include <vector>

#include "src/codec/bytes.h"
#include "src/codec/metadata/icc.h"
#include "src/codec/test_pictures.h"

namespace peel {
namespace {

// Where a tag's data lie; empty where there is none.
std::vector<uint8_t> Tag(const std::vector<uint8_t>& icc, const std::string& name) {
  const uint32_t count = ReadBig32(icc.data() + 128);
  for (uint32_t i = 0; i < count; ++i) {
    const uint8_t* entry = icc.data() + 132 + size_t{12} * i;
    if (std::string(entry, entry + 4) != name) continue;
    const uint32_t at = ReadBig32(entry + 4), size = ReadBig32(entry + 8);
    EXPECT_LE(at + size, icc.size());
    return {icc.begin() + at, icc.begin() + at + size};
  }
  return {};
}

double Fixed(const std::vector<uint8_t>& tag, size_t index) {
  return static_cast<int32_t>(ReadBig32(tag.data() + 8 + 4 * index)) / 65536.0;
}

TEST(Cicp, SrgbAndTheUnknownNeedNoProfile) {
  for (const Cicp cicp : {Cicp{2, 2}, Cicp{1, 13}, Cicp{1, 1}, Cicp{2, 13}, Cicp{1, 6}, Cicp{3, 13},
                          Cicp{12, 99}, Cicp{-1, -1}}) {
    EXPECT_TRUE(IccFromCicp(cicp).empty()) << cicp.primaries << ", " << cicp.transfer;
  }
}

TEST(Cicp, DisplayP3HasTheKnownColumns) {
  const auto icc = IccFromCicp({12, 13});
  ASSERT_EQ(IccColourSpace(icc), IccSpace::kRgb);
  EXPECT_EQ(ReadBig32(icc.data()), icc.size());
  // Those of the profile that Apple's devices put into photos.
  const double wanted[3][3] = {
      {0.51512, 0.24120, -0.00105}, {0.29198, 0.69225, 0.04189}, {0.15710, 0.06657, 0.78407}};
  const char* const names[] = {"rXYZ", "gXYZ", "bXYZ"};
  for (size_t j = 0; j < 3; ++j) {
    const auto column = Tag(icc, names[j]);
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(Fixed(column, i), wanted[j][i], 3e-4);
  }
  const auto curve = Tag(icc, "rTRC");
  EXPECT_EQ(std::string(curve.begin(), curve.begin() + 4), "para");
  EXPECT_EQ(Tag(icc, "gTRC"), curve);
}

TEST(Cicp, ColumnsAddUpToD50) {
  for (const int primaries : {4, 5, 6, 7, 9, 11, 12}) {
    const auto icc = IccFromCicp({primaries, 13});
    ASSERT_FALSE(icc.empty()) << primaries;
    const double white[] = {0.9642, 1.0, 0.8249};
    for (size_t i = 0; i < 3; ++i) {
      const double sum =
          Fixed(Tag(icc, "rXYZ"), i) + Fixed(Tag(icc, "gXYZ"), i) + Fixed(Tag(icc, "bXYZ"), i);
      EXPECT_NEAR(sum, white[i], 1e-4) << primaries;
    }
  }
}

// Values by the standards: PQ's code for 203 cd/m² is 0.5807, HLG's is 0.75.
TEST(Cicp, BrightCurvesReachWhiteAtReferenceWhite) {
  for (const auto& [transfer, code] : {std::pair{16, 0.5807}, {18, 0.75}}) {
    const auto curve = Tag(IccFromCicp({9, transfer}), "rTRC");
    ASSERT_EQ(ReadBig32(curve.data() + 8), 4096u);
    const auto at = [&](double v) {
      return ReadBig16(curve.data() + 12 + 2 * static_cast<size_t>(v * 4095)) / 65535.0;
    };
    EXPECT_EQ(at(0), 0);
    EXPECT_LT(at(code - 0.02), 0.97);
    EXPECT_GT(at(code + 0.01), 0.999);
    EXPECT_EQ(at(1), 1);
    for (double v = 0.01; v < 1; v += 0.01) EXPECT_GE(at(v), at(v - 0.01));
  }
}

// A PNG's cICP chunk, which goes before a profile.
TEST(Cicp, ChunkOfPng) {
  Metadata metadata;
  metadata.icc = Profile("RGB ", 300);
  for (const bool profile : {false, true}) {
    auto png = MustEncode(Smooth(5, 4, 3).view(), {.metadata = profile ? &metadata : nullptr});
    std::vector<uint8_t> chunk = {0, 0, 0, 4, 'c', 'I', 'C', 'P', 12, 13, 0, 1};
    const uint32_t crc = libdeflate_crc32(0, chunk.data() + 4, 8);
    chunk.resize(16);
    WriteBig32(chunk.data() + 12, crc);
    png.insert(png.begin() + 33, chunk.begin(), chunk.end());
    EXPECT_EQ(MustDecode(png).metadata.icc, IccFromCicp({12, 13}));
  }
}

}  // namespace
}  // namespace peel
