#include "src/library/metadata/iptc_facts.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/base/md5.h"
#include "src/codec/bytes.h"
#include "src/codec/metadata/iptc.h"
#include "src/library/metadata/photo_text.h"

namespace peel::library {
namespace {

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The data of a resource; empty where there is none.
std::span<const uint8_t> FindResource(std::span<const uint8_t> resources, uint16_t number) {
  while (resources.size() >= 12 && std::memcmp(resources.data(), "8BIM", 4) == 0) {
    const size_t name = (size_t{resources[6]} + 2) / 2 * 2;
    if (resources.size() < 10 + name) return {};
    const size_t size = ReadBig32(resources.data() + 6 + name);
    const auto data = resources.subspan(10 + name);
    if (size > data.size()) return {};
    if (ReadBig16(resources.data() + 4) == number) return data.first(size);
    resources = data.subspan(std::min(size + size % 2, data.size()));
  }
  return {};
}

}  // namespace

void ReadIptc(std::span<const uint8_t> records, Facts* facts) {
  constexpr uint16_t kTitle = 0x205, kKeyword = 0x219, kDate = 0x237, kTime = 0x23C,
                     kByLine = 0x250, kCopyright = 0x274, kCaption = 0x278;
  constexpr size_t kMaxKeywords = 10000, kMaxCreators = 65536;
  const std::vector<uint8_t> clean = CleanIptc(records);
  std::string date, time;
  for (size_t at = 0; clean.size() - at >= 5;) {
    // Whole by CleanIptc: mark, record, number, size (of a long one: how many bytes of size
    // follow).
    const auto id = ReadBig16(&clean[at + 1]);
    size_t head = 5, size = ReadBig16(&clean[at + 3]);
    if (size >= 0x8000) {
      const size_t bytes = size & 0x7FFF;
      size = 0;
      for (size_t i = 0; i < bytes; ++i) size = size << 8 | clean[at + head + i];
      head += bytes;
    }
    const std::string_view value = AsText(std::span(clean).subspan(at + head, size));
    at += head + size;
    if (id == kTitle && facts->title.empty()) facts->title = CleanText(value);
    if (id == kCaption && facts->description.empty()) facts->description = CleanText(value);
    if (id == kCopyright && facts->copyright.empty()) facts->copyright = CleanText(value);
    if (id == kByLine && facts->creator.size() < kMaxCreators) {
      if (std::string name = CleanText(value); !name.empty()) {
        facts->creator += (facts->creator.empty() ? "" : "; ") + name;
      }
    }
    if (id == kDate && date.empty()) date = value;
    if (id == kTime && time.empty()) time = value;
    if (id == kKeyword && facts->keywords.size() < kMaxKeywords) {
      std::string word = CleanText(value);
      if (!word.empty()) facts->keywords.push_back(std::move(word));
    }
  }
  // CCYYMMDD and HHMMSS±HHMM.
  if (facts->taken_at.empty() && !date.empty()) {
    Moment moment = ParseMoment(time.empty() ? date : date + "T" + time);
    if (moment.at.empty()) moment = ParseMoment(date);
    facts->taken_at = std::move(moment.at);
    facts->taken_offset = std::move(moment.offset);
  }
}

void ReadPhotoshop(std::span<const uint8_t> resources, PhotoFacts* facts) {
  constexpr uint16_t kIptc = 0x0404, kDigest = 0x0425;
  const auto records = FindResource(resources, kIptc);
  if (records.empty()) return;
  ReadIptc(records, &facts->iptc);
  const auto digest = FindResource(resources, kDigest);
  if (digest.size() != 16) return;
  std::string hex;
  for (const uint8_t byte : digest) {
    hex += "0123456789ABCDEF"[byte >> 4];
    hex += "0123456789ABCDEF"[byte & 15];
  }
  facts->iptc_digest = hex == Md5Hex(AsText(records)) ? PhotoFacts::IptcDigest::kSame
                                                      : PhotoFacts::IptcDigest::kOther;
}

}  // namespace peel::library
