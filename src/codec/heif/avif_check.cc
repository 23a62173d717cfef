#include "src/codec/heif/avif_check.h"

#include <algorithm>
#include <map>

#include "src/codec/bytes.h"
#include "src/codec/heif/heif_items.h"
#include "src/codec/lazy/library_text.h"

namespace peel {
namespace {

// The boxes of one type directly in `bytes`.
std::vector<HeifBox> Inside(std::span<const uint8_t> bytes, uint32_t type) {
  std::vector<HeifBox> found;
  while (const auto box = NextHeifBox(bytes)) {
    if (box->type == type) found.push_back(*box);
  }
  return found;
}

// The boxes of one type in the file's 'meta' box.
std::vector<HeifBox> MetaBoxes(std::span<const uint8_t> bytes, uint32_t type) {
  const auto meta = Inside(bytes, FourCc("meta"));
  if (meta.size() != 1 || meta[0].payload.size() < 4) return {};
  return Inside(meta[0].payload.subspan(4), type);
}

bool IsAlphaMap(const HeifItems& items, const HeifItem& item) {
  if (item.helps.empty()) return false;
  const std::span<const uint8_t> kind = items.PropertyOf(item, FourCc("auxC")).payload;
  const std::string text(kind.begin(), kind.end());
  return text.find(":alpha") != std::string::npos || text.find("auxid:1") != std::string::npos;
}

// Whether a 'trak' box says that it is something else than pictures.
bool HoldsNoPictures(const HeifBox& track) {
  for (const HeifBox& media : Inside(track.payload, FourCc("mdia"))) {
    for (const HeifBox& handler : Inside(media.payload, FourCc("hdlr"))) {
      if (handler.payload.size() < 12) continue;
      const uint32_t kind = ReadBig32(handler.payload.data() + 8);
      return kind != FourCc("pict") && kind != FourCc("auxv") && kind != FourCc("vide");
    }
  }
  return false;
}

}  // namespace

std::vector<uint8_t> AvifWithoutSound(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> copy;
  for (const HeifBox& movie : Inside(bytes, FourCc("moov"))) {
    for (const HeifBox& track : Inside(movie.payload, FourCc("trak"))) {
      if (!HoldsNoPictures(track)) continue;
      if (copy.empty()) copy.assign(bytes.begin(), bytes.end());
      const auto payload_at = static_cast<size_t>(track.payload.data() - bytes.data());
      WriteBig32(copy.data() + payload_at - track.header + 4, FourCc("free"));
    }
  }
  return copy;
}

Status CheckAvif(std::span<const uint8_t> bytes) {
  if (Inside(bytes, FourCc("meta")).empty() && !Inside(bytes, FourCc("mini")).empty()) {
    return Unsupported(
        "an AVIF of the minimised form ('mini' instead of 'meta'), which Peel does not read; save "
        "it "
        "as JPEG or PNG first");
  }
  return OkStatus();
}

Result<std::vector<uint8_t>> AvifOfTileAlphas(std::span<const uint8_t> bytes,
                                              const std::string& version) {
  std::vector<uint8_t> none;
  if (LibraryVersion::Parse(version) >= LibraryVersion{1, 0, 0}) return none;
  const auto items = ReadHeifItems(bytes);
  if (!items.ok()) return none;  // libavif has its own word on that
  const HeifItem* const shown = items->Find(items->primary);
  if (shown == nullptr || shown->type != FourCc("grid") || shown->made_of.empty()) return none;
  std::map<uint32_t, uint32_t> alphas;  // of a picture: its alpha map
  for (const HeifItem& item : items->items) {
    if (!IsAlphaMap(*items, item)) continue;
    for (const uint32_t id : item.helps) alphas.emplace(id, item.id);
  }
  if (alphas.contains(shown->id)) return none;
  const auto found =
      std::ranges::count_if(shown->made_of, [&](uint32_t tile) { return alphas.contains(tile); });
  if (found == 0) return none;
  const auto boxes = MetaBoxes(bytes, FourCc("iref"));
  if (static_cast<size_t>(found) != shown->made_of.size() || boxes.size() != 1 ||
      boxes[0].payload.size() < 4) {
    return Unsupported("an AVIF grid whose transparency is told by some of its tiles: " +
                       TooOld("libavif", version, "1.0.0"));
  }
  const size_t id_size = boxes[0].payload[0] == 0 ? 2 : 4;
  for (const HeifBox& list : Inside(boxes[0].payload.subspan(4), FourCc("dimg"))) {
    const auto read = [&](size_t at) {
      return id_size == 2 ? ReadBig16(list.payload.data() + at)
                          : ReadBig32(list.payload.data() + at);
    };
    // As long as the tiles' list that has been read from it.
    const size_t first = id_size + 2;
    if (list.payload.size() < first + id_size * shown->made_of.size() || read(0) != shown->id) {
      continue;
    }
    std::vector<uint8_t> copy(bytes.begin(), bytes.end());
    uint8_t* to = copy.data() + (list.payload.data() - bytes.data()) + first;
    for (const uint32_t tile : shown->made_of) {
      const uint32_t alpha = alphas.at(tile);
      for (size_t i = 0; i < id_size; ++i) {
        *to++ = static_cast<uint8_t>(alpha >> 8 * (id_size - 1 - i));
      }
    }
    return copy;
  }
  return none;
}

Status AvifTooLarge(std::span<const uint8_t> bytes, const Limits& limits) {
  if (const auto items = ReadHeifItems(bytes); items.ok()) {
    uint64_t width = 0, height = 0;
    for (const HeifBox& box : items->properties) {
      if (box.type != FourCc("ispe") || box.payload.size() < 12) continue;
      const uint64_t w = ReadBig32(box.payload.data() + 4), h = ReadBig32(box.payload.data() + 8);
      if (w * h > width * height) width = w, height = h;
    }
    if (width > 0) PEEL_RETURN_IF_ERROR(CheckSize(limits, width, height));
  }
  return LimitExceeded(
      "the AVIF is larger than libavif reads: 268 megapixels, and the pixel limit if that is "
      "lower; "
      "save it as PNG first");
}

}  // namespace peel
