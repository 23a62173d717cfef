#include "src/codec/heif/heif_check.h"

#include <algorithm>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/codec/bytes.h"
#include "src/codec/heif/hevc_size.h"

namespace peel {
namespace {

constexpr int kMaxDepth = 8;
constexpr int kMaxVisits = 1 << 17;
constexpr uint32_t kMaxSide = 1u << 20;
// The largest denominator of a crop: two of them multiplied, and doubled, fit into 31 bits.
constexpr uint32_t kMaxFraction = 0x7FFF;

Status Damaged(const std::string& what) { return Corrupt("the HEIC is damaged: " + what); }

std::string Item(uint32_t id) { return "item " + std::to_string(id); }

struct Size {
  uint32_t width = 0, height = 0;
  bool operator==(const Size&) const = default;
  uint64_t pixels() const { return uint64_t{width} * height; }
  std::string text() const { return std::to_string(width) + " x " + std::to_string(height); }
};

struct Shape {
  Size size;     // as it is shown
  int bits = 8;  // of luma; 0 where not known
};

enum class Role : uint8_t { kShown, kPart, kAlpha };

class Checker {
 public:
  Checker(const HeifItems& items, const std::string& version, uint64_t max_pixels)
      : items_(items),
        name_(version),
        version_(LibraryVersion::Parse(version)),
        most_(max_pixels > UINT64_MAX / 8 ? UINT64_MAX : 8 * max_pixels) {
    for (const HeifItem& item : items.items) {
      if (!IsAlphaMap(item)) continue;
      for (const uint32_t id : item.helps) alphas_.emplace_back(id, &item);
    }
    std::ranges::stable_sort(alphas_, {}, &Alpha::first);
  }

  Result<Shape> Check(uint32_t id, Role role) {
    const HeifItem* const item = items_.Find(id);
    if (item == nullptr) return Damaged("it needs " + Item(id) + ", which is not there");
    if (std::ranges::find(path_, id) != path_.end()) {
      return Damaged(Item(id) + " is made of itself");
    }
    const Status too_many = Damaged("its pictures are made of too many others");
    if (path_.size() >= kMaxDepth || ++visits_ > kMaxVisits) return too_many;
    const auto known = role == Role::kPart ? known_.find(id) : known_.end();
    if (known != known_.end()) {
      if (path_.size() + known->second.levels > kMaxDepth) return too_many;
      PEEL_RETURN_IF_ERROR(AddWork(known->second.work));
      deepest_ = std::max(deepest_, path_.size() + known->second.levels);
      return known->second.shape;
    }
    const size_t deepest_before = std::exchange(deepest_, 0);
    const uint64_t work_before = work_;
    path_.push_back(id);
    auto shape = CheckParts(*item, role);
    path_.pop_back();
    deepest_ = std::max(deepest_, path_.size() + 1);
    if (shape.ok() && role == Role::kPart) {
      known_[id] = {*shape, deepest_ - path_.size(), work_ - work_before};
    }
    deepest_ = std::max(deepest_, deepest_before);
    return shape;
  }

 private:
  using Alpha = std::pair<uint32_t, const HeifItem*>;  // of this picture; the map
  struct Known {
    Shape shape;
    size_t levels = 0;  // itself and what it is made of
    uint64_t work = 0;  // pixels
  };

  Status AddWork(uint64_t pixels) {
    work_ += pixels;  // far from the end of 64 bits: kMaxVisits times kMaxSide squared
    if (work_ <= most_) return OkStatus();
    return LimitExceeded(
        "the HEIC is put together of many times more pixels than the limit allows; raise the pixel "
        "limit if the file can be trusted");
  }

