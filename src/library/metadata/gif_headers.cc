#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/codec/bytes.h"
#include "src/library/metadata/colour_names.h"
#include "src/library/metadata/format_headers.h"
#include "src/library/metadata/xmp_facts.h"

namespace peel::library {
namespace {

// Blocks follow each other without any place to look ahead to, so the file goes through one buffer.
class GifCursor {
 public:
  explicit GifCursor(HeaderReader* file) : file_(file), buffer_(65536) {}

  uint64_t at() const { return at_; }
  bool Skip(uint64_t bytes) {
    at_ += bytes;
    return at_ <= file_->size();
  }
  // -1 at the end.
  int Next() {
    if (at_ < begin_ || at_ >= begin_ + filled_) {
      if (at_ >= file_->size()) return -1;
      const size_t size = std::min<uint64_t>(buffer_.size(), file_->size() - at_);
      if (!file_->Peek(at_, std::span(buffer_).first(size))) return -1;
      begin_ = at_;
      filled_ = size;
    }
    return buffer_[at_++ - begin_];
  }
  // Over data in blocks of up to 255 bytes; into `to` as far as it is below `most`.
  bool SkipBlocks(std::string* to = nullptr, size_t most = 0) {
    for (;;) {
      const int size = Next();
      if (size <= 0) return size == 0;
      if (to == nullptr || to->size() >= most) {
        if (!Skip(static_cast<uint64_t>(size))) return false;
        continue;
      }
      for (int i = 0; i < size; ++i) {
        const int byte = Next();
        if (byte < 0) return false;
        *to += static_cast<char>(byte);
      }
    }
  }

 private:
  HeaderReader* file_;
  std::vector<uint8_t> buffer_;
  uint64_t begin_ = 0, filled_ = 0, at_ = 13;
};

}  // namespace

Status ReadGifHeaders(HeaderReader* file, PhotoFacts* facts) {
  constexpr int kImage = 0x2C, kExtension = 0x21, kTrailer = 0x3B, kApplication = 0xFF;
  constexpr size_t kMaxProfile = 1 << 20;
  constexpr uint64_t kXmpTail = 258;  // what makes the packet blocks to those who do not know it
  const auto header = file->View(0, 13);
  if (header.size() < 13) return Corrupt("the GIF ends within its header");
  facts->width = ReadLittle16(header.data() + 6);
  facts->height = ReadLittle16(header.data() + 8);
  const auto table = [](int flags) { return (flags & 0x80) != 0 ? 3ULL << ((flags & 7) + 1) : 0; };
  GifCursor cursor(file);
  bool whole = cursor.Skip(table(header[10]));
  int frames = 0;
  while (whole && frames < 2) {
    if (!file->Step()) return OkStatus();
    const int kind = cursor.Next();
    if (kind == kTrailer) break;
    if (kind == kImage) {
      ++frames;
      cursor.Skip(8);
      const int flags = cursor.Next();
      whole = flags >= 0 && cursor.Skip(table(flags) + 1) && cursor.SkipBlocks();
    } else if (kind == kExtension) {
      const int label = cursor.Next();
      if (label != kApplication) {
        whole = label >= 0 && cursor.SkipBlocks();
        continue;
      }
      const uint64_t name_at = cursor.at() + 1;
      std::array<uint8_t, 11> name_bytes;
      const int name_size = cursor.Next();
      const bool named = name_size == 11 && file->Peek(name_at, name_bytes);
      const std::string_view name(reinterpret_cast<const char*>(name_bytes.data()), 11);
      whole = name_size >= 0 && cursor.Skip(static_cast<uint64_t>(name_size));
      const uint64_t begin = cursor.at();
      std::string profile;
      const bool is_icc = named && name == "ICCRGBG1012";
      whole = whole && cursor.SkipBlocks(is_icc ? &profile : nullptr, kMaxProfile);
      if (is_icc) {
        facts->icc_name =
            IccDescription({reinterpret_cast<const uint8_t*>(profile.data()), profile.size()});
      }
      if (named && name == "XMP DataXMP" && whole && cursor.at() > begin + kXmpTail) {
        const auto packet = file->View(begin, cursor.at() - begin - kXmpTail);
        ReadXmp({reinterpret_cast<const char*>(packet.data()), packet.size()}, file, &facts->xmp);
      }
    } else {
      whole = false;
    }
  }
  if (!whole) file->Warn("the GIF ends within a block or is damaged");
  facts->is_animated = frames > 1;
  if (facts->width == 0 || facts->height == 0) return Corrupt("the GIF's header says no size");
  return OkStatus();
}

}  // namespace peel::library
