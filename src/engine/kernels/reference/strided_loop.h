#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/engine/graph/tensor.h"
#include "src/engine/kernels/reference/type_dispatch.h"

namespace peel::engine::reference {

// Elements between neighbours along each dimension of a dense row-major array.
inline std::vector<int64_t> DenseStrides(const Shape& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t step = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = step;
    step *= shape[d];
  }
  return strides;
}

// Strides under which an operand of this shape broadcasts to `to` (numpy's rules: right-aligned, 0
// where an extent of 1 repeats). kInvalidArgument where it does not.
inline Result<std::vector<int64_t>> BroadcastStrides(const Shape& shape, const Shape& to) {
  if (shape.size() > to.size()) {
    return InvalidArgument("shape " + ShapeString(shape) + " does not broadcast to " +
                           ShapeString(to));
  }
  std::vector<int64_t> strides(to.size(), 0);
  const std::vector<int64_t> dense = DenseStrides(shape);
  const size_t skip = to.size() - shape.size();
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == to[skip + d]) {
      strides[skip + d] = shape[d] == 1 ? 0 : dense[d];
    } else if (shape[d] != 1) {
      return InvalidArgument("shape " + ShapeString(shape) + " does not broadcast to " +
                             ShapeString(to));
    }
  }
  return strides;
}

// Walks an index space in row-major order and says where N strided operands stand. Dimensions that
// are adjacent in every operand are merged, so that the innermost run is as long as can be.
// Strides, in elements, may be zero or negative.
template <size_t N>
class StridedLoop {
 public:
  StridedLoop(const Shape& extents, const std::array<std::vector<int64_t>, N>& strides) {
    for (size_t d = 0; d < extents.size(); ++d) {
      if (extents[d] == 0) empty_ = true;
      if (extents[d] == 1) continue;
      std::array<int64_t, N> step;
      for (size_t k = 0; k < N; ++k) step[k] = strides[k][d];
      if (!steps_.empty()) {
        bool merges = true;
        for (size_t k = 0; k < N; ++k) merges = merges && steps_.back()[k] == step[k] * extents[d];
        if (merges) {
          extents_.back() *= extents[d];
          steps_.back() = step;
          continue;
        }
      }
      extents_.push_back(extents[d]);
      steps_.push_back(step);
    }
    if (extents_.empty()) {
      extents_.push_back(1);
      steps_.push_back({});
    }
  }

  // Length of the innermost run, and the stride of operand k along it.
  int64_t run() const { return extents_.back(); }
  int64_t stride(size_t k) const { return steps_.back()[k]; }

  // f(offsets): the operands' offsets at the start of each innermost run, in row-major order.
  template <typename F>
  void ForEachRun(F&& f) const {
    if (empty_) return;
    std::array<int64_t, N> offsets{};
    std::vector<int64_t> index(extents_.size() - 1, 0);
    for (;;) {
      f(offsets);
      size_t d = index.size();
      for (;;) {
        if (d == 0) return;
        --d;
        if (++index[d] < extents_[d]) {
          for (size_t k = 0; k < N; ++k) offsets[k] += steps_[d][k];
          break;
        }
        for (size_t k = 0; k < N; ++k) offsets[k] -= steps_[d][k] * (extents_[d] - 1);
        index[d] = 0;
      }
    }
  }

 private:
  bool empty_ = false;
  std::vector<int64_t> extents_;
  std::vector<std::array<int64_t, N>> steps_;
};

// Copies the elements that from's strides pick into to's, both over the same extents.
template <typename T>
void StridedCopy(const Shape& extents, T* to, const std::vector<int64_t>& to_strides, const T* from,
                 const std::vector<int64_t>& from_strides) {
  const StridedLoop<2> loop(extents, {to_strides, from_strides});
  const int64_t n = loop.run(), a = loop.stride(0), b = loop.stride(1);
  loop.ForEachRun([&](const std::array<int64_t, 2>& at) {
    T* out = to + at[0];
    const T* in = from + at[1];
    if (a == 1 && b == 1) {
      for (int64_t i = 0; i < n; ++i) out[i] = in[i];
    } else if (a == 1 && b == 0) {
      const T x = *in;
      for (int64_t i = 0; i < n; ++i) out[i] = x;
    } else {
      for (int64_t i = 0; i < n; ++i) out[i * a] = in[i * b];
    }
  });
}

// The same for elements of any type; offsets in elements from the start of each tensor.
inline Status StridedCopy(const Shape& extents, Tensor& to, int64_t to_offset,
                          const std::vector<int64_t>& to_strides, const Tensor& from,
                          int64_t from_offset, const std::vector<int64_t>& from_strides) {
  if (to.type() != from.type()) {
    return Internal(std::string("an operator copies ") + DataTypeName(from.type()) + " to " +
                    DataTypeName(to.type()));
  }
  return DispatchSize(to.type(), [&]<typename T>() {
    StridedCopy<T>(extents, to.data<T>() + to_offset, to_strides, from.data<T>() + from_offset,
                   from_strides);
    return OkStatus();
  });
}

}  // namespace peel::engine::reference
