#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/codec/bytes.h"
#include "src/codec/metadata/icc.h"
#include "src/library/metadata/colour_names.h"
#include "src/library/metadata/exif_facts.h"
#include "src/library/metadata/format_headers.h"
#include "src/library/metadata/iptc_facts.h"
#include "src/library/metadata/xmp_facts.h"

namespace peel::library {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kExif = "Exif\0"sv, kXmp = "http://ns.adobe.com/xap/1.0/\0"sv,
                           kExtendedXmp = "http://ns.adobe.com/xmp/extension/\0"sv,
                           kIcc = "ICC_PROFILE\0"sv, kPhotoshop = "Photoshop 3.0\0"sv;
// Depth maps and films as base64 lie in extended XMP too; a text that a person wrote is small.
constexpr uint64_t kMaxExtendedXmp = uint64_t{256} * 1024;

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class JpegWalk {
 public:
  JpegWalk(Part file, PhotoFacts* facts) : file_(file), facts_(facts) {}

  Status Walk() {
    uint64_t at = 2;
    for (;;) {
      if (!file_.reader()->Step()) break;
      const auto head = file_.ViewUpTo(at, 4);
      if (head.size() < 4 || head[0] != 0xFF) {
        if (head.size() < 4 || !FindMarker(&at)) {
          file_.reader()->Warn("the JPEG ends within its headers");
          break;
        }
        continue;
      }
      const uint8_t marker = head[1];
      if (marker == 0xFF) {  // filled up
        ++at;
        continue;
      }
      if (marker == 0xDA || marker == 0xD9) break;
      if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
        at += 2;
        continue;
      }
      const uint64_t length = ReadBig16(head.data() + 2);
      if (length < 2) {
        at += 2;
        continue;
      }
      Segment(marker, at + 4, length - 2);
      at += 2 + length;
    }
    Finish();
    if (facts_->width == 0) {
      return Corrupt("the JPEG has no size: it ends before its picture or is damaged there");
    }
    return OkStatus();
  }

 private:
  // The next marker behind junk.
  bool FindMarker(uint64_t* at) const {
    const auto junk = file_.ViewUpTo(*at, 65536);
    for (size_t i = 1; i + 1 < junk.size(); ++i) {
      if (junk[i] == 0xFF && junk[i + 1] >= 0xC0 && junk[i + 1] != 0xFF) {
        *at += i;
        return true;
      }
    }
    return false;
  }

  void Segment(uint8_t marker, uint64_t at, uint64_t size) {
    const bool is_frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (is_frame && facts_->width == 0) {
      const auto frame = file_.View(at, 5);
      if (frame.size() < 5) return;
      facts_->bit_depth = frame[0];
      facts_->height = ReadBig16(frame.data() + 1);
      facts_->width = ReadBig16(frame.data() + 3);
    }
    if (marker != 0xE1 && marker != 0xE2 && marker != 0xED) return;
    const auto name_bytes = file_.ViewUpTo(at, std::min<uint64_t>(size, kExtendedXmp.size()));
    const std::string_view name = AsText(name_bytes);
    const auto part = [&](std::string_view tag) {
      return file_.Sub(at + tag.size(), size - tag.size());
    };
    if (marker == 0xE1 && name.starts_with(kExif) && !has_exif_) {
      has_exif_ = true;
      ReadExif(part(kExif).From(1), &facts_->exif);
    } else if (marker == 0xE1 && name.starts_with(kXmp) && xmp_.empty()) {
      const auto packet = part(kXmp).View(0, size - kXmp.size());
      xmp_ = AsText(packet);
      ReadXmp(xmp_, file_.reader(), &facts_->xmp);
    } else if (marker == 0xE1 && name.starts_with(kExtendedXmp)) {
      extended_.push_back(part(kExtendedXmp));
    } else if (marker == 0xE2 && name.starts_with(kIcc)) {
      icc_.push_back(file_.Sub(at, size));
    } else if (marker == 0xED && name.starts_with(kPhotoshop)) {
      photoshop_.push_back(part(kPhotoshop));
    }
  }

