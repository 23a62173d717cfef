#include "src/codec/avif_check.h"

#include <algorithm>

#include "src/codec/bytes.h"
#include "src/codec/heif_items.h"
#include "src/codec/library_text.h"

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

Status CheckAvif(std::span<const uint8_t> bytes, const std::string& version) {
  if (Inside(bytes, FourCc("meta")).empty() && !Inside(bytes, FourCc("mini")).empty()) {
    return Unsupported(
        "an AVIF of the minimised form ('mini' instead of 'meta'), which nobody reads here; save "
        "it "
        "as JPEG or PNG first");
  }
  if (LibraryVersion::Parse(version) >= LibraryVersion{1, 0, 0}) return OkStatus();
  const auto items = ReadHeifItems(bytes);
  if (!items.ok()) return OkStatus();  // libavif has its own word on that
  const HeifItem* const shown = items->Find(items->primary);
  if (shown == nullptr || shown->type != FourCc("grid")) return OkStatus();
  const auto helps = [&](const HeifItem& item, uint32_t id) {
    if (std::ranges::find(item.helps, id) == item.helps.end()) return false;
    const std::span<const uint8_t> kind = items->PropertyOf(item, FourCc("auxC")).payload;
    const std::string text(kind.begin(), kind.end());
    return text.find(":alpha") != std::string::npos || text.find("auxid:1") != std::string::npos;
  };
  bool whole = false, tiles = false;
  for (const HeifItem& item : items->items) {
    if (item.helps.empty()) continue;
    whole |= helps(item, shown->id);
    tiles |= std::ranges::any_of(shown->made_of, [&](uint32_t tile) { return helps(item, tile); });
  }
  if (whole || !tiles) return OkStatus();
  return Unsupported("an AVIF grid whose transparency is told tile by tile: " +
                     TooOld("libavif", version, "1.0.0"));
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
