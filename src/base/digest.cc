#include "src/base/digest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace peel {
namespace {

// The first 32 bits of the fractions of the cube roots of the first 64 primes.
constexpr uint32_t kSha256[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The sines of 1 to 64, as the RFC defines them.
const std::array<uint32_t, 64>& Md5Sines() {
  static const std::array<uint32_t, 64> sines = [] {
    std::array<uint32_t, 64> table = {};
    for (int i = 0; i < 64; ++i) {
      table[i] = static_cast<uint32_t>(std::floor(std::fabs(std::sin(i + 1.0)) * 4294967296.0));
    }
    return table;
  }();
  return sines;
}

uint32_t LoadBig(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | p[3];
}

uint32_t LoadLittle(const uint8_t* p) {
  return uint32_t{p[3]} << 24 | uint32_t{p[2]} << 16 | uint32_t{p[1]} << 8 | p[0];
}

}  // namespace

Digest::Digest(Kind kind) : kind_(kind), pending_{} {
  if (kind == Kind::kMd5) {
    state_ = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  } else {
    state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  }
}

void Digest::Block(const uint8_t* bytes) {
  if (kind_ == Kind::kMd5) {
    Md5Block(bytes);
  } else {
    Sha256Block(bytes);
  }
}

void Digest::Md5Block(const uint8_t* bytes) {
  constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  const std::array<uint32_t, 64>& sines = Md5Sines();
  uint32_t a = state_[0], b = state_[1], c = state_[2], d = state_[3];
  for (int i = 0; i < 64; ++i) {
    uint32_t f = 0;
    int word = 0;
    switch (i / 16) {
      case 0:
        f = (b & c) | (~b & d);
        word = i;
        break;
      case 1:
        f = (d & b) | (~d & c);
        word = (5 * i + 1) % 16;
        break;
      case 2:
        f = b ^ c ^ d;
        word = (3 * i + 5) % 16;
        break;
      default:
        f = c ^ (b | ~d);
        word = 7 * i % 16;
    }
    f += a + sines[i] + LoadLittle(bytes + ptrdiff_t{4} * word);
    a = d;
    d = c;
    c = b;
    b += std::rotl(f, kShifts[i / 16][i % 4]);
  }
  state_[0] += a;
  state_[1] += b;
  state_[2] += c;
  state_[3] += d;
}

void Digest::Sha256Block(const uint8_t* bytes) {
  uint32_t w[64];
  for (ptrdiff_t i = 0; i < 16; ++i) w[i] = LoadBig(bytes + 4 * i);
  for (int i = 16; i < 64; ++i) {
    const uint32_t x = w[i - 15], y = w[i - 2];
    w[i] = w[i - 16] + w[i - 7] + (std::rotr(x, 7) ^ std::rotr(x, 18) ^ (x >> 3)) +
           (std::rotr(y, 17) ^ std::rotr(y, 19) ^ (y >> 10));
  }
  std::array<uint32_t, 8> s = state_;
  for (int i = 0; i < 64; ++i) {
    const uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
    const uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    const uint32_t first = s[7] + choice + kSha256[i] + w[i] +
                           (std::rotr(s[4], 6) ^ std::rotr(s[4], 11) ^ std::rotr(s[4], 25));
    const uint32_t second =
        majority + (std::rotr(s[0], 2) ^ std::rotr(s[0], 13) ^ std::rotr(s[0], 22));
    s = {first + second, s[0], s[1], s[2], s[3] + first, s[4], s[5], s[6]};
  }
  for (size_t i = 0; i < 8; ++i) state_[i] += s[i];
}

void Digest::Update(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const size_t at = size_ % pending_.size();
    if (at == 0 && bytes.size() >= pending_.size()) {
      Block(bytes.data());
      bytes = bytes.subspan(pending_.size());
      size_ += pending_.size();
      continue;
    }
    const size_t take = std::min(pending_.size() - at, bytes.size());
    std::memcpy(pending_.data() + at, bytes.data(), take);
    bytes = bytes.subspan(take);
    size_ += take;
    if (at + take == pending_.size()) Block(pending_.data());
  }
}

std::string Digest::Finish() {
  const bool big = kind_ == Kind::kSha256;
  const uint64_t bits = size_ * 8;
  std::array<uint8_t, 72> tail = {0x80};
  // Up to 8 bytes before the end of a block, which the length fills.
  const size_t padding = (119 - size_ % 64) % 64 + 1;
  for (size_t i = 0; i < 8; ++i) {
    tail[padding + i] = static_cast<uint8_t>(bits >> (big ? 56 - 8 * i : 8 * i));
  }
  Update(std::span(tail).first(padding + 8));
  std::string text;
  for (size_t i = 0; i < (big ? 8u : 4u); ++i) {
    for (int byte = 0; byte < 4; ++byte) {
      const uint32_t value = state_[i] >> (big ? 24 - 8 * byte : 8 * byte) & 255;
      text += "0123456789abcdef"[value >> 4];
      text += "0123456789abcdef"[value & 15];
    }
  }
  return text;
}

}  // namespace peel
