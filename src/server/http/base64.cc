#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "src/server/http/form.h"
#include "src/server/http/text.h"

namespace peel::server {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// No digit of base64: the highest bits, which no shifted digit has.
constexpr uint32_t kNone = 0xff000000;

// For each place in a group of four, a digit's bits where they belong in the group's 24: four loads
// and three ORs make three bytes, and one comparison tells that all four were digits.
using Places = std::array<std::array<uint32_t, 256>, 4>;
constexpr Places MakePlaces() {
  Places places{};
  for (size_t place = 0; place < 4; ++place) {
    places[place].fill(kNone);
    const auto set = [&](char c, uint32_t digit) {
      places[place][static_cast<uint8_t>(c)] = digit << (18 - 6 * place);
    };
    for (uint32_t digit = 0; digit < 64; ++digit) set(kAlphabet[digit], digit);
    set('-', 62);
    set('_', 63);
  }
  return places;
}
constexpr Places kPlaces = MakePlaces();

constexpr bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// "data:image/png;base64," at the front is left out.
std::string_view WithoutDataHead(std::string_view text) {
  const size_t first = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  if (!EqualIgnoringCase(text.substr(first, 5), "data:")) return text;
  const size_t comma = text.substr(0, first + 300).find(',');
  return comma == std::string_view::npos ? text : text.substr(comma + 1);
}

}  // namespace

Result<std::vector<uint8_t>> DecodeBase64(std::string_view text) {
  text = WithoutDataHead(text);
  std::vector<uint8_t> bytes(text.size() / 4 * 3 + 3);
  uint8_t* out = bytes.data();
  const auto* at = reinterpret_cast<const uint8_t*>(text.data());
  const auto* const end = at + text.size();
  uint32_t group = 0;  // digits of a group that white space divides
  int digits = 0, padding = 0;
  while (at != end) {
    while (digits == 0 && end - at >= 4) {
      const uint32_t four =
          kPlaces[0][at[0]] | kPlaces[1][at[1]] | kPlaces[2][at[2]] | kPlaces[3][at[3]];
      if (four >= kNone) break;
      out[0] = static_cast<uint8_t>(four >> 16);
      out[1] = static_cast<uint8_t>(four >> 8);
      out[2] = static_cast<uint8_t>(four);
      out += 3;
      at += 4;
    }
    if (at == end) break;
    const auto c = static_cast<char>(*at++);
    if (IsSpace(c)) continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const uint32_t digit = kPlaces[3][static_cast<uint8_t>(c)];
    if (digit >= kNone) {
      const std::string place = std::to_string(at - reinterpret_cast<const uint8_t*>(text.data()));
      return InvalidArgument("base64: character " + place + " is " +
                             Quoted(std::string_view(&c, 1)) +
                             ", which is not of the base64 alphabet");
    }
    if (padding > 0) return InvalidArgument("base64: goes on after its \"=\"");
    group = group << 6 | digit;
    if (++digits < 4) continue;
    *out++ = static_cast<uint8_t>(group >> 16);
    *out++ = static_cast<uint8_t>(group >> 8);
    *out++ = static_cast<uint8_t>(group);
    group = 0;
    digits = 0;
  }
  // Padding may be left out; where it is there, it is the right one.
  if (digits == 1 || (padding > 0 && (digits == 0 || digits + padding != 4))) {
    return InvalidArgument("base64: is cut off");
  }
  if (digits >= 2) *out++ = static_cast<uint8_t>(group >> (6 * digits - 8));
  if (digits == 3) *out++ = static_cast<uint8_t>(group >> 2);
  bytes.resize(static_cast<size_t>(out - bytes.data()));
  return bytes;
}

std::string EncodeBase64(std::span<const uint8_t> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '=');
  char* out = text.data();
  size_t at = 0;
  for (; at + 3 <= bytes.size(); at += 3, out += 4) {
    const uint32_t three = uint32_t{bytes[at]} << 16 | uint32_t{bytes[at + 1]} << 8 | bytes[at + 2];
    out[0] = kAlphabet[three >> 18];
    out[1] = kAlphabet[three >> 12 & 63];
    out[2] = kAlphabet[three >> 6 & 63];
    out[3] = kAlphabet[three & 63];
  }
  if (const size_t rest = bytes.size() - at; rest > 0) {
    const uint32_t last =
        uint32_t{bytes[at]} << 16 | (rest == 2 ? uint32_t{bytes[at + 1]} << 8 : 0);
    out[0] = kAlphabet[last >> 18];
    out[1] = kAlphabet[last >> 12 & 63];
    if (rest == 2) out[2] = kAlphabet[last >> 6 & 63];
  }
  return text;
}

}  // namespace peel::server
