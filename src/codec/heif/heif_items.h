#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "src/base/status.h"

namespace peel {

// A four-character code as a number: FourCc("grid").
constexpr uint32_t FourCc(const char (&text)[5]) {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) code = code << 8 | static_cast<uint8_t>(text[i]);
  return code;
}

// A box of ISO/IEC 14496-12 without its header. Spans point into the file.
struct HeifBox {
  uint32_t type = 0;
  std::span<const uint8_t> payload;
  size_t header = 8;  // its length; the type's four bytes stand 4 behind its beginning
};

// The next box of `bytes`, which is moved behind it; nothing where there is none that fits.
std::optional<HeifBox> NextHeifBox(std::span<const uint8_t>& bytes);

// One item of the file: a coded picture, a grid of pictures, EXIF, XMP.
struct HeifItem {
  uint32_t id = 0;
  uint32_t type = 0;
  bool hidden = false;
  // Where its data lie; empty for an item without any. All within the file or its idat box.
  std::vector<std::span<const uint8_t>> extents;
  std::vector<uint16_t> properties;  // indices into HeifItems::properties
  std::vector<uint32_t> made_of;     // items that a derived picture is made of, in order (dimg)
  std::vector<uint32_t> helps;       // pictures that this one is an alpha or depth map of (auxl)

  std::vector<uint8_t> Data() const;
};

// The items of a HEIF file as its meta box tells them (ISO/IEC 23008-12), read without any library:
// what libheif must not be asked to do has to be known before.
struct HeifItems {
  uint32_t primary = 0;
  std::vector<HeifItem> items;  // by id
  std::vector<HeifBox> properties;

  const HeifItem* Find(uint32_t id) const;
  // The first property of this type; empty payload and type 0 where there is none.
  HeifBox PropertyOf(const HeifItem& item, uint32_t type) const;
};

// kCorrupt where boxes do not fit into each other, a mandatory one is missing or given twice, an
// item exists twice, or data lie outside of the file; kUnsupported for data made of other items;
// kLimit for items that together are many times as large as the file, which share their bytes to
// cost memory.
Result<HeifItems> ReadHeifItems(std::span<const uint8_t> bytes);

}  // namespace peel
