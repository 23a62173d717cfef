// What a result holds: see include/peel/peel.h.
#include <peel/peel.h>

#include <cstring>
#include <optional>
#include <variant>
#include <vector>

#include "src/base/checked.h"
#include "src/capi/handles.h"

namespace peel {
namespace {

bool Good(const peel_result* result) { return result != nullptr && result->status == PEEL_OK; }

// Rows of bytes; an encoded file is one row.
struct Rows {
  const uint8_t* data = nullptr;
  size_t count = 0, length = 0, stride = 0;
};

Rows RowsOf(const peel_result* result) {
  if (!Good(result)) return {};
  if (const auto* file = std::get_if<std::vector<uint8_t>>(&result->data)) {
    return {file->data(), 1, file->size(), 0};
  }
  const auto rows = [](const auto& image) -> Rows {
    const size_t sample = sizeof(*image.row(0));
    return {reinterpret_cast<const uint8_t*>(image.row(0)), static_cast<size_t>(image.height()),
            static_cast<size_t>(image.width()) * static_cast<size_t>(image.channels()) * sample,
            static_cast<size_t>(image.stride()) * sample};
  };
  if (const auto* pixels = std::get_if<ImageU8>(&result->data)) return rows(*pixels);
  return rows(std::get<ImageU16>(result->data));
}

}  // namespace
}  // namespace peel

extern "C" {

void peel_result_free(peel_result* result) { delete result; }

peel_status peel_result_status(const peel_result* result) {
  return result != nullptr ? result->status : PEEL_OUT_OF_MEMORY;
}

const char* peel_result_error(const peel_result* result) {
  return result != nullptr ? result->error.c_str() : "out of memory";
}

const char* peel_result_warning(const peel_result* result) {
  return result != nullptr ? result->info.warning.c_str() : "";
}

const uint8_t* peel_result_data(const peel_result* result) { return peel::RowsOf(result).data; }

size_t peel_result_size(const peel_result* result) {
  const peel::Rows rows = peel::RowsOf(result);
  // The last row ends with its pixels, not with its padding.
  return rows.count == 0 ? 0 : (rows.count - 1) * rows.stride + rows.length;
}

size_t peel_result_copy(const peel_result* result, void* buffer, size_t capacity, size_t stride) {
  const peel::Rows rows = peel::RowsOf(result);
  if (rows.count == 0) return 0;
  if (stride == 0 || rows.count == 1) stride = rows.length;
  if (stride < rows.length) return 0;
  const auto before_last = peel::CheckedMul(rows.count - 1, stride);
  const auto size = before_last ? peel::CheckedAdd(*before_last, rows.length) : std::nullopt;
  if (!size) return 0;
  if (buffer == nullptr || *size > capacity) return *size;
  for (size_t y = 0; y < rows.count; ++y) {
    std::memcpy(static_cast<uint8_t*>(buffer) + y * stride, rows.data + y * rows.stride,
                rows.length);
  }
  return *size;
}

int peel_result_width(const peel_result* result) { return peel::Good(result) ? result->width : 0; }
int peel_result_height(const peel_result* result) {
  return peel::Good(result) ? result->height : 0;
}
int peel_result_channels(const peel_result* result) {
  return peel::Good(result) ? result->channels : 0;
}
int peel_result_bits(const peel_result* result) { return peel::Good(result) ? result->bits : 0; }
size_t peel_result_stride(const peel_result* result) { return peel::RowsOf(result).stride; }
int peel_result_x(const peel_result* result) { return peel::Good(result) ? result->info.x : 0; }
int peel_result_y(const peel_result* result) { return peel::Good(result) ? result->info.y : 0; }
int peel_result_has_subject(const peel_result* result) {
  return peel::Good(result) && result->info.has_subject ? 1 : 0;
}
double peel_result_subject_score(const peel_result* result) {
  return peel::Good(result) ? result->info.subject_score : 0;
}
double peel_result_coverage(const peel_result* result) {
  return peel::Good(result) ? result->info.coverage : 0;
}

}  // extern "C"
