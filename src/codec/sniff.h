#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "src/base/status.h"

namespace peel {

// What a file is, by its content; its name is never asked. IsDecodable
// says which can be decoded; the others are recognised so that the error can say what they are.
enum class Format : uint8_t {
  kUnknown,
  kJpeg,
  kPng,
  kWebp,
  kGif,
  kTiff,
  kBmp,
  kAvif,
  kHeic,
  kJxl,
  kJpeg2000,
  kIco,
  kPsd,
  kExr,
  kDds,
  kNetpbm,
  kQoi,
  kRaw,
  kSvg,
  kPdf,
  kHtml,
  kXml,
  kJson,
  kZip,
  kGzip,
  kVideo,
};

// Looks at up to the first kilobyte.
Format Sniff(std::span<const uint8_t> bytes);

// "JPEG", "HEIC", "an SVG drawing" has the name "SVG"; "unknown" for kUnknown.
std::string_view FormatName(Format format);

// Whether this build has a decoder for it; its library may still be missing.
bool IsDecodable(Format format);

// The usual extension without the dot ("jpg", "png", "tif"); empty where Peel cannot write it.
std::string_view FormatExtension(Format format);

// kUnsupported (kCorrupt for an empty file): says what the bytes are and what to do about it.
Status NotDecodable(std::span<const uint8_t> bytes);

}  // namespace peel
