#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace peel::pdf {

// Text as PDF files hold it (ISO 32000-1, 7.3 and 7.9), whatever the locale.

// Up to 4 decimals, none that are zeros: "595.2756".
std::string Number(double value);

// A text string object: "(Title)" where it is plain ASCII, else UTF-16 as hexadecimal digits. What
// is no UTF-8 becomes U+FFFD.
std::string TextString(std::string_view utf8);

// Seconds since 1970 began, UTC: "D:20260131235959Z" as PDF, "2026-01-31T23:59:59Z" as XMP has it.
// Years outside of 1 to 9999 become the nearest of these.
std::string Date(int64_t seconds);
std::string XmpDate(int64_t seconds);

// The XMP packet (ISO 16684-1) that says the same as the document's information dictionary; "" and
// null leave a property out.
std::string XmpPacket(std::string_view title, std::string_view producer, const int64_t* created);

}  // namespace peel::pdf
