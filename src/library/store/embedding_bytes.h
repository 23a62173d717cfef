#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace peel::library {

// scenes.embedding: float16, little endian.
std::vector<uint8_t> EmbeddingBytes(std::span<const float> embedding);
// Empty for bytes that are no whole number of values.
std::vector<float> EmbeddingOf(std::span<const uint8_t> bytes);

}  // namespace peel::library
