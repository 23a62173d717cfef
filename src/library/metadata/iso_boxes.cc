#include "src/library/metadata/iso_boxes.h"

#include <algorithm>

#include "src/codec/bytes.h"

namespace peel::library {

void ForEachBox(Part part, FunctionRef<void(uint32_t type, Part box)> f) {
  HeaderReader* const reader = part.reader();
  for (uint64_t at = 0; at < part.size() && reader != nullptr;) {
    if (!reader->Step()) return;
    const auto head = part.ViewUpTo(at, 16);
    if (head.size() < 8) return;
    uint64_t size = ReadBig32(head.data()), header = 8;
    const uint32_t type = ReadBig32(head.data() + 4);
    if (size == 1) {
      if (head.size() < 16) return;
      header = 16;
      size = uint64_t{ReadBig32(head.data() + 8)} << 32 | ReadBig32(head.data() + 12);
    } else if (size == 0) {
      size = part.size() - at;
    }
    if (size < header) {
      reader->Warn("a box is damaged; what lies behind it is left out");
      return;
    }
    if (size > part.size() - at) reader->Warn("the file ends within a box");
    f(type, part.Sub(at + header, size - header));
    if (size > part.size() - at) return;
    at += size;
  }
}

IsoFields::IsoFields(Part part)
    : bytes_(part.ViewUpTo(0, std::min(part.size(), HeaderReader::kMaxView))) {}

uint64_t IsoFields::Take(size_t bytes) {
  if (bytes > bytes_.size() - at_) {
    at_ = bytes_.size();
    ok_ = false;
    return 0;
  }
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | bytes_[at_++];
  return value;
}

void IsoFields::Skip(size_t bytes) {
  if (bytes > bytes_.size() - at_) ok_ = false;
  at_ += std::min(bytes, bytes_.size() - at_);
}

}  // namespace peel::library
