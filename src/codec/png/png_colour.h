#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "src/codec/metadata/cicp.h"

namespace peel {

// What a PNG says of its colours besides a profile.
struct PngColours {
  std::optional<Cicp> cicp;
  bool srgb = false;                      // the sRGB chunk
  std::optional<uint32_t> gama;           // gAMA: 100,000 times the exponent from light to sample
  std::optional<std::array<uint32_t, 8>>  // cHRM: 100,000 times x and y of white, red, green, blue
      chrm;
};

// The profile for the pixels by the order of PNG's third edition: cICP, iCCP (`icc`, empty where
// there is none), sRGB, then gAMA and cHRM, of which either may be missing: sRGB's stands in for
// it. Empty for sRGB, as well for gAMA and cHRM that are sRGB's but for roundings. Values that
// cannot be are overlooked.
std::vector<uint8_t> PngIcc(const PngColours& colours, std::vector<uint8_t> icc);

}  // namespace peel
