// GridSample: reads an image at the positions of a grid.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "src/engine/kernels/reference/families.h"
#include "src/engine/kernels/reference/op_helpers.h"
#include "src/engine/kernels/reference/type_dispatch.h"

namespace peel::engine::reference {
namespace {

enum class Padding { kZeros, kBorder, kReflection };

// A position folded back at the borders [low, high] as often as needed.
double Reflect(double x, double low, double high) {
  const double span = high - low;
  if (!(span > 0)) return low;
  const double at = std::fabs(std::fmod(x - low, 2 * span));
  return low + (at > span ? 2 * span - at : at);
}

struct Sampler {
  Padding padding;
  bool align_corners;

  double Position(double normalised, int64_t extent) const {
    const auto n = static_cast<double>(extent);
    return align_corners ? (normalised + 1) / 2 * (n - 1) : ((normalised + 1) * n - 1) / 2;
  }
  double Fold(double x, int64_t extent) const {
    const auto n = static_cast<double>(extent);
    if (padding == Padding::kBorder) return std::clamp(x, 0.0, n - 1);
    if (padding == Padding::kReflection) {
      return align_corners ? Reflect(x, 0, n - 1) : Reflect(x, -0.5, n - 0.5);
    }
    return x;
  }
  // The element at a whole position, -1: zero.
  int64_t Index(double whole, int64_t extent) const {
    if (padding != Padding::kZeros) whole = Fold(whole, extent);
    const double at = std::nearbyint(whole);
    if (padding != Padding::kZeros) {
      return static_cast<int64_t>(std::clamp(at, 0.0, static_cast<double>(extent - 1)));
    }
    return at < 0 || at > static_cast<double>(extent - 1) ? -1 : static_cast<int64_t>(at);
  }
};

// Up to four taps along an axis.
struct AxisTaps {
  int count = 0;
  std::array<int64_t, 4> index{};
  std::array<double, 4> weight{};
};

enum class Mode { kLinear, kNearest, kCubic };

AxisTaps TapsAt(const Sampler& s, Mode mode, double normalised, int64_t extent) {
  AxisTaps taps;
  double x = s.Position(normalised, extent);
  if (!std::isfinite(x)) x = -2.0 * static_cast<double>(extent) - 2;  // nowhere near the image
  if (mode != Mode::kCubic) x = s.Fold(x, extent);
  const auto add = [&](double whole, double weight) {
    taps.index[static_cast<size_t>(taps.count)] = s.Index(whole, extent);
    taps.weight[static_cast<size_t>(taps.count++)] = weight;
  };
  if (mode == Mode::kNearest) {
    add(std::nearbyint(x), 1);
    return taps;
  }
  const double left = std::floor(x), t = x - left;
  if (mode == Mode::kLinear) {
    add(left, 1 - t);
    add(left + 1, t);
    return taps;
  }
  constexpr double kA = -0.75;
  for (int k = -1; k <= 2; ++k) {
    const double d = std::fabs(t - k);
    const double weight = d <= 1 ? ((kA + 2) * d - (kA + 3)) * d * d + 1
                                 : ((kA * d - 5 * kA) * d + 8 * kA) * d - 4 * kA;
    add(left + k, weight);
  }
  return taps;
}

// X [N, C, (D,) H, W], grid [N, (D',) H', W', 2 or 3] with (x, y(, z)) in [-1, 1].
Status GridSample(const OpArgs& args) {
  PEEL_RETURN_IF_ERROR(RequireOperands(args, 2));
  const Tensor &x = *args.inputs[0], &grid = *args.inputs[1];
  Tensor& y = args.outputs[0];
  const std::string mode_name = args.node.String("mode", "linear");
  const std::string padding_name = args.node.String("padding_mode", "zeros");
  Mode mode = Mode::kLinear;
  if (mode_name == "nearest")
    mode = Mode::kNearest;
  else if (mode_name == "cubic" || mode_name == "bicubic")
    mode = Mode::kCubic;
  else if (mode_name != "linear" && mode_name != "bilinear") {
    return Unsupported("mode '" + mode_name + "' is not supported");
  }
  Sampler sampler{Padding::kZeros, args.node.Int("align_corners", 0) != 0};
  if (padding_name == "border")
    sampler.padding = Padding::kBorder;
  else if (padding_name == "reflection")
    sampler.padding = Padding::kReflection;
  const int spatial = x.rank() - 2;
  if ((spatial != 2 && spatial != 3) || grid.rank() != x.rank() || grid.dim(-1) != spatial ||
      grid.dim(0) != x.dim(0)) {
    return Unsupported("an input of shape " + ShapeString(x.shape()) + " with a grid of shape " +
                       ShapeString(grid.shape()) + " is not supported");
  }
  Shape shape{x.dim(0), x.dim(1)};
  shape.insert(shape.end(), grid.shape().begin() + 1, grid.shape().end() - 1);
  PEEL_RETURN_IF_ERROR(RequireShape(y, shape, "the output"));
  if (y.type() != x.type()) return RefuseType(y.type());
  std::array<int64_t, 3> extent{1, 1, 1};  // depth, height, width
  for (int d = 0; d < spatial; ++d) {
    const int place = 3 - spatial + d;
    extent[static_cast<size_t>(place)] = x.dim(2 + d);
  }
  const int64_t plane = extent[0] * extent[1] * extent[2];
  if (plane == 0 && y.elements() > 0) return InvalidArgument("the image is empty");
  const int64_t points = Product(shape, 2, shape.size());
  const int64_t channels = x.dim(1);
  return DispatchReal(x.type(), [&]<typename T>() {
    return DispatchReal(grid.type(), [&]<typename G>() {
      for (int64_t p = 0; p < x.dim(0) * points; ++p) {
        const int64_t image = p / points;
        const G* at = grid.data<G>() + p * spatial;
        std::array<AxisTaps, 3> taps;
        taps[0].count = 1;
        taps[0].weight[0] = 1;
        for (int d = 0; d < spatial; ++d) {  // the grid names the innermost axis first
          const auto axis = static_cast<size_t>(2 - d);
          taps[axis] = TapsAt(sampler, mode, static_cast<double>(at[d]), extent[axis]);
        }
        for (int64_t c = 0; c < channels; ++c) {
          const T* in = x.data<T>() + (image * channels + c) * plane;
          double sum = 0;
          for (int kz = 0; kz < taps[0].count; ++kz) {
            for (int ky = 0; ky < taps[1].count; ++ky) {
              for (int kx = 0; kx < taps[2].count; ++kx) {
                const auto z = static_cast<size_t>(kz), r = static_cast<size_t>(ky),
                           q = static_cast<size_t>(kx);
                const int64_t iz = taps[0].index[z], iy = taps[1].index[r], ix = taps[2].index[q];
                if (iz < 0 || iy < 0 || ix < 0) continue;
                sum += taps[0].weight[z] * taps[1].weight[r] * taps[2].weight[q] *
                       in[(iz * extent[1] + iy) * extent[2] + ix];
              }
            }
          }
          y.data<T>()[(image * channels + c) * points + p % points] = static_cast<T>(sum);
        }
      }
      return OkStatus();
    });
  });
}

constexpr ReferenceEntry kEntries[] = {{"", "GridSample", 16, Widened<GridSample>}};

}  // namespace

std::span<const ReferenceEntry> GridSampleOps() { return kEntries; }

}  // namespace peel::engine::reference
