#include "src/codec/heif/hevc_size.h"

#include <vector>

#include "src/codec/bytes.h"

namespace peel {
namespace {

constexpr int kSps = 33;
constexpr uint32_t kMaxSide = 1u << 16;

// Bits of a raw byte sequence payload: a 3 behind two zero bytes is none of it.
class Bits {
 public:
  explicit Bits(std::span<const uint8_t> nal) {
    bytes_.reserve(nal.size());
    size_t zeros = 0;
    for (const uint8_t byte : nal) {
      if (zeros >= 2 && byte == 3) {
        zeros = 0;
        continue;
      }
      zeros = byte == 0 ? zeros + 1 : 0;
      bytes_.push_back(byte);
    }
  }

  bool ok() const { return at_ <= 8 * bytes_.size(); }
  void Skip(size_t bits) { at_ += bits; }

  uint32_t Take(int bits) {
    uint32_t value = 0;
    for (int i = 0; i < bits; ++i, ++at_) {
      const uint32_t bit = at_ / 8 < bytes_.size() ? bytes_[at_ / 8] >> (7 - at_ % 8) & 1 : 0;
      value = value << 1 | bit;
    }
    return value;
  }

  // Exp-Golomb; what is longer than any size here is no number.
  uint32_t TakeUe() {
    int zeros = 0;
    while (ok() && Take(1) == 0) ++zeros;
    if (zeros > 20) {
      at_ = 8 * bytes_.size() + 1;
      return 0;
    }
    return (1u << zeros) - 1 + Take(zeros);
  }

 private:
  std::vector<uint8_t> bytes_;
  size_t at_ = 0;
};

bool IsSps(std::span<const uint8_t> nal) {
  if (nal.size() < 2) return false;
  const int layer = (nal[0] & 1) << 5 | nal[1] >> 3;
  return (nal[0] >> 1 & 63) == kSps && layer == 0;
}

// Whether this unit leaves the size as it is or is the first to tell it.
bool Agree(std::span<const uint8_t> nal, std::optional<HevcSize>& size) {
  if (!IsSps(nal)) return true;
  const auto here = HevcSizeOfNal(nal);
  if (!here || (size && *size != *here)) return false;
  size = here;
  return true;
}

}  // namespace

std::optional<HevcSize> HevcSizeOfNal(std::span<const uint8_t> nal) {
  if (!IsSps(nal)) return std::nullopt;
  Bits bits(nal.subspan(2, std::min<size_t>(nal.size() - 2, 1024)));
  bits.Skip(4);  // video parameter set
  const auto sub_layers = bits.Take(3);
  bits.Skip(1 + 96);  // nesting; general profile, tier and level
  uint32_t has_profile = 0, has_level = 0;
  for (uint32_t i = 0; i < sub_layers; ++i) {
    has_profile = has_profile << 1 | bits.Take(1);
    has_level = has_level << 1 | bits.Take(1);
  }
  if (sub_layers > 0) bits.Skip(size_t{2} * (8 - sub_layers));
  for (uint32_t i = sub_layers; i-- > 0;) {
    if ((has_profile >> i & 1) != 0) bits.Skip(88);
    if ((has_level >> i & 1) != 0) bits.Skip(8);
  }
  bits.TakeUe();  // number of the set
  const uint32_t chroma = bits.TakeUe();
  const bool separate = chroma == 3 && bits.Take(1) != 0;
  const uint32_t width = bits.TakeUe(), height = bits.TakeUe();
  uint32_t left = 0, right = 0, top = 0, bottom = 0;
  if (bits.Take(1) != 0) {
    left = bits.TakeUe();
    right = bits.TakeUe();
    top = bits.TakeUe();
    bottom = bits.TakeUe();
  }
  const uint32_t luma = bits.TakeUe();
  if (!bits.ok() || chroma > 3 || width == 0 || height == 0 || width > kMaxSide ||
      height > kMaxSide || luma > 8) {
    return std::nullopt;
  }
  const uint32_t across = !separate && (chroma == 1 || chroma == 2) ? 2 : 1;
  const uint32_t down = !separate && chroma == 1 ? 2 : 1;
  const uint64_t cut_x = uint64_t{across} * (uint64_t{left} + right);
  const uint64_t cut_y = uint64_t{down} * (uint64_t{top} + bottom);
  if (cut_x >= width || cut_y >= height) return std::nullopt;
  HevcSize size;
  size.coded_width = static_cast<int>(width);
  size.coded_height = static_cast<int>(height);
  size.width = static_cast<int>(width - cut_x);
  size.height = static_cast<int>(height - cut_y);
  size.bits = static_cast<int>(8 + luma);
  return size;
}

Result<HevcSize> HevcSizeOfPicture(std::span<const uint8_t> hvcc, std::span<const uint8_t> data) {
  const Status two =
      Corrupt("the HEIC is damaged: a picture of it says two sizes, or one that cannot be read");
  std::optional<HevcSize> size;
  if (hvcc.size() >= 23) {
    std::span<const uint8_t> at = hvcc.subspan(23);
    for (int array = hvcc[22]; array > 0 && at.size() >= 3; --array) {
      int units = ReadBig16(at.data() + 1);
      for (at = at.subspan(3); units > 0 && at.size() >= 2; --units) {
        const size_t length = std::min<size_t>(ReadBig16(at.data()), at.size() - 2);
        if (!Agree(at.subspan(2, length), size)) return two;
        at = at.subspan(2 + length);
      }
    }
  }
  while (data.size() > 4) {
    const size_t length = std::min<size_t>(ReadBig32(data.data()), data.size() - 4);
    if (!Agree(data.subspan(4, length), size)) return two;
    data = data.subspan(4 + length);
  }
  if (!size) return Corrupt("the HEIC is damaged: a picture of it does not say its size");
  return *size;
}

}  // namespace peel
