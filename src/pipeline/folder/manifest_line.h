#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace peel {

// A line of a manifest (pipeline/manifest.h), without its end:
//   "- NAME CHECKSUM", "+ CONTENT SETTINGS NAME CHECKSUM"
// CONTENT and SETTINGS are 16 hexadecimal digits, CHECKSUM 8 of the hash of what stands before it.
struct ManifestLine {
  bool whole = false;  // "+"
  uint64_t content = 0, settings = 0;
  std::string_view name;  // escaped: without blanks and control characters
};

// Names are bytes and may hold blanks and line ends: "%20", "%0A".
std::string EscapeName(std::string_view name);

// With its line end.
std::string FormatManifestLine(const ManifestLine& line);

// nullopt for a torn or mixed one. The name lies in `text`.
std::optional<ManifestLine> ParseManifestLine(std::string_view text);

// The name in a sound line.
std::string_view NameIn(std::string_view line);

// Calls `visit` with each sound line of `text` and its bytes, line end included. Returns how many
// bytes were whole lines: what comes after is not finished yet, or torn.
size_t VisitManifestLines(std::string_view text,
                          const std::function<void(const ManifestLine&, std::string_view)>& visit);

}  // namespace peel
