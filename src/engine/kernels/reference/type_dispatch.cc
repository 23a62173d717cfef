#include "src/engine/kernels/reference/type_dispatch.h"

#include <vector>

#include "src/base/float16.h"

namespace peel::engine::reference {
namespace {

bool IsSmallFloat(DataType type) {
  return type == DataType::kFloat16 || type == DataType::kBfloat16;
}

Result<Tensor> Widen(const Tensor& t) {
  PEEL_ASSIGN_OR_RETURN(Tensor wide, Tensor::Allocate(DataType::kFloat32, t.shape()));
  const auto* from = t.data<uint16_t>();
  auto* to = wide.data<float>();
  if (t.type() == DataType::kFloat16) {
    for (int64_t i = 0; i < t.elements(); ++i) to[i] = HalfToFloat(from[i]);
  } else {
    for (int64_t i = 0; i < t.elements(); ++i) to[i] = Bfloat16ToFloat(from[i]);
  }
  return wide;
}

void Narrow(const Tensor& wide, Tensor& to) {
  const auto* from = wide.data<float>();
  auto* out = to.data<uint16_t>();
  if (to.type() == DataType::kFloat16) {
    for (int64_t i = 0; i < to.elements(); ++i) out[i] = FloatToHalf(from[i]);
  } else {
    for (int64_t i = 0; i < to.elements(); ++i) out[i] = FloatToBfloat16(from[i]);
  }
}

}  // namespace

bool HasSmallFloats(const OpArgs& args) {
  for (const Tensor* t : args.inputs) {
    if (t && IsSmallFloat(t->type())) return true;
  }
  for (const Tensor& t : args.outputs) {
    if (IsSmallFloat(t.type())) return true;
  }
  return false;
}

Status RunWidened(const OpArgs& args, ReferenceOp op) {
  std::vector<Tensor> held(args.inputs.size());
  std::vector<const Tensor*> inputs(args.inputs.begin(), args.inputs.end());
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i] || !IsSmallFloat(inputs[i]->type())) continue;
    PEEL_ASSIGN_OR_RETURN(held[i], Widen(*inputs[i]));
    inputs[i] = &held[i];
  }
  std::vector<Tensor> outputs(args.outputs.begin(), args.outputs.end());
  for (Tensor& t : outputs) {
    if (!IsSmallFloat(t.type())) continue;
    PEEL_ASSIGN_OR_RETURN(t, Tensor::Allocate(DataType::kFloat32, t.shape()));
  }
  PEEL_RETURN_IF_ERROR(op(OpArgs{args.node, inputs, outputs}));
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (IsSmallFloat(args.outputs[i].type())) Narrow(outputs[i], args.outputs[i]);
  }
  return OkStatus();
}

}  // namespace peel::engine::reference