  void Finish() {
    FinishPhotoshop();
    FinishIcc();
    FinishExtendedXmp();
  }

  void FinishPhotoshop() {
    if (photoshop_.size() == 1) {
      ReadPhotoshop(photoshop_[0].View(0, photoshop_[0].size()), facts_);
      return;
    }
    std::vector<uint8_t> all;
    for (const Part& part : photoshop_) {
      const auto bytes = part.View(0, part.size());
      all.insert(all.end(), bytes.begin(), bytes.end());
    }
    ReadPhotoshop(all, facts_);
  }

  void FinishIcc() {
    constexpr size_t kHead = 14;
    // The description lies in the first segment but for profiles of great tables.
    for (const Part& part : icc_) {
      const auto bytes = part.View(0, part.size());
      if (bytes.size() > kHead && bytes[12] == 1) {
        facts_->icc_name = IccDescription(bytes.subspan(kHead));
      }
    }
    if (!facts_->icc_name.empty() || icc_.size() < 2) return;
    std::vector<std::span<const uint8_t>> segments;
    for (const Part& part : icc_) segments.push_back(part.View(0, part.size()));
    facts_->icc_name = IccDescription(JoinJpegIcc(segments));
  }

  void FinishExtendedXmp() {
    constexpr size_t kHead = 40;  // GUID, size of the whole, place of this part in it
    if (extended_.empty()) return;
    const std::string guid = ExtendedXmpGuid(xmp_);
    if (guid.empty()) return;
    std::string packet;
    for (const Part& part : extended_) {
      const auto head = part.View(0, kHead);
      if (head.size() < kHead || AsText(head).substr(0, 32) != guid) continue;
      const uint64_t whole = ReadBig32(head.data() + 32), at = ReadBig32(head.data() + 36);
      const auto bytes = part.View(kHead, part.size() - kHead);
      if (whole > kMaxExtendedXmp || at > whole || bytes.size() > whole - at) return;
      packet.resize(whole, ' ');
      packet.replace(at, bytes.size(), AsText(bytes));
    }
    ReadXmp(packet, file_.reader(), &facts_->xmp);
  }

  Part file_;
  PhotoFacts* facts_;
  bool has_exif_ = false;
  std::string_view xmp_;
  std::vector<Part> extended_, icc_, photoshop_;
};

// Samsung's trailer: "SEFH", version, count, and for each record two bytes, its kind, how far
// before this directory it lies, its size; then the directory's length and "SEFT" at the file's
// very end.
bool HasSamsungMotion(HeaderReader* file) {
  constexpr uint16_t kMotionPhoto = 0x0A30;
  uint8_t end[8];
  if (file->size() < 20 || !file->Peek(file->size() - 8, end)) return false;
  if (std::memcmp(end + 4, "SEFT", 4) != 0) return false;
  const uint64_t length = ReadLittle32(end);
  if (length < 12 || length > file->size() - 8) return false;
  const auto directory =
      file->View(file->size() - 8 - length, std::min<uint64_t>(length, uint64_t{12} * 1000));
  if (directory.size() < 12 || std::memcmp(directory.data(), "SEFH", 4) != 0) return false;
  const size_t count =
      std::min<size_t>(ReadLittle32(directory.data() + 8), (directory.size() - 12) / 12);
  for (size_t i = 0; i < count; ++i) {
    if (ReadLittle16(directory.data() + 12 + i * 12 + 2) == kMotionPhoto) return true;
  }
  return false;
}

}  // namespace

Status ReadJpegPart(Part jpeg, PhotoFacts* facts) { return JpegWalk(jpeg, facts).Walk(); }

Status ReadJpegHeaders(HeaderReader* file, PhotoFacts* facts) {
  PEEL_RETURN_IF_ERROR(ReadJpegPart(Part(file, 0, file->size()), facts));
  facts->motion_photo = HasSamsungMotion(file);
  return OkStatus();
}

}  // namespace peel::library
