#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "src/codec/bytes.h"
#include "src/library/metadata/colour_names.h"
#include "src/library/metadata/exif_facts.h"
#include "src/library/metadata/format_headers.h"
#include "src/library/metadata/iptc_facts.h"
#include "src/library/metadata/xmp_facts.h"

namespace peel::library {
namespace {

using namespace std::string_view_literals;

enum Tag : uint16_t {
  kRw2Top = 4,
  kRw2Left = 5,
  kRw2Bottom = 6,
  kRw2Right = 7,
  kRw2Iso = 0x17,
  kRw2Jpeg = 0x2E,
  kSubfileType = 0xFE,
  kImageWidth = 0x100,
  kImageLength = 0x101,
  kBitsPerSample = 0x102,
  kPhotometric = 0x106,
  kSubDirectories = 0x14A,
  kXmp = 0x2BC,
  kIptc = 0x83BB,
  kPhotoshop = 0x8649,
  kIcc = 0x8773,
  kDngVersion = 0xC612,
};
constexpr int64_t kMosaic = 32803, kLinearRaw = 34892;
// Pictures of a raw file; of a TIFF's further pages none is looked at.
constexpr int kMaxChain = 8;
constexpr uint64_t kMaxSubDirectories = 8;
constexpr uint64_t kMaxBlock = HeaderReader::kMaxView;

// One of a file's pictures.
struct Layer {
  int64_t width = 0, height = 0, bits = 0, photometric = -1;
  bool reduced = false;

  bool is_raw() const { return photometric == kMosaic || photometric == kLinearRaw; }
  bool has_size() const {
    return width > 0 && height > 0 && width <= INT32_MAX && height <= INT32_MAX;
  }
};

class TiffWalk {
 public:
  TiffWalk(HeaderReader* file, TiffReader tiff, PhotoFacts* facts)
      : file_(file), tiff_(std::move(tiff)), facts_(facts) {}

  Status Walk() {
    const auto magic_bytes = file_->ViewUpTo(0, 12);
    const std::string_view magic(reinterpret_cast<const char*>(magic_bytes.data()),
                                 magic_bytes.size());
    const bool cr2 = magic.size() == 12 && magic.substr(8, 2) == "CR";
    const bool rw2 = magic.starts_with("IIU\0"sv);
    const bool orf = magic.starts_with("IIR") || magic.starts_with("MMOR");
    uint64_t at = tiff_.first();
    for (int i = 0; i < kMaxChain && at != 0; ++i) {
      uint64_t next = 0;
      const auto entries = tiff_.Read(at, &next);
      if (!entries) break;
      if (i == 0) TakeFirst(*entries, rw2);
      TakeLayer(*entries, /*may_have_more=*/true);
      at = next;
    }
    if (layers_.empty()) return Corrupt("the TIFF's first directory cannot be read");
    const bool raw = cr2 || rw2 || orf || dng_ ||
                     std::any_of(layers_.begin(), layers_.end(),
                                 [](const Layer& layer) { return layer.is_raw(); });
    facts_->format = raw ? "raw" : "tiff";
    const int exif_width = gatherer_.exif_width(), exif_height = gatherer_.exif_height();
    facts_->exif = gatherer_.Finish();
    Layer best = layers_[0];
    if (raw) best = LargestRaw();
    if (cr2 && exif_width > 0 && exif_height > 0) {
      best.width = exif_width;
      best.height = exif_height;
    }
    if (rw2) FinishRw2(&best);
    if (!best.has_size()) return Corrupt("the TIFF's first directory says no possible size");
    facts_->width = static_cast<int>(best.width);
    facts_->height = static_cast<int>(best.height);
    if (best.bits > 0 && best.bits <= 64) facts_->bit_depth = static_cast<int>(best.bits);
    return OkStatus();
  }

 private:
  void TakeFirst(const std::vector<TiffEntry>& entries, bool rw2) {
    gatherer_.TakeEntries(&tiff_, entries, true);
    for (const TiffEntry& entry : entries) {
      switch (entry.tag) {
        case kXmp: {
          const auto packet = tiff_.Bytes(entry, kMaxBlock);
          ReadXmp({reinterpret_cast<const char*>(packet.data()), packet.size()}, file_,
                  &facts_->xmp);
          break;
        }
        case kIptc:
          ReadIptc(tiff_.Bytes(entry, kMaxBlock), &facts_->iptc);
          break;
        case kPhotoshop:
          // Photoshop itself writes the records twice.
          ReadPhotoshop(tiff_.Bytes(entry, kMaxBlock), facts_);
          break;
        case kIcc:
          facts_->icc_name = IccDescription(tiff_.Bytes(entry, kMaxBlock));
          break;
        case kDngVersion:
          dng_ = true;
          break;
        default:
          break;
      }
      if (!rw2) continue;
      const auto number = tiff_.Integer(entry);
      if (entry.tag >= kRw2Top && entry.tag <= kRw2Right) borders_[entry.tag - kRw2Top] = number;
      if (entry.tag == kRw2Iso) rw2_iso_ = number;
      if (entry.tag == kRw2Jpeg) {
        rw2_jpeg_ = tiff_.part().Sub(entry.at, entry.count * TiffReader::TypeBytes(entry.type));
      }
    }
  }

