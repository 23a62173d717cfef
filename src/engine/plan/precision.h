#pragma once

#include <functional>
#include <map>
#include <string>

namespace peel::engine {

// Which numbers may be computed with. kInt8 says nothing about a graph of floats: integers come
// from a model in QDQ form (QuantizeLinear and DequantizeLinear nodes), which runs on them under
// every precision. kFp16 is TensorRT's: the native engine computes half-precision models in
// float32.
enum class Precision { kAuto, kFp32, kBf16, kInt8, kFp16 };

// The precision of every node of one session.
struct Precisions {
  Precision all = Precision::kFp32;
  std::map<std::string, Precision, std::less<>> by_node;  // node name -> what it gets instead

  Precision Of(const std::string& node) const {
    const auto it = by_node.find(node);
    return it != by_node.end() ? it->second : all;
  }
};

}  // namespace peel::engine
