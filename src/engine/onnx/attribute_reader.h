#pragma once

#include <protozero/data_view.hpp>
#include <string>

#include "src/base/status.h"
#include "src/engine/graph/graph.h"
#include "src/engine/onnx/tensor_reader.h"

namespace peel::engine {

// Reads an AttributeProto; messages name the attribute. Throws protozero's exceptions where the
// wire format is broken.
Result<std::pair<std::string, Attribute>> ReadAttribute(protozero::data_view message,
                                                        TensorReader& tensors);

}  // namespace peel::engine
