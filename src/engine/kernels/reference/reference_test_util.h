#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/engine/kernels/reference/reference.h"

namespace peel::engine {

// A node with attributes, ready to run.
inline Node MakeNode(std::string op_type, int opset,
                     std::map<std::string, Attribute, std::less<>> attributes = {},
                     std::string domain = "") {
  Node node;
  node.op_type = std::move(op_type);
  node.name.assign(1, 'n');
  node.domain = std::move(domain);
  node.opset = opset;
  node.attributes = std::move(attributes);
  return node;
}

inline Tensor MakeTensor(DataType type, Shape shape) {
  auto t = Tensor::Allocate(type, std::move(shape));
  EXPECT_TRUE(t.ok()) << t.status().message();
  return t.ok() ? *std::move(t) : Tensor();
}

template <typename T>
Tensor MakeTensor(DataType type, Shape shape, const std::vector<T>& values) {
  Tensor t = MakeTensor(type, std::move(shape));
  EXPECT_EQ(static_cast<size_t>(t.elements()), values.size());
  std::copy(values.begin(), values.end(), t.data<T>());
  return t;
}
inline Tensor Floats(Shape shape, const std::vector<float>& values) {
  return MakeTensor<float>(DataType::kFloat32, std::move(shape), values);
}
inline Tensor Int64s(Shape shape, const std::vector<int64_t>& values) {
  return MakeTensor<int64_t>(DataType::kInt64, std::move(shape), values);
}

// Deterministic values in [-1, 1) with a period far longer than any test's tensors.
inline Tensor Noise(Shape shape, uint32_t seed) {
  Tensor t = MakeTensor(DataType::kFloat32, std::move(shape));
  uint32_t state = seed * 2654435761u + 12345u;
  for (int64_t i = 0; i < t.elements(); ++i) {
    state = state * 1664525u + 1013904223u;
    t.data<float>()[i] = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
  }
  return t;
}

inline Status RunOn(const Node& node, const std::vector<Tensor>& inputs,
                    std::vector<Tensor>& outputs) {
  std::vector<const Tensor*> pointers;
  pointers.reserve(inputs.size());
  for (const Tensor& t : inputs) pointers.push_back(t.defined() ? &t : nullptr);
  return RunReference(node, pointers, outputs);
}

// Runs it with one float32 output of this shape, which starts as NaN so that gaps show.
inline Tensor RunFloat(const Node& node, const std::vector<Tensor>& inputs, Shape shape) {
  std::vector<Tensor> outputs{MakeTensor(DataType::kFloat32, std::move(shape))};
  for (int64_t i = 0; i < outputs[0].elements(); ++i) outputs[0].data<float>()[i] = std::nanf("");
  const Status status = RunOn(node, inputs, outputs);
  EXPECT_TRUE(status.ok()) << status.message();
  return outputs[0];
}

template <typename T = float>
std::vector<T> Values(const Tensor& t) {
  return std::vector<T>(t.data<T>(), t.data<T>() + t.elements());
}

}  // namespace peel::engine
