#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace peel {

// XXH64 (Yann Collet's xxHash, 64 bits, doc/xxhash_spec.md of Cyan4973/xxHash): tells changed
// content from unchanged at memory speed. The same on every machine. Not for use against someone
// who wants two contents to have one hash.
uint64_t Hash64(std::span<const uint8_t> bytes, uint64_t seed = 0);

inline uint64_t Hash64(std::string_view text, uint64_t seed = 0) {
  return Hash64(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()), seed);
}

}  // namespace peel
