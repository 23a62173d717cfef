#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/library/metadata/header_reader.h"
#include "src/library/metadata/read_headers.h"

// Small files put together for tests.
namespace peel::library {

using Bytes = std::vector<uint8_t>;

inline Bytes FromText(std::string_view text) { return {text.begin(), text.end()}; }
inline void Append(Bytes* to, std::span<const uint8_t> bytes) {
  to->insert(to->end(), bytes.begin(), bytes.end());
}
inline void Append(Bytes* to, std::string_view text) {
  to->insert(to->end(), text.begin(), text.end());
}
inline void AppendNumber(Bytes* to, uint64_t value, int bytes, bool little = false) {
  for (int i = 0; i < bytes; ++i) {
    to->push_back(static_cast<uint8_t>(value >> 8 * (little ? i : bytes - 1 - i)));
  }
}

// A directory of a TIFF. Values are put behind it.
class TestDirectory {
 public:
  explicit TestDirectory(bool little) : little_(little) {}

  TestDirectory& Text(uint16_t tag, std::string_view text) {
    Bytes bytes = FromText(text);
    bytes.push_back(0);
    const auto count = static_cast<uint32_t>(bytes.size());
    return Raw(tag, 2, count, std::move(bytes));
  }
  TestDirectory& Short(uint16_t tag, std::initializer_list<uint16_t> values) {
    Bytes bytes;
    for (const uint16_t value : values) AppendNumber(&bytes, value, 2, little_);
    return Raw(tag, 3, static_cast<uint32_t>(values.size()), std::move(bytes));
  }
  TestDirectory& Long(uint16_t tag, uint32_t value) {
    Bytes bytes;
    AppendNumber(&bytes, value, 4, little_);
    return Raw(tag, 4, 1, std::move(bytes));
  }
  TestDirectory& Rational(uint16_t tag,
                          std::initializer_list<std::pair<uint32_t, uint32_t>> values) {
    Bytes bytes;
    for (const auto& [top, bottom] : values) {
      AppendNumber(&bytes, top, 4, little_);
      AppendNumber(&bytes, bottom, 4, little_);
    }
    return Raw(tag, 5, static_cast<uint32_t>(values.size()), std::move(bytes));
  }
  TestDirectory& Raw(uint16_t tag, uint16_t type, uint32_t count, Bytes bytes) {
    entries_.push_back({tag, type, count, std::move(bytes)});
    return *this;
  }

  size_t size() const {
    size_t size = 2 + 12 * entries_.size() + 4;
    for (const Entry& entry : entries_) size += entry.bytes.size() > 4 ? entry.bytes.size() : 0;
    return size;
  }
  // As it stands at this offset.
  Bytes At(size_t offset, uint32_t next = 0) const {
    Bytes out, values;
    AppendNumber(&out, entries_.size(), 2, little_);
    const size_t behind = offset + 2 + 12 * entries_.size() + 4;
    for (const Entry& entry : entries_) {
      AppendNumber(&out, entry.tag, 2, little_);
      AppendNumber(&out, entry.type, 2, little_);
      AppendNumber(&out, entry.count, 4, little_);
      if (entry.bytes.size() > 4) {
        AppendNumber(&out, behind + values.size(), 4, little_);
        Append(&values, entry.bytes);
      } else {
        Append(&out, entry.bytes);
        out.resize(out.size() + 4 - entry.bytes.size());
      }
    }
    AppendNumber(&out, next, 4, little_);
    Append(&out, values);
    return out;
  }

 private:
  struct Entry {
    uint16_t tag, type;
    uint32_t count;
    Bytes bytes;
  };
  bool little_;
  std::vector<Entry> entries_;
};

// A TIFF of a first directory and, where they are given, EXIF and GPS directories below it.
inline Bytes TestTiff(bool little, TestDirectory first, const TestDirectory* exif = nullptr,
                      const TestDirectory* gps = nullptr) {
  const size_t pointers = (exif != nullptr ? 12 : 0) + (gps != nullptr ? 12 : 0);
  const size_t exif_at = 8 + first.size() + pointers;
  const size_t gps_at = exif_at + (exif != nullptr ? exif->size() : 0);
  if (exif != nullptr) first.Long(0x8769, static_cast<uint32_t>(exif_at));
  if (gps != nullptr) first.Long(0x8825, static_cast<uint32_t>(gps_at));
  Bytes out = FromText(little ? "II" : "MM");
  AppendNumber(&out, 42, 2, little);
  AppendNumber(&out, 8, 4, little);
  Append(&out, first.At(8));
  if (exif != nullptr) Append(&out, exif->At(exif_at));
  if (gps != nullptr) Append(&out, gps->At(gps_at));
  return out;
}

inline Bytes Segment(uint8_t marker, std::string_view tag, std::span<const uint8_t> data) {
  Bytes out = {0xFF, marker};
  AppendNumber(&out, 2 + tag.size() + data.size(), 2);
  Append(&out, tag);
  Append(&out, data);
  return out;
}

// A JPEG's headers around these segments: 640 by 480, 8 bits; then a scan.
inline Bytes TestJpeg(std::initializer_list<Bytes> segments) {
  Bytes out = {0xFF, 0xD8};
  for (const Bytes& segment : segments) Append(&out, segment);
  Append(&out, Segment(0xC0, "", Bytes{8, 1, 224, 2, 128, 1, 1, 0x11, 0}));
  Append(&out, Segment(0xDA, "", Bytes{1, 1, 0, 0, 63, 0}));
  Append(&out, Bytes{1, 2, 3, 0xFF, 0xD9});
  return out;
}
inline Bytes ExifSegment(const Bytes& tiff) {
  return Segment(0xE1, std::string_view("Exif\0\0", 6), tiff);
}
inline Bytes XmpSegment(std::string_view packet) {
  return Segment(0xE1, std::string_view("http://ns.adobe.com/xap/1.0/\0", 29), FromText(packet));
}

// Properties as a packet; the usual prefixes are declared.
inline std::string TestXmp(std::string_view attributes, std::string_view elements = "") {
  return "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
         "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description "
         "rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' "
         "xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:tiff='http://ns.adobe.com/tiff/1.0/' "
         "xmlns:exif='http://ns.adobe.com/exif/1.0/' xmlns:aux='http://ns.adobe.com/exif/1.0/aux/' "
         "xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/' "
         "xmlns:GCamera='http://ns.google.com/photos/1.0/camera/' " +
         std::string(attributes) + ">" + std::string(elements) +
         "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>";
}

inline Result<PhotoMetadata> ReadBytes(std::span<const uint8_t> bytes) {
  HeaderReader reader(bytes);
  return ReadHeaders(&reader);
}

}  // namespace peel::library
