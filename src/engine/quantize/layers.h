#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/graph.h"

namespace peel::engine {

// A convolution that can work on 8-bit numbers.
struct QuantLayer {
  std::string node;         // its name
  std::string output;       // the value that it computes in the file
  std::string folded_norm;  // the value of the batch norm that went into weights and bias; or ""
  std::string input;        // the value that it reads
  Shape input_shape;        // [n, channels, ...]
  Tensor weights;           // float32 [out, channels / groups, ...], batch norm folded in
  std::vector<float> bias;  // [out]; empty where there is none
  int64_t groups = 1;
  int64_t multiply_adds = 0;
};

// What quantising needs to know of a model.
struct QuantTarget {
  std::vector<QuantLayer> layers;    // in the order of execution
  std::map<std::string, int> ranks;  // of all values, by name
  int64_t multiply_adds = 0;         // of all convolutions and matrix products, layers or not
};

// The convolutions that the outputs `fetches` need, for inputs of these shapes, whose weights are
// known and whose operands are float32. kUnsupported for a model that is quantised already or has
// no such layer.
Result<QuantTarget> FindLayers(const Graph& file, std::span<const std::string> fetches,
                               const std::map<std::string, Shape, std::less<>>& shapes);

}  // namespace peel::engine
