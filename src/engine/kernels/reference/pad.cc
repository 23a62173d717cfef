#include <algorithm>
#include <string>
#include <vector>

#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/op_helpers.h"
#include "src/engine/kernels/reference/strided_loop.h"

namespace peel::engine::reference {
namespace {

enum class PadMode { kConstant, kReflect, kEdge, kWrap };

Result<PadMode> ParseMode(const std::string& mode) {
  if (mode == "constant") return PadMode::kConstant;
  if (mode == "reflect") return PadMode::kReflect;
  if (mode == "edge") return PadMode::kEdge;
  if (mode == "wrap") return PadMode::kWrap;
  return Unsupported("padding mode '" + mode + "' is not supported");
}

// Where output position i of an axis comes from; -1: from the constant.
int64_t SourceOf(int64_t i, int64_t extent, PadMode mode) {
  if (i >= 0 && i < extent) return i;
  switch (mode) {
    case PadMode::kConstant:
      return -1;
    case PadMode::kEdge:
      return i < 0 ? 0 : extent - 1;
    case PadMode::kWrap:
      return ((i % extent) + extent) % extent;
    case PadMode::kReflect: {
      if (extent == 1) return 0;
      const int64_t period = 2 * (extent - 1);
      const int64_t at = ((i % period) + period) % period;
      return at < extent ? at : period - at;
    }
  }
  return -1;
}

// Negative pads crop. Pads, constant and axes are attributes up to opset 10, then inputs.
Status Pad(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  const auto rank = static_cast<size_t>(x.rank());
  PEEL_ASSIGN_OR_RETURN(const PadMode mode, ParseMode(args.node.String("mode", "constant")));
  PEEL_ASSIGN_OR_RETURN(const auto pads, IntsOf(args, 1, "pads"));
  std::vector<int64_t> axes;
  if (const Tensor* t = Input(args, 3)) {
    PEEL_ASSIGN_OR_RETURN(axes, t->AsInt64s());
  } else {
    for (size_t d = 0; d < rank; ++d) axes.push_back(static_cast<int64_t>(d));
  }
  if (pads.size() != axes.size() * 2) return InvalidArgument("pads does not fit the axes");
  if (y.rank() != x.rank()) return InvalidArgument("the output has another rank");

  std::vector<int64_t> before(rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(axes[i], x.rank()));
    before[static_cast<size_t>(axis)] = pads[i];
  }
  // For every axis the source position of each output position, once.
  std::vector<std::vector<int64_t>> source(rank);
  for (size_t d = 0; d < rank; ++d) {
    const int64_t extent = x.shape()[d];
    if (extent == 0 && mode != PadMode::kConstant && y.elements() > 0) {
      return InvalidArgument("there is nothing to repeat along an axis of extent 0");
    }
    for (int64_t i = 0; i < y.shape()[d]; ++i) {
      source[d].push_back(SourceOf(i - before[d], extent, mode));
    }
  }

  const Tensor* constant = Input(args, 2);
  if (constant && (constant->elements() != 1 || constant->type() != x.type())) {
    return InvalidArgument("the constant is not a single number of the input's type");
  }
  if (y.type() != x.type()) return RefuseType(y.type());
  const float attribute = args.node.Float("value", 0.0f);
  const auto strides = DenseStrides(x.shape());
  const auto fill = [&]<typename T>(T value) {
    if (rank == 0) {
      *y.data<T>() = *x.data<T>();
      return OkStatus();
    }
    const std::vector<int64_t>& columns = source[rank - 1];
    const auto width = static_cast<int64_t>(columns.size());
    if (width == 0) return OkStatus();
    std::vector<size_t> index(rank, 0);  // all but the last move
    const int64_t rows = y.elements() / width;
    for (int64_t row = 0; row < rows; ++row) {
      T* out = y.data<T>() + row * width;
      const T* in = x.data<T>();
      bool inside = true;
      for (size_t d = 0; d + 1 < rank; ++d) {
        const int64_t at = source[d][index[d]];
        inside = inside && at >= 0;
        in += at * strides[d];
      }
      if (!inside) {
        std::fill_n(out, width, value);
      } else {
        for (int64_t i = 0; i < width; ++i) {
          const int64_t at = columns[static_cast<size_t>(i)];
          out[i] = at < 0 ? value : in[at];
        }
      }
      for (size_t d = rank - 1; d-- > 0;) {
        if (++index[d] < source[d].size()) break;
        index[d] = 0;
      }
    }
    return OkStatus();
  };
  return DispatchAny(x.type(), [&]<typename T>() {
    return fill(constant ? *constant->data<T>() : Convert<T>(attribute));
  });
}

constexpr ReferenceEntry kEntries[] = {{"", "Pad", 2, Pad}};

}  // namespace

std::span<const ReferenceEntry> PadOps() { return kEntries; }

}  // namespace peel::engine::reference