  void TakeLayer(const std::vector<TiffEntry>& entries, bool may_have_more) {
    // Before the pictures below it: the first is the first directory's.
    const size_t index = layers_.size();
    layers_.emplace_back();
    for (const TiffEntry& entry : entries) {
      Layer& layer = layers_[index];
      const auto number = [&] { return tiff_.Integer(entry).value_or(0); };
      if (entry.tag == kImageWidth) layer.width = number();
      if (entry.tag == kImageLength) layer.height = number();
      if (entry.tag == kBitsPerSample) layer.bits = number();
      if (entry.tag == kPhotometric) layer.photometric = number();
      if (entry.tag == kSubfileType) layer.reduced = (number() & 1) != 0;
      if (entry.tag != kSubDirectories || !may_have_more) continue;
      for (uint64_t n = 0; n < std::min(entry.count, kMaxSubDirectories); ++n) {
        const auto at = tiff_.Integer(entry, n);
        if (!at || *at <= 0) continue;
        if (const auto inner = tiff_.Read(static_cast<uint64_t>(*at))) TakeLayer(*inner, false);
      }
    }
  }

  // The sensor's own data, else what is largest and no preview.
  Layer LargestRaw() const {
    const auto rank = [](const Layer& layer) {
      return std::pair(layer.has_size() ? (layer.is_raw()  ? 2
                                           : layer.reduced ? 0
                                                           : 1)
                                        : -1,
                       layer.has_size() ? layer.width * layer.height : 0);
    };
    return *std::max_element(layers_.begin(), layers_.end(),
                             [&](const Layer& a, const Layer& b) { return rank(a) < rank(b); });
  }

  // Panasonic has sizes of its own, and the rest of what it knows in the preview's EXIF block.
  void FinishRw2(Layer* best) {
    const auto& [top, left, bottom, right] = borders_;
    if (top && left && bottom && right) {
      best->width = *right - *left;
      best->height = *bottom - *top;
    }
    Facts& exif = facts_->exif;
    if (!exif.iso && rw2_iso_ && *rw2_iso_ > 0) exif.iso = rw2_iso_;
    PhotoFacts preview;
    if (rw2_jpeg_.size() == 0 || !ReadJpegPart(rw2_jpeg_, &preview).ok()) return;
    FillFrom(preview.exif, &exif);
    FillFrom(preview.xmp, &facts_->xmp);
  }

  HeaderReader* file_;
  TiffReader tiff_;
  PhotoFacts* facts_;
  ExifGatherer gatherer_;
  std::vector<Layer> layers_;
  bool dng_ = false;
  std::optional<int64_t> borders_[4], rw2_iso_;
  Part rw2_jpeg_;
};

}  // namespace

Status ReadTiffHeaders(HeaderReader* file, PhotoFacts* facts) {
  auto tiff = TiffReader::Open(Part(file, 0, file->size()));
  if (!tiff) return Corrupt("the TIFF's header is damaged");
  return TiffWalk(file, *std::move(tiff), facts).Walk();
}

Status ReadRafHeaders(HeaderReader* file, PhotoFacts* facts) {
  constexpr uint64_t kOffsets = 84;
  const auto offsets = file->View(kOffsets, 16);
  if (offsets.size() < 16) return Corrupt("the RAF ends within its header");
  const Part all(file, 0, file->size());
  const Part jpeg = all.Sub(ReadBig32(offsets.data()), ReadBig32(offsets.data() + 4));
  const Part table = all.Sub(ReadBig32(offsets.data() + 8), ReadBig32(offsets.data() + 12));
  const Status preview = ReadJpegPart(jpeg, facts);
  // The sensor's data: number of tags, and for each its number, its size, its value.
  constexpr uint16_t kFullSize = 0x100, kCroppedSize = 0x111, kSize = 0x121;
  int best = 0;
  const auto count_bytes = table.View(0, 4);
  const uint32_t count = count_bytes.empty() ? 0 : ReadBig32(count_bytes.data());
  uint64_t at = 4;
  for (uint32_t i = 0; i < std::min(count, uint32_t{1000}); ++i) {
    const auto entry = table.View(at, 8);
    if (entry.empty()) break;
    const uint16_t tag = ReadBig16(entry.data());
    const int rank = tag == kCroppedSize ? 3 : tag == kSize ? 2 : tag == kFullSize ? 1 : 0;
    if (rank > best && ReadBig16(entry.data() + 2) == 4) {
      best = rank;
      facts->height = ReadBig16(entry.data() + 4);
      facts->width = ReadBig16(entry.data() + 6);
    }
    at += 4 + uint64_t{ReadBig16(entry.data() + 2)};
  }
  return facts->width > 0 && facts->height > 0 ? OkStatus() : preview;
}

}  // namespace peel::library
