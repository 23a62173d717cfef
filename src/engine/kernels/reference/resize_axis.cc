#include "src/engine/kernels/reference/resize_axis.h"

#include <algorithm>
#include <cmath>

#include "src/engine/kernels/reference/op_helpers.h"

namespace peel::engine::reference {
namespace {

Result<float> SourceOf(const ResizeOptions& options, float x, int64_t in, int64_t out, float scale,
                       float length, float roi_begin, float roi_end) {
  const std::string& mode = options.coordinates;
  const auto last = static_cast<float>(in - 1);
  if (mode == "half_pixel") return (x + 0.5f) / scale - 0.5f;
  if (mode == "asymmetric") return x / scale;
  if (mode == "align_corners") return length == 1 ? 0.0f : x * last / (length - 1);
  if (mode == "pytorch_half_pixel") return length == 1 ? -0.5f : (x + 0.5f) / scale - 0.5f;
  if (mode == "half_pixel_symmetric") {
    const float offset = static_cast<float>(in) / 2 * (1 - static_cast<float>(out) / length);
    return offset + (x + 0.5f) / scale - 0.5f;
  }
  if (mode == "tf_half_pixel_for_nn") return (x + 0.5f) / scale;
  if (mode == "tf_crop_and_resize") {
    const float span = (roi_end - roi_begin) * last;
    return (length == 1 ? span / 2 : x * span / (length - 1)) + roi_begin * last;
  }
  return Unsupported("coordinate_transformation_mode '" + mode + "' is not supported");
}

Result<float> RoundNearest(const std::string& mode, float x) {
  if (mode == "round_prefer_floor") return std::ceil(x - 0.5f);
  if (mode == "round_prefer_ceil") return std::floor(x + 0.5f);
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  return Unsupported("nearest_mode '" + mode + "' is not supported");
}

// Keys' cubic convolution kernel.
double Cubic(double x, double a) {
  x = std::fabs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

}  // namespace

Result<ResizeAxis> MakeResizeAxis(const ResizeOptions& options, int64_t in, int64_t out,
                                  float scale, float length, float roi_begin, float roi_end) {
  ResizeAxis axis;
  axis.in = in;
  axis.out = out;
  const bool crops = options.coordinates == "tf_crop_and_resize";
  axis.identity = in == out && scale == 1.0f && !crops;
  if (axis.identity) return axis;
  if (!(scale > 0)) return InvalidArgument("a scale is not positive");
  const bool nearest = options.mode == "nearest", cubic = options.mode == "cubic";
  if (!nearest && !cubic && options.mode != "linear") {
    return Unsupported("mode '" + options.mode + "' is not supported");
  }
  if (nearest && options.antialias) {
    return Unsupported("antialias has no meaning in mode 'nearest'");
  }
  // Shrinking with antialias stretches the kernel over as many inputs as an output stands for.
  const double shrink = options.antialias ? std::min<double>(scale, 1.0) : 1.0;
  int64_t first = 0;  // of the taps, from the input left of the source position
  if (!nearest) {
    const double reach = std::floor(-(cubic ? 2.0 : 1.0) / shrink) + 1;
    if (reach < -1e6) return LimitExceeded("the scale is too small for antialias");
    first = static_cast<int64_t>(reach);
    axis.taps = 2 - 2 * first;
  }
  axis.index.reserve(static_cast<size_t>(out * axis.taps));
  axis.weight.reserve(static_cast<size_t>(out * axis.taps));
  for (int64_t i = 0; i < out; ++i) {
    PEEL_ASSIGN_OR_RETURN(float x, SourceOf(options, static_cast<float>(i), in, out, scale, length,
                                            roi_begin, roi_end));
    if (std::isnan(x)) return InvalidArgument("a scale or region is not a number");
    if (crops) axis.outside.push_back(x < 0 || x > static_cast<float>(in - 1));
    // Far outside every tap is clamped to the edge: bring the position near enough to compute with.
    x = std::clamp(x, -4.0f - static_cast<float>(axis.taps),
                   static_cast<float>(in) + 4.0f + static_cast<float>(axis.taps));
    if (nearest) {
      PEEL_ASSIGN_OR_RETURN(const float rounded, RoundNearest(options.nearest, x));
      axis.index.push_back(std::clamp<int64_t>(static_cast<int64_t>(rounded), 0, in - 1));
      axis.weight.push_back(1);
      continue;
    }
    const double left = std::floor(x), ratio = x - left;
    double sum = 0;
    const size_t begin = axis.weight.size();
    for (int64_t k = first; k < first + axis.taps; ++k) {
      const int64_t at = static_cast<int64_t>(left) + k;
      const double distance = (static_cast<double>(k) - ratio) * shrink;
      double weight =
          cubic ? Cubic(distance, options.cubic_a) : std::max(0.0, 1 - std::fabs(distance));
      if (options.exclude_outside && (at < 0 || at >= in)) weight = 0;
      sum += weight;
      axis.index.push_back(std::clamp<int64_t>(at, 0, in - 1));
      axis.weight.push_back(weight);
    }
    if (sum == 0) sum = 1;
    for (size_t k = begin; k < axis.weight.size(); ++k) axis.weight[k] /= sum;
  }
  return axis;
}

namespace {

// An input that is there and not empty: exporters write an empty tensor for "not this one".
const Tensor* Given(const OpArgs& args, size_t i) {
  const Tensor* t = Input(args, i);
  return t && t->elements() > 0 ? t : nullptr;
}

// Of every axis of the input.
struct AxisScales {
  AxisScales(const Shape& from, const Shape& to) : scale(from.size(), 1.0f) {
    for (const int64_t extent : to) length.push_back(static_cast<float>(extent));
    roi.assign(from.size(), 0.0f);
    roi.resize(from.size() * 2, 1.0f);
  }
  std::vector<float> scale;
  std::vector<float> length;  // of the output, before it is rounded
  std::vector<float> roi;     // starts, then ends; [0, 1] where nothing is cropped
};

void ReadOptions(const Node& node, bool old, ResizeOptions* options) {
  options->mode = node.String("mode", "nearest");
  if (options->mode == "bilinear") options->mode = "linear";  // Upsample's old name
  options->coordinates =
      old ? "asymmetric" : node.String("coordinate_transformation_mode", "half_pixel");
  options->nearest = old ? "floor" : node.String("nearest_mode", "round_prefer_floor");
  options->cubic_a = node.Float("cubic_coeff_a", -0.75f);
  options->antialias = node.Int("antialias", 0) != 0;
  options->exclude_outside = node.Int("exclude_outside", 0) != 0;
}

// From the extents wanted, with the policy for the aspect ratio.
Status ScalesFromSizes(const Tensor& sizes_in, const std::vector<int64_t>& axes, const OpArgs& args,
                       AxisScales* to) {
  const Shape& from = args.inputs[0]->shape();
  PEEL_ASSIGN_OR_RETURN(const auto sizes, sizes_in.AsInt64s());
  if (sizes.size() != axes.size()) return InvalidArgument("sizes does not fit the axes");
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto d = static_cast<size_t>(axes[i]);
    to->scale[d] = static_cast<float>(sizes[i]) / static_cast<float>(from[d]);
  }
  const std::string policy = args.node.String("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch") {
    float common = to->scale[static_cast<size_t>(axes[0])];
    for (const int64_t axis : axes) {
      const float s = to->scale[static_cast<size_t>(axis)];
      common = policy == "not_larger" ? std::min(common, s) : std::max(common, s);
    }
    for (const int64_t axis : axes) {
      const auto d = static_cast<size_t>(axis);
      to->scale[d] = common;
      to->length[d] = common * static_cast<float>(from[d]);
    }
  }
  return OkStatus();
}

// From the factors given as an input or, for Upsample's first version, as an attribute.
Status ScalesFromFactors(const Tensor* scales_in, const std::vector<int64_t>& axes,
                         const OpArgs& args, AxisScales* to) {
  const Shape& from = args.inputs[0]->shape();
  std::vector<float> scales = args.node.Floats("scales");
  if (scales_in) {
    PEEL_ASSIGN_OR_RETURN(scales, scales_in->AsFloats());
  }
  if (scales.size() != axes.size()) return InvalidArgument("scales does not fit the axes");
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto d = static_cast<size_t>(axes[i]);
    to->scale[d] = scales[i];
    to->length[d] = scales[i] * static_cast<float>(from[d]);
  }
  return OkStatus();
}

Status ReadRegion(const OpArgs& args, const std::vector<int64_t>& axes, std::vector<float>* roi) {
  const Tensor* roi_in = Given(args, 1);
  if (!roi_in) return InvalidArgument("tf_crop_and_resize without a region");
  PEEL_ASSIGN_OR_RETURN(const auto region, roi_in->AsFloats());
  if (region.size() != axes.size() * 2) return InvalidArgument("roi does not fit the axes");
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto d = static_cast<size_t>(axes[i]);
    (*roi)[d] = region[i];
    (*roi)[roi->size() / 2 + d] = region[axes.size() + i];
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<ResizeAxis>> PlanResize(const OpArgs& args, ResizeOptions& options) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 1));
  const Node& node = args.node;
  const Tensor &x = *args.inputs[0], &y = args.outputs[0];
  const auto rank = static_cast<size_t>(x.rank());
  if (y.rank() != x.rank()) return InvalidArgument("the output has another rank");
  const bool old = node.op_type == "Upsample" || node.opset < 11;
  ReadOptions(node, old, &options);
  const Tensor* scales_in = Given(args, old ? 1 : 2);
  const Tensor* sizes_in = old ? nullptr : Given(args, 3);
  std::vector<int64_t> axes = node.Ints("axes");
  if (axes.empty()) {
    for (size_t d = 0; d < rank; ++d) axes.push_back(static_cast<int64_t>(d));
  }
  for (int64_t& axis : axes) {
    PEEL_ASSIGN_OR_RETURN(axis, NormaliseAxis(axis, x.rank()));
  }

  AxisScales scales(x.shape(), y.shape());
  PEEL_RETURN_IF_ERROR(sizes_in ? ScalesFromSizes(*sizes_in, axes, args, &scales)
                                : ScalesFromFactors(scales_in, axes, args, &scales));
  if (options.coordinates == "tf_crop_and_resize") {
    PEEL_RETURN_IF_ERROR(ReadRegion(args, axes, &scales.roi));
  }

  const auto& [scale, length, roi] = scales;
  std::vector<ResizeAxis> result;
  for (size_t d = 0; d < rank; ++d) {
    if (x.shape()[d] == 0 && y.shape()[d] != 0) {
      return InvalidArgument("an axis of extent 0 cannot be resized");
    }
    // The region of an axis that is not resized is the whole of it.
    const bool whole = roi[d] == 0.0f && roi[rank + d] == 1.0f;
    if (whole && scale[d] == 1.0f && x.shape()[d] == y.shape()[d]) {
      ResizeAxis same;
      same.in = same.out = x.shape()[d];
      result.push_back(std::move(same));
      continue;
    }
    PEEL_ASSIGN_OR_RETURN(ResizeAxis axis,
                          MakeResizeAxis(options, x.shape()[d], y.shape()[d], scale[d], length[d],
                                         roi[d], roi[rank + d]));
    result.push_back(std::move(axis));
  }
  return result;
}

}  // namespace peel::engine::reference
