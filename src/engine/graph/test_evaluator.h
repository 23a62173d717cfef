#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "src/engine/graph/graph.h"
#include "src/engine/graph/slice.h"

namespace peel::engine::testing {

// Computes the few operators that exporters chain together to work out shapes, so that the graph's
// own tests need no kernels: one-dimensional Gather, Slice and Concat of whole numbers, and Cast
// between the types below. Everything else is kUnsupported.
class TinyEvaluator {
 public:
  Status operator()(const Node& node, std::span<const Tensor* const> inputs,
                    std::span<Tensor> outputs) const {
    if (node.Is("Cast")) return Cast(*inputs[0], outputs[0]);
    if (node.Is("Concat")) return Concat(inputs, outputs[0]);
    if (node.Is("Gather")) return Gather(*inputs[0], *inputs[1], outputs[0]);
    if (node.Is("Slice") && inputs.size() >= 3) return Slice(inputs, outputs[0]);
    return Unsupported(node.Describe());
  }

 private:
  static Status Cast(const Tensor& in, Tensor& out) {
    if (in.type() == out.type()) {
      if (in.bytes() > 0) std::memcpy(out.raw(), in.raw(), in.bytes());
      return OkStatus();
    }
    if (out.type() == DataType::kFloat32) {
      PEEL_ASSIGN_OR_RETURN(const std::vector<float> values, in.AsFloats());
      if (!values.empty()) std::memcpy(out.raw(), values.data(), out.bytes());
      return OkStatus();
    }
    return Unsupported("Cast");
  }

  static Status Concat(std::span<const Tensor* const> inputs, Tensor& out) {
    if (out.rank() != 1) return Unsupported("Concat");
    auto* to = out.data<uint8_t>();
    for (const Tensor* in : inputs) {
      if (in->bytes() > 0) std::memcpy(to, in->raw(), in->bytes());
      to += in->bytes();
    }
    return OkStatus();
  }

  static Status Gather(const Tensor& data, const Tensor& indices, Tensor& out) {
    if (data.rank() != 1 || data.type() != DataType::kInt64) return Unsupported("Gather");
    PEEL_ASSIGN_OR_RETURN(const std::vector<int64_t> at, indices.AsInt64s());
    for (size_t i = 0; i < at.size(); ++i) {
      const int64_t k = at[i] < 0 ? at[i] + data.elements() : at[i];
      if (k < 0 || k >= data.elements()) return InvalidArgument("index out of range");
      out.data<int64_t>()[i] = data.data<int64_t>()[k];
    }
    return OkStatus();
  }

  static Status Slice(std::span<const Tensor* const> inputs, Tensor& out) {
    const Tensor& data = *inputs[0];
    if (data.rank() != 1 || data.type() != DataType::kInt64) return Unsupported("Slice");
    std::vector<int64_t> lists[4];
    for (size_t i = 1; i < inputs.size(); ++i) {
      if (inputs[i] == nullptr) continue;
      PEEL_ASSIGN_OR_RETURN(lists[i - 1], inputs[i]->AsInt64s());
    }
    PEEL_ASSIGN_OR_RETURN(const std::vector<SliceRange> ranges,
                          ResolveSlice(data.shape(), lists[0], lists[1], lists[2], lists[3]));
    for (int64_t i = 0; i < ranges[0].count; ++i) {
      out.data<int64_t>()[i] = data.data<int64_t>()[ranges[0].start + i * ranges[0].step];
    }
    return OkStatus();
  }
};

}  // namespace peel::engine::testing
