#include "src/library/metadata/colour_names.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "src/codec/bytes.h"
#include "src/codec/metadata/icc.h"
#include "src/library/metadata/photo_text.h"

namespace peel::library {

std::string IccDescription(std::span<const uint8_t> icc) {
  if (icc.size() < 40 || std::memcmp(icc.data() + 36, "acsp", 4) != 0) return {};
  const std::span<const uint8_t> tag = IccTag(icc, "desc");
  if (tag.size() < 12) return {};
  if (std::memcmp(tag.data(), "desc", 4) == 0) {
    const size_t length = std::min<size_t>(ReadBig32(tag.data() + 8), tag.size() - 12);
    return CleanText({reinterpret_cast<const char*>(tag.data()) + 12, length});
  }
  constexpr size_t kHead = 16, kRecord = 12;
  if (std::memcmp(tag.data(), "mluc", 4) != 0 || tag.size() < kHead + kRecord) return {};
  const size_t count = std::min<size_t>(ReadBig32(tag.data() + 8), (tag.size() - kHead) / kRecord);
  std::string first;
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* const record = tag.data() + kHead + i * kRecord;
    const size_t size = ReadBig32(record + 4), at = ReadBig32(record + 8);
    if (at > tag.size() || size > tag.size() - at) continue;
    const bool english = std::memcmp(record, "enUS", 4) == 0;
    if (!english && !first.empty()) continue;
    std::string text = TextFromUtf16(tag.subspan(at, size), /*little_endian=*/false);
    if (english) return text;
    first = std::move(text);
  }
  return first;
}

std::string NameOfCicp(int primaries, int transfer) {
  constexpr int kBt709 = 1, kBt2020 = 9, kDciP3 = 11, kDisplayP3 = 12;
  constexpr int kSrgbCurve = 13, kPq = 16, kHlg = 18;
  if (transfer == kPq && primaries == kBt2020) return "BT.2100 PQ";
  if (transfer == kHlg && primaries == kBt2020) return "BT.2100 HLG";
  switch (primaries) {
    case kBt709:
      return transfer == kSrgbCurve ? "sRGB" : "BT.709";
    case kBt2020:
      return "BT.2020";
    case kDciP3:
      return "DCI-P3";
    case kDisplayP3:
      return "Display P3";
    default:
      return {};
  }
}

}  // namespace peel::library
