#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "src/base/os/source_file.h"
#include "src/base/status.h"

namespace peel::library {

// What tells one content from another: XXH64 of all of it, or where that would be too slow of its
// first and last 64 KiB (all of it, up to twice that).

Result<uint64_t> EdgeHash(const SourceFile& file);
uint64_t ContentHash(std::span<const uint8_t> bytes);

// 16 lower-case hexadecimal digits, and back.
std::string HashText(uint64_t hash);
std::optional<uint64_t> HashOfText(std::string_view text);

}  // namespace peel::library
