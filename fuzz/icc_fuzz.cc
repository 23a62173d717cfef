#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "src/codec/bytes.h"
#include "src/codec/metadata/icc.h"
#include "src/codec/metadata/icc_curve.h"
#include "src/codec/png/png_colour.h"

// Profiles that were read, and those that Peel writes from them or from a PNG's numbers: what is
// written is a profile for RGB with a curve.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const auto check = [](std::span<const uint8_t> icc) {
    if (icc.empty()) return;
    if (peel::IccColourSpace(icc) != peel::IccSpace::kRgb) __builtin_trap();
    const auto curve = peel::IccCurve::Read(peel::IccTag(icc, "bTRC"));
    if (!curve) __builtin_trap();
    for (const double v : {0.0, 0.3, 1.0}) {
      if (!((*curve)(v) >= 0 && (*curve)(v) <= 1)) __builtin_trap();
    }
  };
  check(peel::RgbIccFromGrey(bytes));
  peel::IccCurve::Read(bytes);
  if (size >= 36) {
    peel::PngColours colours;
    colours.gama = peel::ReadBig32(data);
    auto& chrm = colours.chrm.emplace();
    for (size_t i = 0; i < chrm.size(); ++i) chrm[i] = peel::ReadBig32(data + 4 + 4 * i);
    check(peel::PngIcc(colours, {}));
    for (uint32_t& v : chrm) v %= 100001;
    check(peel::PngIcc(colours, {}));
  }
  return 0;
}
