#include "src/codec/heif/heif_items.h"

#include <algorithm>
#include <string>

#include "src/base/checked.h"
#include "src/codec/bytes.h"

namespace peel {
namespace {

// As libheif has them; a telephone's panorama has a few hundred.
constexpr size_t kMaxItems = 20000;
constexpr size_t kMaxExtents = 32;

Status Damaged(const std::string& what) { return Corrupt("the HEIC is damaged: " + what); }

// Numbers from the front of a span; past its end all are 0 and ok() is false.
class Fields {
 public:
  explicit Fields(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool empty() const { return bytes_.empty(); }
  std::span<const uint8_t> rest() const { return bytes_; }

  // `size` bytes, 0 to 8, big end first.
  uint64_t Take(size_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | bytes_[i];
    bytes_ = bytes_.subspan(size);
    return value;
  }
  uint32_t Take16() { return static_cast<uint32_t>(Take(2)); }
  uint32_t Take32() { return static_cast<uint32_t>(Take(4)); }

 private:
  std::span<const uint8_t> bytes_;
  bool ok_ = true;
};

// All boxes of `bytes`, which they have to fill.
Result<std::vector<HeifBox>> BoxesOf(std::span<const uint8_t> bytes) {
  std::vector<HeifBox> boxes;
  while (!bytes.empty()) {
    const auto box = NextHeifBox(bytes);
    if (!box || boxes.size() > kMaxItems) return Damaged("its boxes do not fit into each other");
    boxes.push_back(*box);
  }
  return boxes;
}

std::string NameOf(uint32_t type) {
  std::string name(4, ' ');
  for (size_t i = 0; i < 4; ++i) {
    const char c = static_cast<char>(type >> (24 - 8 * i));
    name[i] = c > ' ' && c < '\x7F' ? c : '?';
  }
  return name;
}

// The one box of the type. Of two, a library takes the one and this reader perhaps the other.
Result<HeifBox> OnlyBox(const std::vector<HeifBox>& boxes, uint32_t type, bool must) {
  HeifBox found;
  for (const HeifBox& box : boxes) {
    if (box.type != type) continue;
    if (found.type != 0) return Damaged("it has two '" + NameOf(type) + "' boxes");
    found = box;
  }
  if (must && found.type == 0) return Damaged("it has no '" + NameOf(type) + "' box");
  return found;
}

// Version and flags of a full box.
struct FullBox {
  uint32_t version = 0, flags = 0;
  Fields fields;
  explicit FullBox(const HeifBox& box) : fields(box.payload) {
    version = static_cast<uint32_t>(fields.Take(1));
    flags = static_cast<uint32_t>(fields.Take(3));
  }
};

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> file) : file_(file) {}

  Result<HeifItems> Read() {
    std::span<const uint8_t> at = file_;
    HeifBox meta;
    // What stands behind the boxes is not looked at: some telephones put data of their own there.
    bool film = false, small = false;
    while (const auto box = NextHeifBox(at)) {
      film |= box->type == FourCc("moov");
      small |= box->type == FourCc("mini");
      if (box->type != FourCc("meta")) continue;
      if (meta.type != 0) return Damaged("it has two 'meta' boxes");
      meta = *box;
    }
    if (meta.type == 0 && film) {
      return Unsupported(
          "this is a HEIF sequence, a film, without a still picture in it; take a frame out of it "
          "as PNG first");
    }
    if (meta.type == 0 && small) {
      return Unsupported(
          "a HEIF of the minimised form ('mini' instead of 'meta'), which Peel does not read; save "
          "it as JPEG or PNG first");
    }
    if (meta.type == 0) {
      return Corrupt(
          "the HEIC is damaged or truncated: its 'meta' box, which tells what is in the file, is "
          "not there or not whole");
    }
    if (meta.payload.size() < 4) return Damaged("its 'meta' box is empty");
    PEEL_ASSIGN_OR_RETURN(const auto boxes, BoxesOf(meta.payload.subspan(4)));
    PEEL_ASSIGN_OR_RETURN(const HeifBox pitm, OnlyBox(boxes, FourCc("pitm"), true));
    PEEL_ASSIGN_OR_RETURN(const HeifBox iinf, OnlyBox(boxes, FourCc("iinf"), true));
    PEEL_ASSIGN_OR_RETURN(const HeifBox iloc, OnlyBox(boxes, FourCc("iloc"), true));
    PEEL_ASSIGN_OR_RETURN(const HeifBox iprp, OnlyBox(boxes, FourCc("iprp"), true));
    PEEL_ASSIGN_OR_RETURN(const HeifBox iref, OnlyBox(boxes, FourCc("iref"), false));
    PEEL_ASSIGN_OR_RETURN(const HeifBox idat, OnlyBox(boxes, FourCc("idat"), false));
    idat_ = idat.payload;
    FullBox primary(pitm);
    out_.primary = primary.version == 0 ? primary.fields.Take16() : primary.fields.Take32();
    PEEL_RETURN_IF_ERROR(ReadItems(iinf));
    PEEL_RETURN_IF_ERROR(ReadLocations(iloc));
    PEEL_RETURN_IF_ERROR(ReadProperties(iprp));
    if (iref.type != 0) PEEL_RETURN_IF_ERROR(ReadReferences(iref));
    return std::move(out_);
  }

