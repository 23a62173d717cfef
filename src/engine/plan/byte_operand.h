#pragma once

#include "src/engine/kernels/bytes/bytes.h"
#include "src/engine/plan/image_operand.h"

namespace peel::engine {

// Bridges between operands of uint8 and what the byte kernels take.

inline ConstBytes ReadBytes(const Operand& operand, const RunEnv& env) {
  return {operand.At<uint8_t>(env), operand.batch_stride};
}
inline Bytes WriteBytes(const Operand& operand, const RunEnv& env) {
  return {operand.At<uint8_t>(env), operand.batch_stride};
}

// From the attributes of an integer node.
inline int ByteAttribute(const Node& node, const char* key, int fallback = 0) {
  return static_cast<int>(node.Int(key, fallback));
}

}  // namespace peel::engine
