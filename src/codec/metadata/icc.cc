#include "src/codec/metadata/icc.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "src/codec/bytes.h"
#include "src/codec/metadata/icc_curve.h"
#include "src/codec/metadata/icc_write.h"

namespace peel {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kJpegTag = "ICC_PROFILE\0"sv;
constexpr size_t kJpegHeader = 14;  // tag, number, count
constexpr size_t kJpegPart = 65533 - kJpegHeader;
constexpr size_t kIccHeader = 128;

}  // namespace

IccSpace IccColourSpace(std::span<const uint8_t> icc) {
  if (icc.size() < kIccHeader + 4 || icc.size() > kMaxIccBytes) return IccSpace::kInvalid;
  if (std::memcmp(icc.data() + 36, "acsp", 4) != 0) return IccSpace::kInvalid;
  if (ReadBig32(icc.data()) > icc.size()) return IccSpace::kInvalid;
  const std::string_view kind(reinterpret_cast<const char*>(icc.data()) + 12, 4);
  // Links from device to device, effects and lists of named colours describe no pixels.
  if (kind == "link" || kind == "abst" || kind == "nmcl") return IccSpace::kInvalid;
  const std::string_view space(reinterpret_cast<const char*>(icc.data()) + 16, 4);
  if (space == "RGB ") return IccSpace::kRgb;
  if (space == "GRAY") return IccSpace::kGrey;
  if (space == "CMYK") return IccSpace::kCmyk;
  return IccSpace::kOther;
}

std::vector<uint8_t> IccForRgb(std::span<const uint8_t> icc) {
  if (IccColourSpace(icc) != IccSpace::kRgb) return {};
  return {icc.begin(), icc.end()};
}

std::span<const uint8_t> IccTag(std::span<const uint8_t> icc, std::string_view name) {
  constexpr size_t kEntry = 12;
  if (name.size() != 4 || icc.size() < kIccHeader + 4) return {};
  const size_t count =
      std::min<size_t>(ReadBig32(icc.data() + kIccHeader), (icc.size() - kIccHeader - 4) / kEntry);
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* entry = icc.data() + kIccHeader + 4 + kEntry * i;
    if (std::memcmp(entry, name.data(), 4) != 0) continue;
    const size_t at = ReadBig32(entry + 4), size = ReadBig32(entry + 8);
    if (at > icc.size() || size > icc.size() - at) return {};
    return icc.subspan(at, size);
  }
  return {};
}

std::vector<uint8_t> RgbIccFromGrey(std::span<const uint8_t> icc) {
  if (IccColourSpace(icc) != IccSpace::kGrey) return {};
  const auto curve = IccCurve::Read(IccTag(icc, "kTRC"));
  if (!curve) return {};
  constexpr std::string_view kName = "Grey profile's curve";
  const std::string_view connection(reinterpret_cast<const char*>(icc.data()) + 20, 4);
  if (connection != "Lab ") return WriteMatrixIcc(kSrgbChromaticities, curve->tag(), kName);
  // The curve's values are L* of 0 to 100.
  std::array<uint16_t, 4096> table;
  for (size_t i = 0; i < table.size(); ++i) {
    const double l = 100 * (*curve)(static_cast<double>(i) / (table.size() - 1));
    const double light = l > 8 ? std::pow((l + 16) / 116, 3) : l * 27 / 24389;
    table[i] = static_cast<uint16_t>(std::lround(light * 65535));
  }
  return WriteMatrixIcc(kSrgbChromaticities, IccTableCurve(table), kName);
}

std::vector<uint8_t> JoinJpegIcc(std::span<const std::span<const uint8_t>> segments) {
  if (segments.empty()) return {};
  std::array<std::span<const uint8_t>, 256> parts = {};
  size_t count = 0, total = 0;
  for (const auto& segment : segments) {
    if (segment.size() < kJpegHeader) return {};
    const size_t number = segment[12];
    if (count == 0) count = segment[13];
    if (segment[13] != count || number == 0 || number > count || parts[number].data() != nullptr) {
      return {};
    }
    parts[number] = segment.subspan(kJpegHeader);
    total += parts[number].size();
  }
  if (total > kMaxIccBytes) return {};
  std::vector<uint8_t> icc;
  icc.reserve(total);
  for (size_t i = 1; i <= count; ++i) {
    if (parts[i].data() == nullptr) return {};
    icc.insert(icc.end(), parts[i].begin(), parts[i].end());
  }
  return icc;
}

std::vector<std::vector<uint8_t>> SplitJpegIcc(std::span<const uint8_t> icc) {
  const size_t count = (icc.size() + kJpegPart - 1) / kJpegPart;
  if (count > 255) return {};
  std::vector<std::vector<uint8_t>> segments(count);
  for (size_t i = 0; i < count; ++i) {
    const auto part = icc.subspan(i * kJpegPart, std::min(kJpegPart, icc.size() - i * kJpegPart));
    auto& segment = segments[i];
    segment.assign(kJpegTag.begin(), kJpegTag.end());
    segment.push_back(static_cast<uint8_t>(i + 1));
    segment.push_back(static_cast<uint8_t>(count));
    segment.insert(segment.end(), part.begin(), part.end());
  }
  return segments;
}

std::vector<uint8_t> ReadPngIcc(std::span<const uint8_t> chunk) {
  const auto nul = std::find(chunk.begin(), chunk.end(), uint8_t{0});
  if (chunk.end() - nul < 2 || nul[1] != 0) return {};
  return InflateAtMost({nul + 2, chunk.end()}, kMaxIccBytes);
}

std::vector<uint8_t> WritePngIcc(std::span<const uint8_t> icc) {
  return PackBehind("ICC profile\0\0"sv, icc);  // name, NUL, method
}

}  // namespace peel
