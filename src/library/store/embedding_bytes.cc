#include "src/library/store/embedding_bytes.h"

#include <cstddef>

#include "src/base/float16.h"

namespace peel::library {

std::vector<uint8_t> EmbeddingBytes(std::span<const float> embedding) {
  std::vector<uint8_t> bytes;
  bytes.reserve(embedding.size() * 2);
  for (const float value : embedding) {
    const uint16_t half = FloatToHalf(value);
    bytes.push_back(static_cast<uint8_t>(half & 0xff));
    bytes.push_back(static_cast<uint8_t>(half >> 8));
  }
  return bytes;
}

std::vector<float> EmbeddingOf(std::span<const uint8_t> bytes) {
  std::vector<float> embedding;
  if (bytes.size() % 2 != 0) return embedding;
  embedding.reserve(bytes.size() / 2);
  for (size_t i = 0; i < bytes.size(); i += 2) {
    embedding.push_back(HalfToFloat(static_cast<uint16_t>(bytes[i] | bytes[i + 1] << 8)));
  }
  return embedding;
}

}  // namespace peel::library