 private:
  HeifItem* Find(uint32_t id) { return const_cast<HeifItem*>(out_.Find(id)); }

  Status ReadItems(const HeifBox& iinf) {
    FullBox table(iinf);
    table.fields.Take(table.version == 0 ? 2 : 4);  // how many; the boxes tell
    PEEL_ASSIGN_OR_RETURN(const auto boxes, BoxesOf(table.fields.rest()));
    for (const HeifBox& box : boxes) {
      if (box.type != FourCc("infe")) continue;
      FullBox entry(box);
      HeifItem item;
      item.id = entry.version >= 3 ? entry.fields.Take32() : entry.fields.Take16();
      entry.fields.Take16();  // protection
      if (entry.version >= 2) {
        item.type = entry.fields.Take32();
        item.hidden = (entry.flags & 1) != 0;
      }
      if (!entry.fields.ok()) return Damaged("its list of items ends too early");
      out_.items.push_back(std::move(item));
    }
    std::ranges::sort(out_.items, {}, &HeifItem::id);
    const auto same = std::ranges::adjacent_find(out_.items, {}, &HeifItem::id);
    if (same != out_.items.end()) {
      return Damaged("item " + std::to_string(same->id) + " is in it twice");
    }
    return OkStatus();
  }

  Status ReadLocations(const HeifBox& iloc) {
    FullBox table(iloc);
    Fields& fields = table.fields;
    const auto sizes = static_cast<uint32_t>(fields.Take(2));
    const size_t offset_size = sizes >> 12, length_size = sizes >> 8 & 15,
                 base_size = sizes >> 4 & 15;
    const size_t index_size = table.version == 0 ? 0 : sizes & 15;
    for (const size_t size : {offset_size, length_size, base_size, index_size}) {
      if (size > 8) return Damaged("its table of places has numbers of an impossible size");
    }
    const uint64_t count = table.version < 2 ? fields.Take16() : fields.Take32();
    if (count > kMaxItems) return Damaged("it has more places than it could have items");
    std::vector<uint32_t> seen;
    uint64_t total = 0;
    for (uint64_t i = 0; i < count; ++i) {
      const uint32_t id = table.version < 2 ? fields.Take16() : fields.Take32();
      const uint32_t method = table.version == 0 ? 0 : fields.Take16() & 15;
      fields.Take16();  // which file
      const uint64_t base = fields.Take(base_size);
      const uint32_t extents = fields.Take16();
      if (!fields.ok()) return Damaged("its table of places ends too early");
      if (extents > kMaxExtents) return Damaged("item " + std::to_string(id) + " is in pieces");
      seen.push_back(id);
      HeifItem* const item = Find(id);
      for (uint32_t e = 0; e < extents; ++e) {
        fields.Take(index_size);
        const uint64_t offset = fields.Take(offset_size), length = fields.Take(length_size);
        if (!fields.ok()) return Damaged("its table of places ends too early");
        if (item == nullptr) continue;
        PEEL_ASSIGN_OR_RETURN(const auto extent, Place(id, method, base, offset, length));
        item->extents.push_back(extent);
        total += length;
      }
    }
    std::ranges::sort(seen);
    if (std::ranges::adjacent_find(seen) != seen.end()) {
      return Damaged("an item has two places in it");
    }
    if (total / 8 > file_.size() + (size_t{2} << 20)) {
      return LimitExceeded(
          "the HEIC's items share their bytes: they are many times as large as the file");
    }
    return OkStatus();
  }

  Result<std::span<const uint8_t>> Place(uint32_t id, uint32_t method, uint64_t base,
                                         uint64_t offset, uint64_t length) const {
    if (method > 1) {
      return Unsupported(
          "a kind of HEIF whose items are cut out of other items, which cannot be read here; save "
          "it as JPEG or PNG first");
    }
    const std::span<const uint8_t> within = method == 0 ? file_ : idat_;
    const auto from = CheckedAdd(base, offset);
    const auto end = from ? CheckedAdd(*from, length) : std::nullopt;
    if (!end || *end > within.size()) {
      if (method == 1) return Damaged("item " + std::to_string(id) + " lies outside of its box");
      return Corrupt("the HEIC is truncated or damaged: the data of item " + std::to_string(id) +
                     " lie behind its end; get the whole file and try again");
    }
    return within.subspan(static_cast<size_t>(*from), static_cast<size_t>(length));
  }

