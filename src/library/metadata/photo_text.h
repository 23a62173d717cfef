#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace peel::library {

// Text of a file as UTF-8: what is none is read as Windows' code page 1252. Cut off at the first
// NUL, control characters become blanks, blanks around it are taken away, and of a text beyond
// 64 KiB the rest is.
std::string CleanText(std::string_view raw);
// Windows' own EXIF tags.
std::string TextFromUtf16(std::span<const uint8_t> bytes, bool little_endian);
// Latin 1 (PNG's tEXt and zTXt), whatever the bytes are.
std::string TextFromLatin1(std::string_view raw);

// "a; b;c" as three.
std::vector<std::string> SplitKeywords(std::string_view text, char separator);

// A moment as PhotoMetadata has it.
struct Moment {
  std::string at;      // empty: none
  std::string offset;  // "+02:00", "Z" becomes "+00:00"
};
// "2024:05:01 12:30:05", "2024-05-01T12:30:05.123+02:00", "20240501", with or without a time: one
// that is missing is midnight, a day that is missing is none. Nothing where it is no such moment.
Moment ParseMoment(std::string_view text);
// The digits of EXIF's SubSecTime behind a moment without any.
void AddSubseconds(std::string_view digits, std::string* at);
// "+02:00" of anything like it, else empty.
std::string ParseOffset(std::string_view text);

// "1.5", "28/10"; nothing for infinities and what is no number.
std::optional<double> ParseNumber(std::string_view text);

// "18-55mm f/3.5-5.6", "50mm f/1.8", "10mm": focal lengths in mm, apertures 0 where not known.
// Empty where the focal lengths are none.
std::string LensRange(double short_mm, double long_mm, double aperture_short, double aperture_long);

}  // namespace peel::library
