#include "src/base/md5.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "src/base/digest.h"

namespace peel {

std::string Md5Hex(std::string_view text) {
  Digest digest(Digest::Kind::kMd5);
  digest.Update(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  std::string hex = digest.Finish();
  std::ranges::transform(hex, hex.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return hex;
}

}  // namespace peel
