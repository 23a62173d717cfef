#include "src/library/file_identity.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <vector>

#include "src/base/hash.h"

namespace peel::library {
namespace {

constexpr size_t kEdge = size_t{64} << 10;

}  // namespace

Result<uint64_t> EdgeHash(const SourceFile& file) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(file.size(), 2 * kEdge));
  thread_local std::vector<uint8_t> bytes;
  bytes.resize(size);
  if (size == file.size()) {
    if (size > 0) PEEL_RETURN_IF_ERROR(file.Read(0, size, bytes.data()));
  } else {
    PEEL_RETURN_IF_ERROR(file.Read(0, kEdge, bytes.data()));
    PEEL_RETURN_IF_ERROR(file.Read(file.size() - kEdge, kEdge, bytes.data() + kEdge));
  }
  return Hash64(std::span<const uint8_t>(bytes));
}

uint64_t ContentHash(std::span<const uint8_t> bytes) { return Hash64(bytes); }

std::string HashText(uint64_t hash) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

std::optional<uint64_t> HashOfText(std::string_view text) {
  uint64_t hash = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hash, 16);
  if (text.size() != 16 || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return hash;
}

}  // namespace peel::library
