#include "src/library/metadata/photo_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <system_error>

#include "src/base/utf8.h"

namespace peel::library {
namespace {

constexpr size_t kMaxText = 65536;

// Code points of the bytes 0x80 to 0x9F; those without one stay the control characters they are.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Control characters (of C1 too, which are two bytes of UTF-8) become blanks.
std::string Tidy(std::string text) {
  if (text.size() > kMaxText) {
    size_t end = kMaxText;
    while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
  }
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x20 || byte == 0x7F) {
      out += ' ';
    } else if (byte == 0xC2 && i + 1 < text.size() && static_cast<uint8_t>(text[i + 1]) < 0xA0) {
      out += ' ';
      ++i;
    } else {
      out += text[i];
    }
  }
  const size_t begin = out.find_first_not_of(' ');
  if (begin == std::string::npos) return {};
  return out.substr(begin, out.find_last_not_of(' ') - begin + 1);
}

std::string_view UpToNul(std::string_view text) { return text.substr(0, text.find('\0')); }

// Reads `digits` digits at *at; -1 where they are none.
int Digits(std::string_view text, size_t* at, size_t digits) {
  if (text.size() - std::min(*at, text.size()) < digits) return -1;
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = text[*at + i];
    // Some cameras have a blank for a leading zero.
    if (!IsDigit(c) && !(c == ' ' && i == 0 && digits == 2)) return -1;
    value = value * 10 + (c == ' ' ? 0 : c - '0');
  }
  *at += digits;
  return value;
}

bool Skip(std::string_view text, size_t* at, std::string_view any_of) {
  if (*at >= text.size() || any_of.find(text[*at]) == std::string_view::npos) return false;
  ++*at;
  return true;
}

int DaysOf(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[static_cast<size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

std::string Format(const char* format, double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

}  // namespace

std::string CleanText(std::string_view raw) {
  raw = UpToNul(raw);
  if (IsUtf8(raw)) return Tidy(std::string(raw));
  std::string text;
  for (const char c : raw.substr(0, kMaxText)) {
    const auto byte = static_cast<uint8_t>(c);
    AppendUtf8(byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80u] : byte, &text);
  }
  return Tidy(std::move(text));
}

std::string TextFromLatin1(std::string_view raw) {
  std::string text;
  for (const char c : UpToNul(raw).substr(0, kMaxText)) AppendUtf8(static_cast<uint8_t>(c), &text);
  return Tidy(std::move(text));
}

std::string TextFromUtf16(std::span<const uint8_t> bytes, bool little_endian) {
  std::string text;
  const auto unit = [&](size_t i) -> uint32_t {
    return little_endian ? bytes[i] | uint32_t{bytes[i + 1]} << 8
                         : uint32_t{bytes[i]} << 8 | bytes[i + 1];
  };
  for (size_t i = 0; i + 1 < bytes.size() && text.size() < kMaxText; i += 2) {
    uint32_t c = unit(i);
    if (c == 0) break;
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < bytes.size()) {
      const uint32_t low = unit(i + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10 | (low - 0xDC00));
        i += 2;
      }
    }
    AppendUtf8(c, &text);
  }
  return Tidy(std::move(text));
}

std::vector<std::string> SplitKeywords(std::string_view text, char separator) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    std::string word = Tidy(std::string(text.substr(0, end)));
    if (!word.empty()) words.push_back(std::move(word));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string ParseOffset(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text.starts_with('Z')) return "+00:00";
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return {};
  size_t at = 1;
  const int hours = Digits(text, &at, 2);
  if (hours < 0 || hours > 14) return {};
  Skip(text, &at, ":");
  const int minutes = Digits(text, &at, 2);
  if (minutes < 0 || minutes > 59) return {};
  std::array<char, 16> out;
  std::snprintf(out.data(), out.size(), "%c%02d:%02d", text[0], hours, minutes);
  return out.data();
}

Moment ParseMoment(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  size_t at = 0;
  const int year = Digits(text, &at, 4);
  Skip(text, &at, ":-/.");
  const int month = Digits(text, &at, 2);
  Skip(text, &at, ":-/.");
  const int day = Digits(text, &at, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > DaysOf(year, month)) return {};
  int hour = 0, minute = 0, second = 0;
  std::string fraction;
  Moment moment;
  if (Skip(text, &at, " T")) {
    hour = Digits(text, &at, 2);
    Skip(text, &at, ":.");
    minute = Digits(text, &at, 2);
    if (Skip(text, &at, ":.") || (at < text.size() && IsDigit(text[at]))) {
      second = Digits(text, &at, 2);
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return {};
    if (Skip(text, &at, ".")) {
      while (at < text.size() && IsDigit(text[at])) fraction += text[at++];
    }
    moment.offset = ParseOffset(text.substr(std::min(at, text.size())));
  }
  std::array<char, 48> out;
  std::snprintf(out.data(), out.size(), "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, hour,
                minute, second);
  moment.at = out.data();
  AddSubseconds(fraction, &moment.at);
  return moment;
}

void AddSubseconds(std::string_view digits, std::string* at) {
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  size_t count = 0;
  while (count < digits.size() && count < 9 && IsDigit(digits[count])) ++count;
  if (count == 0 || at->empty() || at->find('.') != std::string::npos) return;
  *at += '.';
  at->append(digits.substr(0, count));
}

std::optional<double> ParseNumber(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('+')) text.remove_prefix(1);
  const auto read = [](std::string_view part) -> std::optional<double> {
    double value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || !std::isfinite(value)) return {};
    return value;
  };
  const size_t slash = text.find('/');
  const auto top = read(text.substr(0, slash));
  if (!top || slash == std::string_view::npos) return top;
  const auto bottom = read(text.substr(slash + 1));
  if (!bottom || *bottom == 0) return {};
  return *top / *bottom;
}

std::string LensRange(double short_mm, double long_mm, double aperture_short,
                      double aperture_long) {
  if (!(short_mm > 0) || short_mm > 1e5) return {};
  if (!(long_mm > short_mm) || long_mm > 1e5) long_mm = short_mm;
  std::string text = Format("%g", short_mm);
  if (long_mm > short_mm) text += Format("-%g", long_mm);
  text += "mm";
  if (!(aperture_short > 0) || aperture_short > 1000) return text;
  text += Format(" f/%g", aperture_short);
  if (aperture_long > aperture_short && aperture_long < 1000) text += Format("-%g", aperture_long);
  return text;
}

}  // namespace peel::library
