#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace peel::library {

// Text as it stands in documents that this room writes.

// What is no UTF-8 as U+FFFD, one a byte.
std::string ValidUtf8(std::string_view text);

// Between tags and inside of double quotes: & < > " ' as references, control characters and what
// turns the direction of text (bidirectional overrides, which could show a name as another) as
// visible marks, what is no UTF-8 as U+FFFD.
std::string HtmlText(std::string_view text);

// A JSON string with its quotes.
std::string JsonText(std::string_view text);

std::string Base64(std::span<const uint8_t> bytes);

// The fewest digits that give the same number back; "null" for what is none.
std::string NumberText(double value);
std::string NumberText(float value);

// Relative or absolute, as a URL: what has a meaning there, and all but ASCII, as %XX.
std::string UrlOfPath(std::string_view path);

}  // namespace peel::library