  Status ReadProperties(const HeifBox& iprp) {
    PEEL_ASSIGN_OR_RETURN(const auto boxes, BoxesOf(iprp.payload));
    PEEL_ASSIGN_OR_RETURN(const HeifBox ipco, OnlyBox(boxes, FourCc("ipco"), true));
    PEEL_ASSIGN_OR_RETURN(out_.properties, BoxesOf(ipco.payload));
    for (const HeifBox& box : boxes) {
      if (box.type != FourCc("ipma")) continue;
      FullBox table(box);
      Fields& fields = table.fields;
      const uint32_t count = fields.Take32();
      for (uint32_t i = 0; i < count && fields.ok(); ++i) {
        HeifItem* item = Find(table.version == 0 ? fields.Take16() : fields.Take32());
        // Of two lists for one item the first counts, as in libheif.
        if (item != nullptr && !item->properties.empty()) item = nullptr;
        const auto links = static_cast<uint32_t>(fields.Take(1));
        for (uint32_t k = 0; k < links; ++k) {
          const bool wide = (table.flags & 1) != 0;
          const uint32_t index = (wide ? fields.Take16() : static_cast<uint32_t>(fields.Take(1))) &
                                 (wide ? 0x7FFFu : 0x7Fu);
          if (index == 0 || item == nullptr) continue;
          if (index > out_.properties.size()) return Damaged("a property of it does not exist");
          item->properties.push_back(static_cast<uint16_t>(index - 1));
        }
      }
      if (!fields.ok()) return Damaged("its table of properties ends too early");
    }
    return OkStatus();
  }

  Status ReadReferences(const HeifBox& iref) {
    FullBox table(iref);
    PEEL_ASSIGN_OR_RETURN(const auto boxes, BoxesOf(table.fields.rest()));
    for (const HeifBox& box : boxes) {
      Fields fields(box.payload);
      const auto id = [&] { return table.version == 0 ? fields.Take16() : fields.Take32(); };
      HeifItem* const item = Find(id());
      const uint32_t count = fields.Take16();
      std::vector<uint32_t> to;
      for (uint32_t i = 0; i < count && fields.ok(); ++i) to.push_back(id());
      if (!fields.ok()) return Damaged("its table of references ends too early");
      if (item == nullptr) continue;
      if (box.type == FourCc("dimg") && item->made_of.empty())
        item->made_of = std::move(to);
      else if (box.type == FourCc("auxl")) {
        item->helps.insert(item->helps.end(), to.begin(), to.end());
      }
    }
    return OkStatus();
  }

  const std::span<const uint8_t> file_;
  std::span<const uint8_t> idat_;
  HeifItems out_;
};

}  // namespace

std::optional<HeifBox> NextHeifBox(std::span<const uint8_t>& bytes) {
  if (bytes.size() < 8) return std::nullopt;
  uint64_t size = ReadBig32(bytes.data());
  HeifBox box;
  box.type = ReadBig32(bytes.data() + 4);
  if (size == 1) {
    if (bytes.size() < 16) return std::nullopt;
    size = uint64_t{ReadBig32(bytes.data() + 8)} << 32 | ReadBig32(bytes.data() + 12);
    box.header = 16;
  } else if (size == 0) {
    size = bytes.size();
  }
  if (size < box.header || size > bytes.size()) return std::nullopt;
  box.payload = bytes.subspan(box.header, static_cast<size_t>(size) - box.header);
  bytes = bytes.subspan(static_cast<size_t>(size));
  return box;
}

std::vector<uint8_t> HeifItem::Data() const {
  std::vector<uint8_t> data;
  for (const auto extent : extents) data.insert(data.end(), extent.begin(), extent.end());
  return data;
}

const HeifItem* HeifItems::Find(uint32_t id) const {
  const auto found = std::ranges::lower_bound(items, id, {}, &HeifItem::id);
  return found != items.end() && found->id == id ? &*found : nullptr;
}

HeifBox HeifItems::PropertyOf(const HeifItem& item, uint32_t type) const {
  for (const uint16_t index : item.properties) {
    if (properties[index].type == type) return properties[index];
  }
  return {};
}

Result<HeifItems> ReadHeifItems(std::span<const uint8_t> bytes) { return Reader(bytes).Read(); }

}  // namespace peel
