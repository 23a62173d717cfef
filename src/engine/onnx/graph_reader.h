#pragma once

#include <map>
#include <protozero/data_view.hpp>
#include <set>
#include <string>

#include "src/base/status.h"
#include "src/engine/graph/graph.h"
#include "src/engine/onnx/tensor_reader.h"

namespace peel::engine {

// What of the model stands outside its graph and decides how the graph reads.
struct ModelFields {
  std::map<std::string, int, std::less<>> opsets;           // "ai.onnx" is ""
  std::set<std::pair<std::string, std::string>> functions;  // domain and name
};

// Fills inputs, outputs, values and nodes of the graph from a GraphProto. Throws protozero's
// exceptions where the wire format is broken.
Status ReadGraphProto(protozero::data_view message, const ModelFields& model, TensorReader& tensors,
                      Graph& graph);

}  // namespace peel::engine
