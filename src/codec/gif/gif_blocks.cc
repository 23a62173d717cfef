#include "src/codec/gif/gif_blocks.h"

#include <algorithm>
#include <optional>

namespace peel {
namespace {

// Reads forward; past the end there is nothing.
class Cursor {
 public:
  explicit Cursor(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  size_t at() const { return at_; }
  bool Skip(size_t n) {
    if (bytes_.size() - at_ < n) return false;
    at_ += n;
    return true;
  }
  std::optional<uint8_t> Byte() {
    if (at_ == bytes_.size()) return {};
    return bytes_[at_++];
  }
  std::optional<int> Short() {
    if (bytes_.size() - at_ < 2) return {};
    const int v = bytes_[at_] | bytes_[at_ + 1] << 8;
    at_ += 2;
    return v;
  }
  // Sub-blocks up to the empty one; `first` gets the first one's.
  bool SubBlocks(std::span<const uint8_t>* first = nullptr) {
    for (;;) {
      const auto length = Byte();
      if (!length) return false;
      if (*length == 0) return true;
      if (bytes_.size() - at_ < *length) return false;
      if (first != nullptr && first->empty()) *first = bytes_.subspan(at_, *length);
      at_ += *length;
    }
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

size_t ColourTable(uint8_t flags) { return (flags & 0x80) != 0 ? size_t{6} << (flags & 7) : 0; }

}  // namespace

Result<GifBlocks> WalkGif(std::span<const uint8_t> bytes) {
  const Status truncated = Corrupt("the GIF is truncated: it ends before its first frame begins");
  GifBlocks found;
  Cursor cursor(bytes);
  if (!cursor.Skip(6)) return truncated;
  const auto width = cursor.Short(), height = cursor.Short();
  const auto flags = cursor.Byte();
  if (!width || !height || !flags || !cursor.Skip(2 + ColourTable(*flags))) return truncated;
  bool transparent = false;
  for (;;) {
    const auto kind = cursor.Byte();
    if (!kind) break;
    if (*kind == 0x3B) {
      found.end = cursor.at();
      break;
    }
    if (*kind == 0x21) {
      const auto label = cursor.Byte();
      std::span<const uint8_t> first;
      if (!label || !cursor.SubBlocks(&first)) break;
      if (*label == 0xF9 && first.size() >= 4) transparent = (first[0] & 1) != 0;
    } else if (*kind == 0x2C) {
      const auto x = cursor.Short(), y = cursor.Short(), w = cursor.Short(), h = cursor.Short();
      const auto local = cursor.Byte();
      if (!x || !y || !w || !h || !local) break;
      if (found.frames++ == 0) {
        found.width = std::max(*width, *x + *w);
        found.height = std::max(*height, *y + *h);
        found.first_has_alpha =
            transparent || *x > 0 || *y > 0 || *w < found.width || *h < found.height;
      }
      transparent = false;
      if (!cursor.Skip(ColourTable(*local) + 1) || !cursor.SubBlocks()) break;
    } else if (*kind != 0) {  // stray zeros are common; anything else is no GIF any more
      break;
    }
  }
  if (found.frames == 0) return truncated;
  return found;
}

}  // namespace peel
