#pragma once

#include <cstdint>
#include <span>

// Defined by models/embedded_model.S.
extern "C" {
extern const unsigned char peel_embedded_model_begin[];
extern const unsigned char peel_embedded_model_end[];
}

namespace peel {

// The ONNX file of the model that Peel carries in itself; lives as long as the process, starts at a
// multiple of 64 bytes.
inline std::span<const uint8_t> EmbeddedModel() {
  return {peel_embedded_model_begin, peel_embedded_model_end};
}

}  // namespace peel
