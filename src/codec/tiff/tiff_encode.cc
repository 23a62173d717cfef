#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "src/base/checked.h"
#include "src/codec/bytes.h"
#include "src/codec/metadata/exif_block.h"
#include "src/codec/png/deflate.h"
#include "src/codec/tiff/tiff.h"
#include "src/image/rows.h"

namespace peel {
namespace {

constexpr size_t kStripBytes = size_t{512} << 10;  // unpacked
constexpr uint64_t kMaxFile = uint64_t{0xFFFFFFFF} - (1 << 20);
// The packer's ordinary effort, as for PNG.
constexpr DeflateEffort kEffort = {};

enum Tag : uint16_t {
  kBitsPerSample = 258,
  kCompression = 259,
  kPhotometric = 262,
  kSamplesPerPixel = 277,
  kRowsPerStrip = 278,
  kPlanarConfig = 284,
  kPredictor = 317,
  kExtraSamples = 338,
  kXmp = 700,
  kIcc = 34675,
};
enum Type : uint16_t { kByte = 1, kUndefined = 7 };

// Samples less those of the pixel to the left, as bytes of the file's order.
void Difference(const uint8_t* row, size_t samples, int channels, bool, uint8_t* out) {
  const auto n = static_cast<size_t>(channels);
  std::copy_n(row, n, out);
  for (size_t i = n; i < samples; ++i) out[i] = static_cast<uint8_t>(row[i] - row[i - n]);
}
void Difference(const uint16_t* row, size_t samples, int channels, bool little, uint8_t* out) {
  const auto n = static_cast<size_t>(channels);
  const int low = little ? 0 : 1;
  for (size_t i = 0; i < samples; ++i, out += 2) {
    const auto v = static_cast<uint16_t>(i < n ? row[i] : row[i] - row[i - n]);
    out[low] = static_cast<uint8_t>(v);
    out[1 - low] = static_cast<uint8_t>(v >> 8);
  }
}

// A zlib stream of its own: header, deflate, checksum.
std::vector<uint8_t> PackStrip(std::span<const uint8_t> raw) {
  std::vector<uint8_t> packed(DeflateBound(raw.size()) + 6);
  packed[0] = 0x78;
  packed[1] = 0x9C;
  size_t at = 2 + DeflatePiece(raw, 0, /*last=*/true, kEffort, packed.data() + 2);
  WriteBig32(packed.data() + at, libdeflate_adler32(1, raw.data(), raw.size()));
  packed.resize(at + 4);
  packed.shrink_to_fit();
  return packed;
}

// The file as it grows; numbers in the byte order of its beginning.
class TiffWriter {
 public:
  // Begins with the EXIF block, whose own header becomes the file's, where it is one.
  explicit TiffWriter(const Metadata* metadata) {
    if (metadata != nullptr && !metadata->exif.empty()) out_ = metadata->exif;
    const exif::Block block(out_);
    directory_ = block.valid() && block.Table(block.Get32(4)) ? block.Get32(4) : 0;
    if (directory_ == 0) out_ = {'I', 'I', '*', 0, 0, 0, 0, 0};
  }

  bool little() const { return out_[0] == 'I'; }
  uint64_t size() const { return out_.size(); }
  void Reserve(size_t bytes) { out_.reserve(bytes); }
  std::vector<uint8_t> Take() { return std::move(out_); }

  uint32_t Append(std::span<const uint8_t> bytes) {
    if (out_.size() % 2 != 0) out_.push_back(0);
    const auto at = static_cast<uint32_t>(out_.size());
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return at;
  }

  void Short(uint16_t tag, uint16_t v) { Shorts(tag, std::vector<uint16_t>{v}); }
  void Shorts(uint16_t tag, const std::vector<uint16_t>& values) {
    std::vector<uint8_t> bytes;
    for (const uint16_t v : values) Number(v, 2, bytes);
    Add(tag, exif::kShort, static_cast<uint32_t>(values.size()), bytes);
  }
  void Longs(uint16_t tag, const std::vector<uint32_t>& values) {
    std::vector<uint8_t> bytes;
    for (const uint32_t v : values) Number(v, 4, bytes);
    Add(tag, exif::kLong, static_cast<uint32_t>(values.size()), bytes);
  }
  void Bytes(uint16_t tag, uint16_t type, const std::vector<uint8_t>& bytes) {
    if (!bytes.empty()) Add(tag, type, static_cast<uint32_t>(bytes.size()), bytes);
  }

  // Before the description, which says it as well.
  void WriteResolution(const Resolution& resolution) {
    if (!resolution.known()) return;
    for (const auto& [tag, value] :
         {std::pair{exif::kXResolution, resolution.x}, {exif::kYResolution, resolution.y}}) {
      std::vector<uint8_t> bytes;
      for (const uint32_t v : Rational(value)) Number(v, 4, bytes);
      Add(tag, exif::kRational, 1, bytes);
    }
    Short(exif::kResolutionUnit, resolution.unit == Resolution::Unit::kInch   ? exif::kInch
                                 : resolution.unit == Resolution::Unit::kNone ? exif::kNoUnit
                                                                              : exif::kCentimetre);
  }

  // What the EXIF block's first directory says of the photo: its values are where they were.
  void CopyDescription() {
    if (directory_ == 0) return;
    const exif::Block block(out_);
    block.ForEach(directory_, [&](const exif::Entry& entry) {
      if (!exif::IsDescriptive(entry.tag) && !exif::IsPointer(entry.tag)) return;
      Field field = {};
      field.tag = entry.tag;
      std::copy_n(out_.begin() + static_cast<ptrdiff_t>(entry.at), exif::kEntryBytes,
                  field.entry.begin());
      fields_.push_back(field);
    });
  }

