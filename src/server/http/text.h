#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// What the readers of heads and bodies ask of characters. ASCII alone, whatever the locale is.
namespace peel::server {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr char LowerCase(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The value of a hexadecimal digit; -1: it is none.
constexpr int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = LowerCase(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Of names and tokens (RFC 9110, 5.6.2).
constexpr bool IsTokenChar(char c) {
  return IsDigit(c) || IsLetter(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
// Not empty, and of these alone.
bool IsToken(std::string_view text);

bool EqualIgnoringCase(std::string_view a, std::string_view b);
// Without spaces and tabs at its ends.
std::string_view Trimmed(std::string_view text);

inline std::string_view TextOf(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// A text of the client's as a message may quote it: short, and printable.
std::string Quoted(std::string_view text);

}  // namespace peel::server
