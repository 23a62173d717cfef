#include "src/base/md5.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace peel {
namespace {

using State = std::array<uint32_t, 4>;

uint32_t Little32(const uint8_t* p) {
  return p[0] | uint32_t{p[1]} << 8 | uint32_t{p[2]} << 16 | uint32_t{p[3]} << 24;
}

void Block(const uint8_t* block, const std::array<uint32_t, 64>& sines, State& state) {
  constexpr uint8_t kShifts[4][4] = {
      {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  auto [a, b, c, d] = state;
  for (uint32_t i = 0; i < 64; ++i) {
    uint32_t f = 0, word = 0;
    switch (i / 16) {
      case 0:
        f = (b & c) | (~b & d), word = i;
        break;
      case 1:
        f = (d & b) | (~d & c), word = (5 * i + 1) % 16;
        break;
      case 2:
        f = b ^ c ^ d, word = (3 * i + 5) % 16;
        break;
      default:
        f = c ^ (b | ~d), word = 7 * i % 16;
    }
    const uint32_t sum = a + f + sines[i] + Little32(block + 4 * size_t{word});
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, kShifts[i / 16][i % 4]);
  }
  state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d};
}

}  // namespace

std::string Md5Hex(std::string_view text) {
  std::array<uint32_t, 64> sines;
  for (size_t i = 0; i < sines.size(); ++i) {
    sines[i] = static_cast<uint32_t>(
        std::floor(std::abs(std::sin(static_cast<double>(i + 1))) * 4294967296.0));
  }
  State state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const size_t whole = text.size() / 64 * 64, rest = text.size() - whole;
  for (size_t at = 0; at < whole; at += 64) Block(bytes + at, sines, state);
  // What is left, a bit that is set, and the length in bits.
  std::array<uint8_t, 128> tail = {};
  if (rest > 0) std::memcpy(tail.data(), bytes + whole, rest);
  tail[rest] = 0x80;
  const size_t end = rest < 56 ? 64 : 128;
  const uint64_t bits = uint64_t{text.size()} * 8;
  for (size_t i = 0; i < 8; ++i) tail[end - 8 + i] = static_cast<uint8_t>(bits >> (8 * i));
  for (size_t at = 0; at < end; at += 64) Block(tail.data() + at, sines, state);
  std::string out;
  for (const uint32_t word : state) {
    for (int i = 0; i < 4; ++i) {
      const unsigned byte = word >> (8 * i) & 0xFF;
      out += "0123456789ABCDEF"[byte >> 4];
      out += "0123456789ABCDEF"[byte & 15];
    }
  }
  return out;
}

}  // namespace peel