  void WriteDirectory() {
    std::ranges::stable_sort(fields_, {}, &Field::tag);
    const auto same = [](const Field& a, const Field& b) { return a.tag == b.tag; };
    fields_.erase(std::unique(fields_.begin(), fields_.end(), same), fields_.end());
    std::vector<uint8_t> table;
    Number(static_cast<uint32_t>(fields_.size()), 2, table);
    for (const Field& field : fields_) {
      table.insert(table.end(), field.entry.begin(), field.entry.end());
    }
    Number(0, 4, table);
    const uint32_t at = Append(table);
    exif::Block(out_).Set32(4, at);
  }

 private:
  struct Field {
    uint16_t tag = 0;
    std::array<uint8_t, exif::kEntryBytes> entry = {};
  };

  void Number(uint32_t v, int bytes, std::vector<uint8_t>& to) const {
    for (int i = 0; i < bytes; ++i) {
      to.push_back(static_cast<uint8_t>(v >> 8 * (little() ? i : bytes - 1 - i)));
    }
  }
  void Add(uint16_t tag, uint16_t type, uint32_t count, const std::vector<uint8_t>& bytes) {
    std::vector<uint8_t> entry;
    Number(tag, 2, entry);
    Number(type, 2, entry);
    Number(count, 4, entry);
    if (bytes.size() <= 4) {
      entry.insert(entry.end(), bytes.begin(), bytes.end());
      entry.resize(exif::kEntryBytes, 0);
    } else {
      Number(Append(bytes), 4, entry);
    }
    Field field = {};
    field.tag = tag;
    std::ranges::copy(entry, field.entry.begin());
    fields_.push_back(field);
  }

  std::vector<uint8_t> out_;
  size_t directory_ = 0;  // of the EXIF block; 0 where there is none
  std::vector<Field> fields_;
};

template <typename T>
Result<std::vector<uint8_t>> EncodeAny(ImageView<const T> pixels, const EncodeOptions& options) {
  TiffWriter file(options.metadata);
  const size_t samples = static_cast<size_t>(pixels.width) * static_cast<size_t>(pixels.channels);
  const size_t row_bytes = samples * sizeof(T);
  const int rows = static_cast<int>(
      std::clamp<size_t>(kStripBytes / row_bytes, 1, static_cast<size_t>(pixels.height)));
  std::vector<std::vector<uint8_t>> strips(static_cast<size_t>(DivideUp(pixels.height, rows)));
  std::vector<std::vector<uint8_t>> scratch(static_cast<size_t>(Workers(options.pool)));
  ForRowBands(
      pixels.height, options.pool,
      [&](int first, int last, int worker) {
        std::vector<uint8_t>& raw = scratch[static_cast<size_t>(worker)];
        raw.resize(static_cast<size_t>(last - first) * row_bytes);
        for (int y = first; y < last; ++y) {
          Difference(pixels.row(y), samples, pixels.channels, file.little(),
                     raw.data() + static_cast<size_t>(y - first) * row_bytes);
        }
        strips[static_cast<size_t>(first / rows)] = PackStrip(raw);
      },
      rows);
  uint64_t total = file.size();
  for (const auto& strip : strips) total += strip.size() + 1;
  if (options.metadata != nullptr) {
    total +=
        options.metadata->icc.size() + options.metadata->xmp.size() + options.metadata->iptc.size();
  }
  if (total + 8 * strips.size() > kMaxFile) {
    return Unsupported("the picture is too large for a TIFF of 4 GiB; write PNG instead");
  }
  file.Reserve(total + 8 * strips.size() + 4096);
  std::vector<uint32_t> offsets, counts;
  for (auto& strip : strips) {
    counts.push_back(static_cast<uint32_t>(strip.size()));
    offsets.push_back(file.Append(strip));
    strip = {};
  }
  const bool alpha = pixels.channels == 4;
  file.Longs(exif::kImageWidth, {static_cast<uint32_t>(pixels.width)});
  file.Longs(exif::kImageLength, {static_cast<uint32_t>(pixels.height)});
  file.Shorts(kBitsPerSample,
              std::vector<uint16_t>(static_cast<size_t>(pixels.channels), 8 * sizeof(T)));
  file.Short(kCompression, 8);  // Deflate
  file.Short(kPhotometric, pixels.channels == 1 ? 1 : 2);
  file.Longs(exif::kStripOffsets, offsets);
  file.Short(exif::kOrientation, 1);
  file.Short(kSamplesPerPixel, static_cast<uint16_t>(pixels.channels));
  file.Longs(kRowsPerStrip, {static_cast<uint32_t>(rows)});
  file.Longs(exif::kStripByteCounts, counts);
  file.Short(kPlanarConfig, 1);
  file.Short(kPredictor, 2);
  if (alpha) file.Short(kExtraSamples, 2);  // straight
  if (options.metadata != nullptr) {
    file.Bytes(kXmp, kByte, options.metadata->xmp);
    file.Bytes(kIcc, kUndefined, options.metadata->icc);
    file.Bytes(exif::kIptc, kUndefined, options.metadata->iptc);
    file.WriteResolution(options.metadata->resolution);
  }
  file.CopyDescription();
  file.WriteDirectory();
  return file.Take();
}

}  // namespace

Result<std::vector<uint8_t>> EncodeTiff(ImageView<const uint8_t> pixels,
                                        const EncodeOptions& options) {
  return EncodeAny(pixels, options);
}

Result<std::vector<uint8_t>> EncodeTiff(ImageView<const uint16_t> pixels,
                                        const EncodeOptions& options) {
  return EncodeAny(pixels, options);
}

}  // namespace peel
