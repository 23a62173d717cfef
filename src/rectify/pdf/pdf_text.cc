#include "src/rectify/pdf/pdf_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "src/base/utf8.h"

namespace peel::pdf {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// The next character of UTF-8 that is not empty, taken off its front. A byte that begins none
// stands for kReplacement.
char32_t NextCharacter(std::string_view* text) {
  const Utf8Character first = FirstUtf8Character(*text);
  text->remove_prefix(first.size);
  return first.is_valid ? char32_t{first.code} : kReplacement;
}

void AppendHex16(uint32_t unit, std::string* out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (int shift = 12; shift >= 0; shift -= 4) *out += kDigits[unit >> shift & 15];
}

// For XML 1.0: its special characters as entities, what it has no place for as U+FFFD.
std::string XmlText(std::string_view utf8) {
  std::string out;
  while (!utf8.empty()) {
    const char32_t c = NextCharacter(&utf8);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xFFFE || c == 0xFFFF) {
      AppendUtf8(kReplacement, &out);
    } else {
      AppendUtf8(c, &out);
    }
  }
  return out;
}

// Year, month, day, hour, minute, second as decimal digits, the separators between and after them.
std::string DateText(int64_t seconds, const std::array<std::string_view, 6>& after) {
  using std::chrono::sys_days;
  using std::chrono::year;
  const auto first = std::chrono::sys_seconds(sys_days(year(1) / 1 / 1)).time_since_epoch().count();
  const auto end =
      std::chrono::sys_seconds(sys_days(year(10000) / 1 / 1)).time_since_epoch().count();
  const std::chrono::sys_seconds time(
      std::chrono::seconds(std::clamp<int64_t>(seconds, first, end - 1)));
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const std::array<int64_t, 6> parts = {
      static_cast<int>(date.year()),     static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), clock.hours().count(),
      clock.minutes().count(),           clock.seconds().count()};
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string digits = std::to_string(parts[i]);
    out.append((i == 0 ? 4 : 2) - digits.size(), '0').append(digits).append(after[i]);
  }
  return out;
}

}  // namespace

std::string Number(double value) {
  if (!std::isfinite(value)) return "0";
  std::array<char, 512> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 4).ptr;
  std::string out(text.data(), end);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out == "-0" ? "0" : out;
}

std::string TextString(std::string_view utf8) {
  const bool plain = std::ranges::all_of(utf8, [](char c) { return c >= 0x20 && c < 0x7F; });
  std::string out;
  if (plain) {
    for (const char c : utf8) {
      if (c == '(' || c == ')' || c == '\\') out += '\\';
      out += c;
    }
    return "(" + out + ")";
  }
  out = "<FEFF";
  while (!utf8.empty()) {
    const char32_t c = NextCharacter(&utf8);
    if (c < 0x10000) {
      AppendHex16(c, &out);
    } else {
      AppendHex16(0xD800 + ((c - 0x10000) >> 10), &out);
      AppendHex16(0xDC00 + ((c - 0x10000) & 0x3FF), &out);
    }
  }
  return out + ">";
}

std::string Date(int64_t seconds) { return "D:" + DateText(seconds, {"", "", "", "", "", "Z"}); }

std::string XmpDate(int64_t seconds) { return DateText(seconds, {"-", "-", "T", ":", ":", "Z"}); }

std::string XmpPacket(std::string_view title, std::string_view producer, const int64_t* created) {
  std::string out =
      "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
      "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
      "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
      "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
      " xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\n"
      "<dc:format>application/pdf</dc:format>\n";
  if (!title.empty()) {
    out += "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">" + XmlText(title) +
           "</rdf:li></rdf:Alt></dc:title>\n";
  }
  if (!producer.empty()) out += "<pdf:Producer>" + XmlText(producer) + "</pdf:Producer>\n";
  if (created != nullptr) {
    out += "<xmp:CreateDate>" + XmpDate(*created) + "</xmp:CreateDate>\n";
  }
  return out +
         "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n"
         "<?xpacket end=\"r\"?>";
}

}  // namespace peel::pdf