  Result<Shape> CheckParts(const HeifItem& item, Role role) {
    PEEL_ASSIGN_OR_RETURN(const Size said, SizeSaid(item));
    Shape shape;
    switch (item.type) {
      case FourCc("hvc1"): {
        PEEL_ASSIGN_OR_RETURN(shape, Coded(item, said));
        break;
      }
      case FourCc("av01"):
        // Its size in the data may change from picture to picture; alone it is compared afterwards.
        if (role != Role::kShown) {
          return Unsupported(
              "a kind of HEIF that is put together of AV1 pictures without calling itself AVIF; "
              "save it as JPEG or PNG first");
        }
        shape = {said, 0};
        break;
      case FourCc("grid"): {
        PEEL_ASSIGN_OR_RETURN(shape, Grid(item, said));
        break;
      }
      case FourCc("iovl"): {
        PEEL_ASSIGN_OR_RETURN(shape, Overlay(item, said));
        break;
      }
      case FourCc("iden"): {
        if (item.made_of.size() != 1) return Damaged(Item(item.id) + " is not made of one picture");
        PEEL_ASSIGN_OR_RETURN(shape, Check(item.made_of[0], Role::kPart));
        if (said.width != 0 && said != shape.size) return OtherSize(item, said, shape.size);
        break;
      }
      default: {
        // Newer kinds, which only a newer library takes for pictures, are its own affair.
        PEEL_RETURN_IF_ERROR(CheckHeifKind(items_, item.id, name_));
        shape = {said, 0};
      }
    }
    PEEL_RETURN_IF_ERROR(AddWork(shape.size.pixels()));
    PEEL_RETURN_IF_ERROR(Transparency(item, shape));
    return Turned(item, shape, role);
  }

  // As the item says: nothing (0 x 0) where it does not.
  Result<Size> SizeSaid(const HeifItem& item) const {
    Size size;
    for (const uint16_t index : item.properties) {
      const HeifBox& box = items_.properties[index];
      if (box.type != FourCc("ispe")) continue;
      if (size.width != 0) return Damaged(Item(item.id) + " says two sizes");
      if (box.payload.size() < 12) return Damaged(Item(item.id) + " has a size that is cut off");
      size = {ReadBig32(box.payload.data() + 4), ReadBig32(box.payload.data() + 8)};
      if (size.width == 0 || size.height == 0 || size.width > kMaxSide || size.height > kMaxSide) {
        return Damaged("its picture has no size, or an impossible one");
      }
    }
    return size;
  }

  static Status OtherSize(const HeifItem& item, Size said, Size found) {
    if (said.width == 0) return Damaged(Item(item.id) + " does not say its size");
    return Damaged(Item(item.id) + " says that it is " + said.text() + " and is " + found.text());
  }

  Result<Shape> Coded(const HeifItem& item, Size said) const {
    const HeifBox hvcc = items_.PropertyOf(item, FourCc("hvcC"));
    std::vector<uint8_t> joined;
    if (item.extents.size() > 1) joined = item.Data();
    const std::span<const uint8_t> data = item.extents.size() == 1 ? item.extents[0] : joined;
    PEEL_ASSIGN_OR_RETURN(const HevcSize coded, HevcSizeOfPicture(hvcc.payload, data));
    const Size found = {static_cast<uint32_t>(coded.width), static_cast<uint32_t>(coded.height)};
    if (said != found) return OtherSize(item, said, found);
    return Shape{found, coded.bits};
  }

  Result<Shape> Grid(const HeifItem& item, Size said) {
    const std::vector<uint8_t> data = item.Data();
    const bool wide = data.size() >= 2 && (data[1] & 1) != 0;
    if (data.size() < (wide ? 12u : 8u)) return Damaged("its grid is cut off");
    const uint32_t rows = data[2] + 1u, columns = data[3] + 1u;
    const Size canvas = wide ? Size{ReadBig32(&data[4]), ReadBig32(&data[8])}
                             : Size{ReadBig16(&data[4]), ReadBig16(&data[6])};
    if (canvas != said) return OtherSize(item, said, canvas);
    if (item.made_of.size() != size_t{rows} * columns) {
      return Damaged("its grid has " + std::to_string(item.made_of.size()) + " of " +
                     std::to_string(rows * columns) + " tiles");
    }
    Shape tile;
    for (size_t i = 0; i < item.made_of.size(); ++i) {
      PEEL_ASSIGN_OR_RETURN(const Shape here, Check(item.made_of[i], Role::kPart));
      if (i == 0) tile = here;
      if (here.size != tile.size) return Damaged("its grid has tiles of different sizes");
    }
    const uint64_t across = uint64_t{columns} * tile.size.width;
    const uint64_t down = uint64_t{rows} * tile.size.height;
    if (across < canvas.width || down < canvas.height) {
      return Damaged("its tiles do not cover its picture");
    }
    return Shape{canvas, tile.bits};
  }

