#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/codec/bytes.h"
#include "src/codec/heif/heif_items.h"
#include "src/library/metadata/colour_names.h"
#include "src/library/metadata/exif_facts.h"
#include "src/library/metadata/format_headers.h"
#include "src/library/metadata/iso_boxes.h"
#include "src/library/metadata/xmp_facts.h"

namespace peel::library {
namespace {

using namespace std::string_view_literals;

// CR3's boxes of its own: metadata in 'moov', XMP at the top.
constexpr std::string_view kCanonUuid =
    "\x85\xC0\xB6\x87\x82\x0F\x11\xE0\x81\x11\xF4\xCE\x46\x2B\x6A\x48"sv;
constexpr std::string_view kXmpUuid =
    "\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC"sv;

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A turn anticlockwise in quarters and, in their order, a mirroring (0: top to bottom, 1: left to
// right) as EXIF's orientation.
int OrientationOf(int quarters, std::optional<int> mirror, bool mirror_first) {
  constexpr int kTurned[] = {1, 8, 3, 6}, kFlipped[] = {4, 5, 2, 7}, kMirrored[] = {2, 7, 4, 5};
  if (!mirror) return kTurned[quarters];
  const bool left_right = (*mirror == 1) != (mirror_first && quarters % 2 == 1);
  return left_right ? kMirrored[quarters] : kFlipped[quarters];
}

class IsoWalk {
 public:
  IsoWalk(HeaderReader* file, PhotoFacts* facts) : file_(file), facts_(facts) {}

  Status Walk() {
    ForEachBox(Part(file_, 0, file_->size()), [&](uint32_t type, Part box) {
      switch (type) {
        case FourCc("meta"):
          ReadMeta(box.From(4));
          break;
        case FourCc("moov"):
          ReadMovie(box);
          break;
        case FourCc("mpvd"):  // Google's and Samsung's film behind a HEIC
          facts_->motion_photo = true;
          break;
        case FourCc("uuid"):
          if (AsText(box.View(0, 16)) == kXmpUuid) TakeXmp(box.From(16));
          break;
        default:
          break;
      }
    });
    if (has_canon_) facts_->exif = canon_.Finish();
    if (facts_->width <= 0 || facts_->height <= 0) {
      return Corrupt("the file's boxes do not tell the picture's size");
    }
    return OkStatus();
  }

 private:
  struct Item {
    uint32_t id = 0, type = 0;
    bool is_xmp = false;
  };

  void TakeXmp(Part part) {
    const auto packet = part.View(0, part.size());
    ReadXmp(AsText(packet), file_, &facts_->xmp);
  }

  void ReadMeta(Part meta) {
    std::vector<Item> items;
    uint32_t primary = 0;
    Part locations, data, properties, associations;
    ForEachBox(meta, [&](uint32_t type, Part box) {
      if (type == FourCc("pitm")) {
        IsoFields fields(box);
        const uint32_t version = fields.Take(1);
        fields.Skip(3);
        primary = static_cast<uint32_t>(fields.Take(version == 0 ? 2 : 4));
      } else if (type == FourCc("iinf")) {
        items = ReadItems(box);
      } else if (type == FourCc("iloc")) {
        locations = box;
      } else if (type == FourCc("idat")) {
        data = box;
      } else if (type == FourCc("iprp")) {
        ForEachBox(box, [&](uint32_t inner, Part part) {
          if (inner == FourCc("ipco")) properties = part;
          if (inner == FourCc("ipma")) associations = part;
        });
      }
    });
    ReadProperties(properties, associations, primary);
    for (const Item& item : items) {
      const bool is_exif = item.type == FourCc("Exif");
      if (!is_exif && !item.is_xmp) continue;
      const Part part = ItemData(locations, data, item.id);
      if (is_exif) {
        const auto skip = part.View(0, 4);
        if (!skip.empty()) ReadExif(part.From(4 + uint64_t{ReadBig32(skip.data())}), &facts_->exif);
      } else {
        TakeXmp(part);
      }
    }
  }

  std::vector<Item> ReadItems(Part box) {
    std::vector<Item> items;
    const auto version = box.View(0, 1);
    if (version.empty()) return items;
    ForEachBox(box.From(version[0] == 0 ? 6 : 8), [&](uint32_t type, Part entry) {
      if (type != FourCc("infe")) return;
      IsoFields fields(entry);
      const uint32_t v = fields.Take(1);
      fields.Skip(3);
      if (v < 2) return;
      Item item;
      item.id = static_cast<uint32_t>(fields.Take(v == 2 ? 2 : 4));
      fields.Skip(2);
      item.type = static_cast<uint32_t>(fields.Take(4));
      if (item.type == FourCc("mime")) {
        const auto rest = AsText(entry.ViewUpTo(v == 2 ? 12 : 14, 512));
        const size_t end = rest.find('\0');
        item.is_xmp = end != std::string_view::npos &&
                      rest.substr(end + 1).starts_with("application/rdf+xml");
      }
      items.push_back(item);
    });
    return items;
  }

  // Where an item lies: one place in the file or the idat box, or several, put together here.
  Part ItemData(Part locations, Part data, uint32_t wanted) {
    IsoFields fields(locations);
    const uint32_t version = fields.Take(1);
    fields.Skip(3);
    const uint64_t sizes = fields.Take(2);
    const size_t offset_size = sizes >> 12 & 15, length_size = sizes >> 8 & 15,
                 base_size = sizes >> 4 & 15, index_size = version == 0 ? 0 : sizes & 15;
    const uint64_t count = fields.Take(version < 2 ? 2 : 4);
    for (uint64_t i = 0; i < count && fields.ok(); ++i) {
      if (!file_->Step()) return {};
      const uint64_t id = fields.Take(version < 2 ? 2 : 4);
      const uint64_t method = version == 0 ? 0 : fields.Take(2) & 15;
      fields.Skip(2);
      const uint64_t base = fields.Take(base_size);
      const uint64_t extents = fields.Take(2);
      const Part source = method == 1 ? data : Part(file_, 0, file_->size());
      std::vector<Part> parts;
      for (uint64_t e = 0; e < extents && fields.ok(); ++e) {
        fields.Skip(index_size);
        const uint64_t offset = fields.Take(offset_size), length = fields.Take(length_size);
        if (id != wanted || offset > UINT64_MAX - base) continue;
        parts.push_back(source.Sub(base + offset, length == 0 ? UINT64_MAX : length));
      }
      if (id != wanted || parts.empty() || method > 1) continue;
      if (parts.size() == 1) return parts[0];
      std::vector<uint8_t>& bytes = kept_.emplace_back();
      for (const Part& part : parts) {
        const auto view = part.View(0, part.size());
        if (bytes.size() + view.size() > HeaderReader::kMaxView) break;
        bytes.insert(bytes.end(), view.begin(), view.end());
      }
      return Part(file_, bytes);
    }
    return {};
  }

  // Of the primary picture, each the first of its kind; the depth of a grid is that of its tiles.
  void ReadProperties(Part properties, Part associations, uint32_t primary) {
    std::vector<std::pair<uint32_t, Part>> all;
    ForEachBox(properties, [&](uint32_t type, Part box) { all.emplace_back(type, box); });
    IsoFields fields(associations);
    const uint32_t version = fields.Take(1);
    fields.Skip(2);
    const bool wide = (fields.Take(1) & 1) != 0;
    const uint64_t count = fields.Take(4);
    int quarters = 0;
    std::optional<int> mirror;
    bool mirror_first = false, turned = false, has_depth = false;
    for (uint64_t i = 0; i < count && fields.ok() && file_->Step(); ++i) {
      const uint64_t id = fields.Take(version < 1 ? 2 : 4);
      const uint64_t indices = fields.Take(1);
      for (uint64_t n = 0; n < indices; ++n) {
        const uint64_t index = fields.Take(wide ? 2 : 1) & (wide ? 0x7FFF : 0x7F);
        if (id != primary || index == 0 || index > all.size()) continue;
        const auto& [type, box] = all[index - 1];
        if (type == FourCc("irot")) {
          const auto angle = box.View(0, 1);
          quarters = angle.empty() ? 0 : angle[0] & 3;
          turned = true;
        } else if (type == FourCc("imir")) {
          const auto axis = box.View(0, 1);
          mirror = axis.empty() ? 0 : axis[0] & 1;
          // In AVIF the turn comes first whatever the order here (MIAF, 7.3.6.7), and so it is
          // shown.
          mirror_first = !turned && facts_->format != "avif";
        } else {
          has_depth |= TakeProperty(type, box);
        }
      }
    }
    facts_->turn = OrientationOf(quarters, mirror, mirror_first);
    for (const auto& [type, box] : all) {
      if (!has_depth) has_depth = TakeDepth(type, box);
    }
  }

  // Whether it told the depth.
  bool TakeProperty(uint32_t type, Part box) {
    if (type == FourCc("ispe") && facts_->width == 0) {
      const auto size = box.View(4, 8);
      if (size.size() < 8) return false;
      const uint32_t width = ReadBig32(size.data()), height = ReadBig32(size.data() + 4);
      if (width > INT32_MAX || height > INT32_MAX) return false;
      facts_->width = static_cast<int>(width);
      facts_->height = static_cast<int>(height);
    } else if (type == FourCc("pixi")) {
      const auto bits = box.View(4, 2);
      if (bits.size() == 2 && bits[1] > 0) {
        facts_->bit_depth = bits[1];
        return true;
      }
    } else if (type == FourCc("colr")) {
      TakeColours(box);
    }
    return TakeDepth(type, box);
  }

  bool TakeDepth(uint32_t type, Part box) {
    if (type == FourCc("av1C")) {
      const auto flags = box.View(2, 1);
      if (flags.empty()) return false;
      facts_->bit_depth = (flags[0] & 0x40) == 0 ? 8 : (flags[0] & 0x20) == 0 ? 10 : 12;
      return true;
    }
    if (type == FourCc("hvcC")) {
      const auto depth = box.View(17, 1);
      if (depth.empty()) return false;
      facts_->bit_depth = (depth[0] & 7) + 8;
      return true;
    }
    return false;
  }

  void TakeColours(Part box) {
    const std::string_view kind = AsText(box.View(0, 4));
    if (kind == "nclx") {
      const auto codes = box.View(4, 4);
      if (codes.empty()) return;
      facts_->colours_named = NameOfCicp(ReadBig16(codes.data()), ReadBig16(codes.data() + 2));
    } else if (kind == "prof" || kind == "rICC") {
      facts_->icc_name = IccDescription(box.ViewUpTo(4, 1 << 20));
    }
  }

  void ReadMovie(Part movie) {
    ForEachBox(movie, [&](uint32_t type, Part box) {
      if (type == FourCc("uuid") && AsText(box.View(0, 16)) == kCanonUuid) ReadCanon(box.From(16));
      if (type == FourCc("trak") && facts_->format != "raw") ReadTrack(box);
    });
  }

  // A film of pictures: what it shows where the file has no still, and of how many it is.
  void ReadTrack(Part track) {
    uint32_t handler = 0;
    uint64_t samples = 0;
    Part description;
    const auto table = [&](uint32_t type, Part box) {
      if (type == FourCc("stsd")) description = box;
      if (type == FourCc("stsz")) {
        const auto count = box.View(8, 4);
        if (!count.empty()) samples = ReadBig32(count.data());
      }
    };
    const auto information = [&](uint32_t type, Part box) {
      if (type == FourCc("stbl")) ForEachBox(box, table);
    };
    const auto media = [&](uint32_t type, Part box) {
      if (type == FourCc("hdlr")) {
        const auto kind = box.View(8, 4);
        if (!kind.empty()) handler = ReadBig32(kind.data());
      }
      if (type == FourCc("minf")) ForEachBox(box, information);
    };
    ForEachBox(track, [&](uint32_t type, Part box) {
      if (type == FourCc("mdia")) ForEachBox(box, media);
    });
    if (handler != FourCc("pict") && handler != FourCc("vide")) return;
    facts_->is_animated |= samples > 1;
    // version, count, then the first entry: its header, 24 bytes, width, height …
    const auto size = description.View(40, 4);
    if (facts_->width != 0 || size.empty()) return;
    facts_->width = ReadBig16(size.data());
    facts_->height = ReadBig16(size.data() + 2);
    ForEachBox(description.From(94), [&](uint32_t type, Part box) {
      if (type == FourCc("colr")) TakeColours(box);
      TakeDepth(type, box);
    });
  }

  // CMT1 to CMT4 are EXIF's directories one by one, each a TIFF.
  void ReadCanon(Part canon) {
    has_canon_ = true;
    ForEachBox(canon, [&](uint32_t type, Part box) {
      if (type >> 8 != FourCc("\0CMT")) return;
      auto tiff = TiffReader::Open(box);
      if (!tiff) return;
      const char which = static_cast<char>(type & 0xFF);
      if (which == '3') canon_.TakeCanonNotes(&*tiff, tiff->first());
      if (which == '4') canon_.TakeGps(&*tiff, tiff->first());
      if (which != '1' && which != '2') return;
      const auto entries = tiff->Read(tiff->first());
      if (!entries) return;
      canon_.TakeEntries(&*tiff, *entries, false);
      for (const TiffEntry& entry : *entries) {
        constexpr uint16_t kImageWidth = 0x100, kImageLength = 0x101;
        const auto number = tiff->Integer(entry).value_or(0);
        if (number <= 0 || number > INT32_MAX || which != '1') continue;
        if (entry.tag == kImageWidth) facts_->width = static_cast<int>(number);
        if (entry.tag == kImageLength) facts_->height = static_cast<int>(number);
      }
    });
  }

  HeaderReader* file_;
  PhotoFacts* facts_;
  ExifGatherer canon_;
  bool has_canon_ = false;
  std::deque<std::vector<uint8_t>> kept_;
};

}  // namespace

Status ReadIsoHeaders(HeaderReader* file, PhotoFacts* facts) { return IsoWalk(file, facts).Walk(); }

}  // namespace peel::library
