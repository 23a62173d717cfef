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
  std::string result;       // what others read of it: behind batch norm and ReLU
  std::string input;        // the value that it reads
  Tensor weights;           // float32 [out, channels / groups, ...], batch norm folded in
  std::vector<float> bias;  // [out]; empty where there is none
  int64_t groups = 1;
  int64_t multiply_adds = 0;
};

// An operator that can pass bytes on from layer to layer.
struct QuantMover {
  std::string output;
  std::vector<std::string> inputs;
  // Concat, MaxPool, Resize: inputs and output have one code, so bytes go through as they are (and
  // quantising before is the same as behind, but for Resize, which rounds once more). Add: not.
  bool one_code = true;
};

// Who reads a value: the operand with this number of a node.
struct Reader {
  std::string node;  // the first value that it computes
  size_t operand;
};

// What quantising needs to know of a model.
struct QuantTarget {
  std::vector<QuantLayer> layers;       // in the order of execution
  std::vector<QuantMover> movers;       // likewise
  std::map<std::string, Shape> values;  // [n, channels, ...] of all that these read and of the
                                        // movers' outputs
  std::map<std::string, std::vector<Reader>> readers;  // of every value in the file
  std::map<std::string, int> ranks;                    // of all values, by name
  int64_t multiply_adds = 0;  // of all convolutions and matrix products, layers or not
};

// The convolutions that the outputs `fetches` need, for inputs of these shapes, whose weights are
// known and whose operands are float32. kUnsupported for a model that is quantised already or has
// no such layer.
Result<QuantTarget> FindLayers(const Graph& file, std::span<const std::string> fetches,
                               const std::map<std::string, Shape, std::less<>>& shapes);

}  // namespace peel::engine
