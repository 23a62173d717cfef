#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "src/base/status.h"
#include "src/base/thread_pool.h"
#include "src/codec/encode.h"
#include "src/codec/picture.h"
#include "src/image/image.h"

namespace peel {

// The parts of a PNG, for what puts them together otherwise than EncodePng does.

// Length, type (four letters), data and checksum.
void AppendPngChunk(std::string_view type, std::span<const uint8_t> data,
                    std::vector<uint8_t>* out);

// Signature, IHDR for samples of 8 bits, and the metadata's chunks; metadata may be null.
void AppendPngHead(int width, int height, int channels, const Metadata* metadata,
                   std::vector<uint8_t>* out);

// The zlib stream of the filtered rows, in pieces that make it up one after the other.
Result<std::vector<std::vector<uint8_t>>> PackPng(ImageView<const uint8_t> pixels, PngEffort effort,
                                                  ThreadPool* pool);

}  // namespace peel
