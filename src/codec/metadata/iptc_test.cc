#include "src/codec/metadata/iptc.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace peel {
namespace {

void Record(std::vector<uint8_t>& out, int record, int number, const std::string& text) {
  out.insert(out.end(),
             {0x1C, static_cast<uint8_t>(record), static_cast<uint8_t>(number),
              static_cast<uint8_t>(text.size() >> 8), static_cast<uint8_t>(text.size())});
  out.insert(out.end(), text.begin(), text.end());
}

std::vector<uint8_t> Records() {
  std::vector<uint8_t> out;
  Record(out, 2, 5, "Title");
  Record(out, 2, 25, "odd");
  return out;
}

TEST(Iptc, TravelsInsidePhotoshopsResources) {
  const auto iptc = Records();
  EXPECT_EQ(IptcFromPhotoshop(PhotoshopFromIptc(iptc)), iptc);
  EXPECT_TRUE(PhotoshopFromIptc({}).empty());
  // Behind another resource that has a name and an odd size.
  std::vector<uint8_t> resources = {'8', 'B', 'I', 'M', 3, 0xED, 2, 'a', 'b', 0, 0, 0, 0, 1, 9, 0};
  const auto own = PhotoshopFromIptc(iptc);
  resources.insert(resources.end(), own.begin(), own.end());
  EXPECT_EQ(IptcFromPhotoshop(resources), iptc);
  for (size_t size = 0; size < resources.size() - 1; ++size) {
    const auto cut = IptcFromPhotoshop(std::span(resources).first(size));
    EXPECT_TRUE(cut.empty() || size >= resources.size() - iptc.size() % 2);
  }
}

TEST(Iptc, LargeRecordsTakeSeveralSegments) {
  std::vector<uint8_t> iptc;
  for (int i = 0; i < 10; ++i)
    Record(iptc, 2, 120, std::string(20'000, static_cast<char>('a' + i)));
  const auto segments = SplitJpegIptc(iptc);
  EXPECT_EQ(segments.size(), 4u);
  EXPECT_EQ(IptcFromJpeg(std::vector<std::span<const uint8_t>>(segments.begin(), segments.end())),
            iptc);
}

TEST(Iptc, CleaningDropsPreviewsAndWhatIsCutShort) {
  auto iptc = Records();
  const auto sound = iptc;
  Record(iptc, 2, 202, "preview");
  EXPECT_EQ(CleanIptc(iptc), sound);
  for (size_t size = 0; size < sound.size(); ++size) {
    const size_t want = size >= 10 ? 10 : 0;  // the first record's size
    EXPECT_EQ(CleanIptc(std::span(sound).first(size)).size(), want) << size;
  }
  auto extended = sound;
  extended.insert(extended.end(), {0x1C, 2, 120, 0x80, 4, 0, 0, 0, 2, 'h', 'i'});
  EXPECT_EQ(CleanIptc(extended), extended);
  for (const uint8_t bytes : {uint8_t{5}, uint8_t{255}}) {
    auto broken = extended;
    broken[broken.size() - 7] = bytes;
    EXPECT_EQ(CleanIptc(broken), sound);
  }
  EXPECT_TRUE(CleanIptc(std::vector<uint8_t>{1, 2, 3, 4, 5, 6}).empty());
}

// As numbers of 32 bits in the other byte order.
TEST(Iptc, SwappedBytesAreTurnedBack) {
  auto iptc = Records();
  while (iptc.size() % 4 != 0) iptc.push_back(0);
  auto swapped = iptc;
  for (size_t i = 0; i < swapped.size(); i += 4) {
    std::swap(swapped[i], swapped[i + 3]);
    std::swap(swapped[i + 1], swapped[i + 2]);
  }
  EXPECT_EQ(CleanIptc(swapped), Records());
}

}  // namespace
}  // namespace peel
