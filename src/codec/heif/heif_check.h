#pragma once

#include <cstdint>
#include <string>

#include "src/base/status.h"
#include "src/codec/heif/heif_items.h"
#include "src/codec/lazy/library_text.h"

namespace peel {

// Whether the picture `id` can be handed to a libheif of this version. Refused is what would end
// the process (an assertion, a circle, a copy beyond a plane) or show foreign memory:
//   - items that are made of each other in a circle, of no picture, or more than 8 levels deep;
//   - a grid whose tiles do not cover it, differ in size or are not as many as it says;
//   - an overlay that begins left of or above its canvas (wrong in every version up to 1.23) or is
//     not of 8 bits;
//   - coded pictures of another size than their item says, of which the library would take the one
//     for memory and the other for copying;
//   - transparency whose size, depth or turn is not that of its colours (before 1.18);
//   - crops by fractions that overflow.
// kCorrupt for what no file may be, kUnsupported for what a file may be and this libheif gets wrong
// (with the version that does not), kLimit where the tree decodes to more than 8 times max_pixels.
Status CheckHeifImage(const HeifItems& items, uint32_t id, const std::string& version,
                      uint64_t max_pixels);

// kUnsupported, with the version that reads it, where the item is of a kind that this libheif does
// not take for a picture at all; kCorrupt where there is no such item.
Status CheckHeifKind(const HeifItems& items, uint32_t id, const std::string& version);

}  // namespace peel
