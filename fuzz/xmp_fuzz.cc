#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/codec/metadata/iptc.h"
#include "src/codec/metadata/xmp.h"

// XMP packets and the JPEG segments that carry them; IPTC records beside them. Segments are made
// from the input as lengths of two bytes and contents.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const auto xmp = peel::UpdateXmp(bytes);
  if (peel::XmpOrientation(xmp) > 1 || xmp.size() > size) __builtin_trap();
  bool complete = false;
  const auto segments = peel::SplitJpegXmp(bytes);
  for (const auto& segment : segments) {
    if (segment.size() > 65533) __builtin_trap();
  }
  // What was divided can be joined.
  if (segments.size() > 1) {
    peel::JoinJpegXmp(std::vector<std::span<const uint8_t>>(segments.begin(), segments.end()),
                      &complete);
    if (!complete) __builtin_trap();
  }
  std::vector<std::span<const uint8_t>> parts;
  for (auto rest = bytes; rest.size() >= 2;) {
    const size_t length = std::min<size_t>(rest[0] << 8 | rest[1], rest.size() - 2);
    parts.push_back(rest.subspan(2, length));
    rest = rest.subspan(2 + length);
  }
  peel::JoinJpegXmp(parts, &complete);
  peel::IptcFromJpeg(parts);
  peel::IptcFromPhotoshop(bytes);
  const auto iptc = peel::CleanIptc(bytes);
  if (iptc.size() > size || peel::CleanIptc(iptc) != iptc) __builtin_trap();
  if (peel::IptcFromPhotoshop(peel::PhotoshopFromIptc(iptc)) != iptc) __builtin_trap();
  return 0;
}
