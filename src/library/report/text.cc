#include "src/library/report/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

#include "src/base/utf8.h"

namespace peel::library {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kHexDigits = "0123456789ABCDEF";

template <typename Each>
void ForEachCharacter(std::string_view text, Each each) {
  while (!text.empty()) {
    const Utf8Character c = FirstUtf8Character(text);
    each(c, text.substr(0, c.size));
    text.remove_prefix(c.size);
  }
}

bool TurnsDirection(uint32_t code) {
  return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
         code == 0x200E || code == 0x200F || code == 0x061C;
}

template <typename T>
std::string ShortestNumber(T value) {
  if (!std::isfinite(value)) return "null";
  std::array<char, 40> digits;
  // 1.7e+09 is as good a number as 1700000000, and read by fewer.
  const T size = std::abs(value);
  const bool is_plain = size == 0 || (size >= T{1e-5} && size < T{1e15});
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                 is_plain ? std::chars_format::fixed : std::chars_format::general);
  return {digits.data(), end.ptr};
}

}  // namespace

std::string ValidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  ForEachCharacter(text, [&](const Utf8Character& c, std::string_view bytes) {
    valid += c.is_valid ? bytes : kReplacement;
  });
  return valid;
}

std::string HtmlText(std::string_view text) {
  std::string html;
  html.reserve(text.size() + text.size() / 8);
  ForEachCharacter(text, [&](const Utf8Character& c, std::string_view bytes) {
    if (!c.is_valid) {
      html += kReplacement;
    } else if (c.code == '&') {
      html += "&amp;";
    } else if (c.code == '<') {
      html += "&lt;";
    } else if (c.code == '>') {
      html += "&gt;";
    } else if (c.code == '"') {
      html += "&quot;";
    } else if (c.code == '\'') {
      html += "&#39;";
    } else if (c.code == '\n' || c.code == '\t') {
      html += ' ';
    } else if (c.code < 0x20 || (c.code >= 0x7F && c.code < 0xA0) || TurnsDirection(c.code)) {
      html += "\xE2\x90\xA3";  // U+2423, the mark for what is not seen
    } else {
      html += bytes;
    }
  });
  return html;
}

std::string JsonText(std::string_view text) {
  std::string json = "\"";
  ForEachCharacter(text, [&](const Utf8Character& c, std::string_view bytes) {
    if (!c.is_valid) {
      json += kReplacement;
    } else if (c.code == '"' || c.code == '\\') {
      json += '\\';
      json += bytes;
    } else if (c.code < 0x20) {
      json += "\\u00";
      json += kHexDigits[c.code >> 4];
      json += kHexDigits[c.code & 15];
    } else {
      json += bytes;
    }
  });
  return json + '"';
}

std::string Base64(std::span<const uint8_t> bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t rest = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < rest ? bytes[i + k] : 0U);
    for (size_t k = 0; k < 4; ++k) {
      text += k <= rest ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::string NumberText(double value) { return ShortestNumber(value); }
std::string NumberText(float value) { return ShortestNumber(value); }

std::string UrlOfPath(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/!$*()+,=@";
  std::string url;
  for (const char c : path) {
    const auto byte = static_cast<uint8_t>(c);
    const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                          (byte >= '0' && byte <= '9') || kPlain.find(c) != std::string_view::npos;
    if (is_plain) {
      url += c;
    } else {
      url += '%';
      url += kHexDigits[byte >> 4];
      url += kHexDigits[byte & 15];
    }
  }
  return url;
}

}  // namespace peel::library