  Result<Shape> Overlay(const HeifItem& item, Size said) {
    const std::vector<uint8_t> data = item.Data();
    const bool wide = data.size() >= 2 && (data[1] & 1) != 0;
    const size_t field = wide ? 4 : 2;
    if (data.size() < 10 + 2 * field * (1 + item.made_of.size())) {
      return Damaged("its overlay is cut off");
    }
    if (item.made_of.empty()) return Damaged("its overlay is made of nothing");
    const auto number = [&](size_t index) -> uint32_t {
      const uint8_t* at = &data[10 + index * field];
      return wide ? ReadBig32(at) : ReadBig16(at);
    };
    const auto place = [&](size_t index) -> int64_t {
      const uint32_t value = number(index);
      return wide ? static_cast<int32_t>(value) : static_cast<int16_t>(value);
    };
    const Size canvas = {number(0), number(1)};
    if (canvas != said) return OtherSize(item, said, canvas);
    for (size_t i = 0; i < item.made_of.size(); ++i) {
      PEEL_ASSIGN_OR_RETURN(const Shape part, Check(item.made_of[i], Role::kPart));
      if (part.bits != 8) {
        return Unsupported(
            "a HEIF that lays pictures of more than 8 bits over each other, which "
            "libheif " +
            name_ + " draws wrong; save it as JPEG or PNG first");
      }
      const int64_t x = place(2 + 2 * i), y = place(3 + 2 * i);
      const bool behind = x >= canvas.width || y >= canvas.height;
      // Left of the canvas without transparency is right since 1.21; above it, rows are lost still.
      const bool drawn =
          x >= 0 || (version_ >= LibraryVersion{1, 21, 0} && AlphasOf(item.made_of[i]).empty());
      if (y < 0 || !drawn || (behind && version_ < LibraryVersion{1, 18, 0})) {
        return Unsupported(
            "a HEIF that lays pictures over each other beyond the edge of its canvas "
            "(an 'iovl' item), which libheif " +
            name_ + " draws wrong; save it as JPEG or PNG first");
      }
    }
    return Shape{canvas, 8};
  }

  bool IsAlphaMap(const HeifItem& item) const {
    if (item.helps.empty()) return false;
    const std::span<const uint8_t> kind = items_.PropertyOf(item, FourCc("auxC")).payload;
    if (kind.size() < 4) return false;
    const std::string text(kind.begin() + 4, std::find(kind.begin() + 4, kind.end(), 0));
    return text == "urn:mpeg:avc:2015:auxid:1" || text == "urn:mpeg:hevc:2015:auxid:1" ||
           text == "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha";
  }

  std::span<const Alpha> AlphasOf(uint32_t id) const {
    // Not equal_range: clang 14 cannot make a subrange of libstdc++'s.
    return {std::ranges::lower_bound(alphas_, id, {}, &Alpha::first),
            std::ranges::upper_bound(alphas_, id, {}, &Alpha::first)};
  }

  // The properties that turn, mirror and crop, in their order.
  std::vector<std::pair<uint32_t, std::vector<uint8_t>>> Turns(const HeifItem& item) const {
    std::vector<std::pair<uint32_t, std::vector<uint8_t>>> turns;
    for (const uint16_t index : item.properties) {
      const HeifBox& box = items_.properties[index];
      if (box.type == FourCc("irot") || box.type == FourCc("imir") || box.type == FourCc("clap")) {
        turns.emplace_back(box.type, std::vector<uint8_t>(box.payload.begin(), box.payload.end()));
      }
    }
    return turns;
  }

