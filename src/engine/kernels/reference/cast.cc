// Conversions between element types, and operators that pass their input on.
#include <cstring>

#include "src/engine/kernels/reference/elementwise.h"
#include "src/engine/kernels/reference/families.h"

namespace peel::engine::reference {
namespace {

// To the output's type. Out of range and NaN are undefined in the standard: here reals saturate and
// NaN becomes 0, integers wrap.
Status Cast(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_RETURN_IF_ERROR(RequireSameShape(x, y));
  return DispatchAny(x.type(), [&]<typename From>() {
    return DispatchAny(y.type(), [&]<typename To>() {
      MapTo(x.data<From>(), y.data<To>(), x.elements(), Convert<To, From>);
      return OkStatus();
    });
  });
}

Status Copy(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  if (x.bytes() != y.bytes()) {
    return InvalidArgument("cannot make " + ShapeString(y.shape()) + " of " +
                           ShapeString(x.shape()));
  }
  if (x.bytes() > 0) std::memcpy(y.raw(), x.raw(), x.bytes());
  return OkStatus();
}

// Inference keeps everything; the optional mask is all true.
Status Dropout(const OpArgs& args) {
  if (const Tensor* training = Input(args, 2)) {
    if (training->elements() != 1 || training->bytes() != 1 || *training->data<uint8_t>() != 0) {
      return Unsupported("training mode is not supported");
    }
  }
  PEEL_RETURN_IF_ERROR(Copy(args));
  if (Tensor* mask = Output(args, 1)) {
    if (mask->type() == DataType::kBool) {
      if (mask->bytes() > 0) std::memset(mask->raw(), 1, mask->bytes());
      return OkStatus();
    }
    return DispatchAny(mask->type(), [&]<typename T>() {  // up to opset 9 of the input's type
      for (int64_t i = 0; i < mask->elements(); ++i) mask->data<T>()[i] = Convert<T>(1.0);
      return OkStatus();
    });
  }
  return OkStatus();
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Cast", 6, Cast},       {"", "CastLike", 15, Cast}, {"", "Identity", 1, Copy},
    {"", "Dropout", 7, Dropout}, {"", "Reshape", 5, Copy},   {"", "Flatten", 1, Copy},
    {"", "Squeeze", 1, Copy},    {"", "Unsqueeze", 1, Copy}, {"", "BitCast", 26, Copy},
};

}  // namespace

std::span<const ReferenceEntry> CastOps() { return kEntries; }

}  // namespace peel::engine::reference
