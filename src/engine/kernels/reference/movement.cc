// Operators that only move elements: each is one strided copy, or a few.
#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/op_helpers.h"
#include "src/engine/kernels/reference/strided_loop.h"

namespace peel::engine::reference {
namespace {

// y dense in row-major order over `extents` (its shape, possibly split finer), x by strides.
Status CopyInto(const Shape& extents, Tensor& y, const Tensor& x, int64_t x_offset,
                const std::vector<int64_t>& x_strides) {
  return StridedCopy(extents, y, 0, DenseStrides(extents), x, x_offset, x_strides);
}

Status Transpose(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  std::vector<int64_t> perm(static_cast<size_t>(x.rank()));
  std::iota(perm.rbegin(), perm.rend(), 0);
  perm = args.node.Ints("perm", perm);
  PEEL_ASSIGN_OR_RETURN(const auto sorted, NormaliseAxes(perm, x.rank()));
  if (perm.size() != sorted.size() || static_cast<int>(sorted.size()) != x.rank()) {
    return InvalidArgument("perm is not a permutation of the axes");
  }
  const auto dense = DenseStrides(x.shape());
  Shape shape;
  std::vector<int64_t> strides;
  for (int64_t axis : perm) {
    if (axis < 0) axis += x.rank();
    shape.push_back(x.dim(static_cast<int>(axis)));
    strides.push_back(dense[static_cast<size_t>(axis)]);
  }
  PEEL_RETURN_IF_ERROR(RequireShape(y, shape, "the output"));
  return CopyInto(shape, y, x, 0, strides);
}

Status Expand(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const auto strides, BroadcastStrides(x.shape(), y.shape()));
  return CopyInto(y.shape(), y, x, 0, strides);
}

// Each axis as two: the repetition (stride 0) and the extent.
Status Tile(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor& x = *args.inputs[0];
  PEEL_ASSIGN_OR_RETURN(const auto repeats, args.inputs[1]->AsInt64s());
  if (static_cast<int>(repeats.size()) != x.rank()) {
    return InvalidArgument("repeats does not have one number for each axis");
  }
  const auto dense = DenseStrides(x.shape());
  Shape extents, shape;
  std::vector<int64_t> strides;
  for (size_t d = 0; d < repeats.size(); ++d) {
    if (repeats[d] < 0) return InvalidArgument("a number of repeats is negative");
    extents.insert(extents.end(), {repeats[d], x.shape()[d]});
    strides.insert(strides.end(), {0, dense[d]});
    shape.push_back(args.outputs[0].rank() == x.rank() ? args.outputs[0].shape()[d] : -1);
    if (x.shape()[d] != 0 &&
        (shape[d] % x.shape()[d] != 0 || shape[d] / x.shape()[d] != repeats[d])) {
      return InvalidArgument("the output does not have the repeated shape");
    }
  }
  return CopyInto(extents, args.outputs[0], x, 0, strides);
}

Status Concat(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, args.inputs.size()));
  Tensor& y = args.outputs[0];
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(args.node.Int("axis", 1), y.rank()));
  const auto a = static_cast<size_t>(axis);
  const auto strides = DenseStrides(y.shape());
  int64_t at = 0;
  for (const Tensor* x : args.inputs) {
    Shape expected = y.shape();
    if (x->rank() == y.rank()) expected[a] = x->shape()[a];
    PEEL_RETURN_IF_ERROR(RequireShape(*x, expected, "an input"));
    if (x->shape()[a] > y.shape()[a] - at) break;  // reported below
    PEEL_RETURN_IF_ERROR(
        StridedCopy(x->shape(), y, at * strides[a], strides, *x, 0, DenseStrides(x->shape())));
    at += x->shape()[a];
  }
  if (at != y.shape()[a]) return InvalidArgument("the inputs do not fill the output");
  return OkStatus();
}

Status Split(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(args.node.Int("axis", 0), x.rank()));
  const auto a = static_cast<size_t>(axis);
  // Parts that nobody wants have no tensor: their extents come from the operands.
  std::vector<int64_t> parts;
  PEEL_ASSIGN_OR_RETURN(parts, IntsOf(args, 1, "split"));
  if (parts.empty() && !args.outputs.empty()) {
    const auto n = static_cast<int64_t>(args.outputs.size());
    const int64_t each = (x.shape()[a] + n - 1) / n;
    int64_t left = x.shape()[a];
    for (int64_t i = 0; i < n; ++i) {
      parts.push_back(std::min(each, left));
      left -= parts.back();
    }
  }
  if (parts.size() < args.outputs.size()) return InvalidArgument("fewer parts than outputs");
  const auto strides = DenseStrides(x.shape());
  int64_t at = 0;
  for (size_t i = 0; i < args.outputs.size(); ++i) {
    if (parts[i] < 0 || parts[i] > x.shape()[a] - at) {
      return InvalidArgument("the parts do not fit the input");
    }
    Tensor& y = args.outputs[i];
    if (y.defined()) {
      Shape shape = x.shape();
      shape[a] = parts[i];
      PEEL_RETURN_IF_ERROR(RequireShape(y, shape, "an output"));
      PEEL_RETURN_IF_ERROR(CopyInto(shape, y, x, at * strides[a], strides));
    }
    at += parts[i];
  }
  return OkStatus();
}