  Status Transparency(const HeifItem& item, const Shape& shape) {
    for (const auto& [id, map] : AlphasOf(item.id)) {
      PEEL_ASSIGN_OR_RETURN(const Shape alpha, Check(map->id, Role::kAlpha));
      if (version_ >= LibraryVersion{1, 18, 0}) continue;  // which scales the map
      PEEL_ASSIGN_OR_RETURN(const Size said, SizeSaid(*map));
      const auto turns = Turns(item), map_turns = Turns(*map);
      // Of another size: left out.
      if (said != shape.size && turns.empty() && map_turns.empty()) continue;
      if (said != shape.size || turns != map_turns || alpha.bits != shape.bits || alpha.bits == 0) {
        return Unsupported(
            "a HEIF whose transparency has another size, turn or depth than its colours: " +
            TooOld("libheif", name_, "1.18.0"));
      }
    }
    return OkStatus();
  }

  Result<Shape> Turned(const HeifItem& item, Shape shape, Role role) const {
    for (const uint16_t index : item.properties) {
      const HeifBox& box = items_.properties[index];
      if (box.type == FourCc("irot") && !box.payload.empty() && (box.payload[0] & 1) != 0) {
        std::swap(shape.size.width, shape.size.height);
      }
      if (box.type != FourCc("clap")) continue;
      if (box.payload.size() < 32) return Damaged("its crop is cut off");
      for (size_t i = 0; i < 4; ++i) {
        const auto over = static_cast<int32_t>(ReadBig32(box.payload.data() + 8 * i));
        const uint32_t under = ReadBig32(box.payload.data() + 8 * i + 4);
        const int64_t most = int64_t{kMaxSide} * kMaxFraction;
        if (under == 0 || under > kMaxFraction || over > most || over < -most) {
          return Damaged("its crop has an impossible size");
        }
      }
      // Parts are laid where the uncropped ones would have to be.
      if (role == Role::kPart) {
        return Unsupported(
            "a kind of HEIF that is put together of cropped pictures; save it as "
            "JPEG or PNG first");
      }
    }
    return shape;
  }

  const HeifItems& items_;
  const std::string name_;
  const LibraryVersion version_;
  const uint64_t most_;
  std::vector<uint32_t> path_;
  std::vector<Alpha> alphas_;  // by picture
  std::unordered_map<uint32_t, Known> known_;
  size_t deepest_ = 0;  // level reached since it was last set to 0
  int visits_ = 0;
  uint64_t work_ = 0;
};

}  // namespace

Status CheckHeifImage(const HeifItems& items, uint32_t id, const std::string& version,
                      uint64_t max_pixels) {
  return Checker(items, version, max_pixels).Check(id, Role::kShown).status();
}

Status CheckHeifKind(const HeifItems& items, uint32_t id, const std::string& version) {
  struct Kind {
    uint32_t type;
    const char* name;
    const char* since;
  };
  // The first libheif that takes such items for pictures, where it was built with what they need,
  // and does not read or write beyond their planes (masks, uncompressed).
  static constexpr Kind kKinds[] = {
      {FourCc("hvc1"), "HEVC", "1.0.0"},     {FourCc("av01"), "AV1", "1.0.0"},
      {FourCc("grid"), "grid", "1.0.0"},     {FourCc("iovl"), "overlay", "1.0.0"},
      {FourCc("iden"), "identity", "1.0.0"}, {FourCc("unci"), "uncompressed", "1.22.1"},
      {FourCc("jpeg"), "JPEG", "1.17.0"},    {FourCc("j2k1"), "JPEG 2000", "1.17.0"},
      {FourCc("mski"), "mask", "1.22.0"},    {FourCc("vvc1"), "VVC", "1.18.0"},
      {FourCc("avc1"), "AVC", "1.19.0"},     {FourCc("tili"), "tiled", "1.19.0"},
  };
  const HeifItem* const item = items.Find(id);
  if (item == nullptr) return Damaged("it shows " + Item(id) + ", which is not there");
  for (const Kind& kind : kKinds) {
    if (kind.type != item->type) continue;
    if (LibraryVersion::Parse(version) >= LibraryVersion::Parse(kind.since)) return OkStatus();
    return Unsupported(std::string("a HEIF with a picture of the kind ") + kind.name + ": " +
                       TooOld("libheif", version, kind.since) + " where it was built for that");
  }
  return Unsupported(
      "a HEIF with a picture of a kind that Peel does not read; save it as JPEG or "
      "PNG first");
}

}  // namespace peel
