#include <cstddef>
#include <cstdint>

#include "src/codec/heif/heif_check.h"
#include "src/codec/heif/heif_items.h"

// The reader of HEIF boxes and the rules on top of it, without libheif.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  const auto items = peel::ReadHeifItems(bytes);
  if (!items.ok()) return 0;
  for (const peel::HeifItem& item : items->items) {
    for (const auto extent : item.extents) {
      // Within the file, and readable.
      if (extent.empty()) continue;
      if (extent.data() < data || extent.data() + extent.size() > data + size) __builtin_trap();
      volatile uint8_t sink = static_cast<uint8_t>(extent.front() + extent.back());
      (void)sink;
    }
    for (const char* version : {"1.15.1", "1.23.1"}) {
      const auto checked = peel::CheckHeifImage(*items, item.id, version, 1 << 20);
      if (checked.code() == peel::StatusCode::kInternal) __builtin_trap();
    }
  }
  return 0;
}