// Where a slice of an axis begins and how many elements it has; steps may be negative.
struct AxisSlice {
  int64_t start, count;
};
Result<AxisSlice> SliceAxis(int64_t extent, int64_t start, int64_t end, int64_t step) {
  if (step == 0) return InvalidArgument("a step is zero");
  const auto from_end = [extent](int64_t i) { return i < 0 ? i + extent : i; };
  if (extent == 0) return AxisSlice{0, 0};
  if (step > 0) {
    start = std::clamp<int64_t>(from_end(start), 0, extent);
    end = std::clamp<int64_t>(from_end(end), 0, extent);
    if (end <= start) return AxisSlice{0, 0};
    return AxisSlice{start, (end - start - 1) / step + 1};
  }
  start = std::clamp<int64_t>(from_end(start), -1, extent - 1);
  end = std::clamp<int64_t>(from_end(end), -1, extent - 1);
  if (end >= start) return AxisSlice{0, 0};
  if (step < -extent) step = -extent;  // so that negating it cannot overflow
  return AxisSlice{start, (start - end - 1) / -step + 1};
}

Status Slice(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  PEEL_ASSIGN_OR_RETURN(const auto starts, IntsOf(args, 1, "starts"));
  PEEL_ASSIGN_OR_RETURN(const auto ends, IntsOf(args, 2, "ends"));
  std::vector<int64_t> axes(starts.size());
  std::iota(axes.begin(), axes.end(), 0);
  PEEL_ASSIGN_OR_RETURN(axes, IntsOf(args, 3, "axes", axes));
  PEEL_ASSIGN_OR_RETURN(const auto steps,
                        IntsOf(args, 4, "steps", std::vector<int64_t>(starts.size(), 1)));
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    return InvalidArgument("starts, ends, axes and steps differ in length");
  }
  Shape shape = x.shape();
  std::vector<int64_t> strides = DenseStrides(shape);
  int64_t offset = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    PEEL_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(axes[i], x.rank()));
    const auto a = static_cast<size_t>(axis);
    PEEL_ASSIGN_OR_RETURN(const AxisSlice part,
                          SliceAxis(x.shape()[a], starts[i], ends[i], steps[i]));
    offset += part.start * strides[a];
    // A step beyond the extent picks one element at most; its stride is never used.
    strides[a] *= std::clamp(steps[i], -x.shape()[a] - 1, x.shape()[a] + 1);
    shape[a] = part.count;
  }
  PEEL_RETURN_IF_ERROR(RequireShape(args.outputs[0], shape, "the output"));
  return CopyInto(shape, args.outputs[0], x, offset, strides);
}

Status DepthToSpace(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  const int64_t b = args.node.Int("blocksize", 0);
  if (x.rank() != 4 || b <= 0 || b > x.dim(1) || x.dim(1) % (b * b) != 0) {
    return InvalidArgument("the block size does not divide the channels of a 4-D input");
  }
  const int64_t n = x.dim(0), c = x.dim(1) / (b * b), h = x.dim(2), w = x.dim(3);
  PEEL_RETURN_IF_ERROR(RequireShape(args.outputs[0], {n, c, h * b, w * b}, "the output"));
  // The output as [n, c, h, b, w, b].
  const int64_t plane = h * w, image = x.dim(1) * plane;
  const bool crd = args.node.String("mode", "DCR") == "CRD";
  const int64_t channel = crd ? b * b * plane : plane;
  const int64_t block_x = crd ? plane : c * plane;
  return CopyInto({n, c, h, b, w, b}, args.outputs[0], x, 0,
                  {image, channel, w, b * block_x, 1, block_x});
}

Status SpaceToDepth(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Tensor& x = *args.inputs[0];
  const int64_t b = args.node.Int("blocksize", 0);
  if (x.rank() != 4 || b <= 0 || x.dim(2) % b != 0 || x.dim(3) % b != 0) {
    return InvalidArgument("the block size does not divide the extents of a 4-D input");
  }
  const int64_t n = x.dim(0), c = x.dim(1), h = x.dim(2) / b, w = x.dim(3) / b;
  if (args.outputs[0].elements() != x.elements()) {
    return InvalidArgument("the output has another number of elements");
  }
  // The output as [n, b, b, c, h, w]; the block's place comes first (DCR) or last (CRD).
  const int64_t plane = x.dim(2) * x.dim(3), row = x.dim(3);
  if (args.node.String("mode", "DCR") == "CRD") {
    return CopyInto({n, c, b, b, h, w}, args.outputs[0], x, 0,
                    {c * plane, plane, row, 1, b * row, b});
  }
  return CopyInto({n, b, b, c, h, w}, args.outputs[0], x, 0,
                  {c * plane, row, 1, plane, b * row, b});
}

constexpr ReferenceEntry kEntries[] = {
    {"", "Transpose", 1, Transpose},
    {"", "Expand", 8, Expand},
    {"", "Tile", 6, Tile},
    {"", "Concat", 4, Concat},
    {"", "Split", 2, Split},
    {"", "Slice", 1, Slice},
    {"", "DepthToSpace", 1, DepthToSpace},
    {"", "SpaceToDepth", 1, SpaceToDepth},
};

}  // namespace

std::span<const ReferenceEntry> MovementOps() { return kEntries; }

}  // namespace peel::engine::reference
