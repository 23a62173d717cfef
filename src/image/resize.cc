#include "src/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/image/composite.h"
#include "src/image/resize_kernels.h"
#include "src/image/rows.h"

namespace peel {
namespace {

using resize::kLowBits;
using resize::kPrecision;
using resize::kTapStep;

template <typename T>
Status CheckPair(ImageView<const T> in, ImageView<T> out) {
  if (in.empty() || out.empty() || in.data == nullptr || out.data == nullptr) {
    return InvalidArgument("a picture cannot be resized from or to nothing");
  }
  if (in.channels != out.channels || in.channels < 1 || in.channels > 4) {
    return InvalidArgument("a resize needs 1 to 4 channels, as many out as in");
  }
  return OkStatus();
}

int32_t ToFixed(double weight) {
  const double scaled = weight * (1 << kPrecision);
  return static_cast<int32_t>(weight < 0 ? scaled - 0.5 : scaled + 0.5);
}

// What differs between 8-bit and float pixels: the form of the weights and the kernels.
struct U8Axis {
  using Pixel = uint8_t;
  using Plane = int16_t;
  using Weight = int32_t;
  static Weight ToWeight(double w) { return ToFixed(w); }

  explicit U8Axis(const ResampleWindows& w) {
    view.out_size = w.out_size;
    view.stride = static_cast<int>(RoundUp(w.stride, kTapStep));
    const size_t total = static_cast<size_t>(view.stride) * static_cast<size_t>(w.out_size);
    high.assign(total, 0);
    low.assign(total, 0);
    for (size_t i = 0; i < static_cast<size_t>(w.out_size); ++i) {
      for (size_t j = 0; j < static_cast<size_t>(w.count[i]); ++j) {
        const int32_t k = ToFixed(w.weights[i * static_cast<size_t>(w.stride) + j]);
        const size_t at = i * static_cast<size_t>(view.stride) + j;
        high[at] = static_cast<int16_t>(k >> kLowBits);
        low[at] = static_cast<int16_t>(k & ((1 << kLowBits) - 1));
      }
    }
    view.start = w.start.data();
    view.count = w.count.data();
    view.high = high.data();
    view.low = low.data();
  }
  void Row(const uint8_t* in, int width, int channels, const resize::RowScratch& s,
           uint8_t* out) const {
    resize::HorizontalU8(in, width, channels, view, s, out);
  }
  static void Column(const uint8_t* in, ptrdiff_t stride, const int32_t* k, int taps, size_t length,
                     uint8_t* out) {
    resize::VerticalU8(in, stride, k, taps, length, out);
  }

  resize::SplitWindows view;
  std::vector<int16_t> high, low;
};

struct F32Axis {
  using Pixel = float;
  using Plane = float;
  using Weight = float;
  static Weight ToWeight(double w) { return static_cast<float>(w); }

  explicit F32Axis(const ResampleWindows& w) {
    view.out_size = w.out_size;
    view.stride = static_cast<int>(RoundUp(w.stride, kTapStep));
    weights.assign(static_cast<size_t>(view.stride) * static_cast<size_t>(w.out_size), 0.0f);
    for (size_t i = 0; i < static_cast<size_t>(w.out_size); ++i) {
      for (size_t j = 0; j < static_cast<size_t>(w.count[i]); ++j) {
        weights[i * static_cast<size_t>(view.stride) + j] =
            static_cast<float>(w.weights[i * static_cast<size_t>(w.stride) + j]);
      }
    }
    view.start = w.start.data();
    view.count = w.count.data();
    view.weights = weights.data();
  }
  void Row(const float* in, int width, int channels, const resize::RowScratch& s,
           float* out) const {
    resize::HorizontalF32(in, width, channels, view, s, out);
  }
  static void Column(const float* in, ptrdiff_t stride, const float* k, int taps, size_t length,
                     float* out) {
    resize::VerticalF32(in, stride, k, taps, length, out);
  }

  resize::FloatWindows view;
  std::vector<float> weights;
};

template <class Axis>
Status HorizontalPass(ImageView<const typename Axis::Pixel> in, ImageView<typename Axis::Pixel> out,
                      const ResampleWindows& windows, ThreadPool* pool) {
  const Axis axis(windows);
  const size_t channels = static_cast<size_t>(in.channels);
  const size_t stride = static_cast<size_t>(RoundUp(int64_t{in.width} + kTapStep, 64));
  const size_t planes = stride * channels * sizeof(typename Axis::Plane);
  const size_t partial = resize::PartialElements(windows.out_size, in.channels) * sizeof(int32_t);
  const auto workers = static_cast<size_t>(Workers(pool));
  const size_t each = static_cast<size_t>(RoundUp(static_cast<int64_t>(planes + partial), 64));
  PEEL_ASSIGN_OR_RETURN(auto scratch, AlignedBuffer::Allocate(each * workers));
  // The zeros behind every plane are never written again.
  for (size_t w = 0; w < workers; ++w) std::memset(scratch.data() + w * each, 0, planes);

  ForRowBands(in.height, pool, [&](int first, int last, int worker) {
    uint8_t* mine = scratch.data() + static_cast<size_t>(worker) * each;
    const resize::RowScratch s{mine, stride, mine + planes};
    for (int y = first; y < last; ++y) axis.Row(in.row(y), in.width, in.channels, s, out.row(y));
  });
  return OkStatus();
}

template <class Axis>
void VerticalPass(ImageView<const typename Axis::Pixel> in, ImageView<typename Axis::Pixel> out,
                  const ResampleWindows& windows, ThreadPool* pool) {
  std::vector<typename Axis::Weight> weights(windows.weights.size());
  std::transform(windows.weights.begin(), windows.weights.end(), weights.begin(), Axis::ToWeight);
  const size_t length = static_cast<size_t>(in.width) * static_cast<size_t>(in.channels);
  ForRowBands(out.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const auto i = static_cast<size_t>(y);
      Axis::Column(in.row(windows.start[i]), in.stride,
                   &weights[i * static_cast<size_t>(windows.stride)], windows.count[i], length,
                   out.row(y));
    }
  });
}

template <typename T>
void CopyRows(ImageView<const T> in, ImageView<T> out) {
  const size_t bytes = static_cast<size_t>(in.width) * static_cast<size_t>(in.channels) * sizeof(T);
  for (int y = 0; y < in.height; ++y) std::memcpy(out.row(y), in.row(y), bytes);
}

// Pillow steps through the source by repeated addition, which rounds differently from a product.
std::vector<int> NearestSources(int in_size, int out_size) {
  std::vector<int> source(static_cast<size_t>(out_size));
  const double step = static_cast<double>(in_size) / out_size;
  double at = step * 0.5;
  for (int& s : source) {
    s = std::min(static_cast<int>(at), in_size - 1);
    at += step;
  }
  return source;
}

template <typename T>
void Nearest(ImageView<const T> in, ImageView<T> out, ThreadPool* pool) {
  const auto xs = NearestSources(in.width, out.width);
  const auto ys = NearestSources(in.height, out.height);
  ForRowBands(out.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const T* from = in.row(ys[static_cast<size_t>(y)]);
      T* to = out.row(y);
      for (const int x : xs) {
        for (int c = 0; c < in.channels; ++c) *to++ = from[ptrdiff_t{x} * in.channels + c];
      }
    }
  });
}

// The two passes over the part [0, to_x) x [0, to_y) of `in`.
template <class Axis>
Status TwoPasses(ImageView<const typename Axis::Pixel> in, double to_x, double to_y,
                 ImageView<typename Axis::Pixel> out, ResizeFilter filter, ThreadPool* pool,
                 PassOrder order) {
  using T = typename Axis::Pixel;
  const bool horizontal = out.width != in.width || to_x != out.width;
  const bool vertical = out.height != in.height || to_y != out.height;
  if (!horizontal && !vertical) {
    CopyRows(in, out);
    return OkStatus();
  }
  ResampleWindows columns, rows;
  if (horizontal) {
    PEEL_ASSIGN_OR_RETURN(columns, MakeResampleWindows(in.width, 0, to_x, out.width, filter));
    if (!vertical) return HorizontalPass<Axis>(in, out, columns, pool);
  }
  PEEL_ASSIGN_OR_RETURN(rows, MakeResampleWindows(in.height, 0, to_y, out.height, filter));
  if (!horizontal) {
    VerticalPass<Axis>(in, out, rows, pool);
    return OkStatus();
  }
  const int64_t lost_height = int64_t{in.height} - out.height;
  const int64_t lost_width = int64_t{in.width} - out.width;
  if (order == PassOrder::kPillow13 && lost_height > std::max<int64_t>(2 * lost_width, 0)) {
    PEEL_ASSIGN_OR_RETURN(auto between, Image<T>::Allocate(in.width, out.height, in.channels));
    VerticalPass<Axis>(in, between.view(), rows, pool);
    return HorizontalPass<Axis>(between.view(), out, columns, pool);
  }
  PEEL_ASSIGN_OR_RETURN(auto between, Image<T>::Allocate(out.width, in.height, in.channels));
  PEEL_RETURN_IF_ERROR(HorizontalPass<Axis>(in, between.view(), columns, pool));
  VerticalPass<Axis>(between.view(), out, rows, pool);
  return OkStatus();
}

template <class Axis>
Status ResizeAny(ImageView<const typename Axis::Pixel> in, ImageView<typename Axis::Pixel> out,
                 ResizeFilter filter, ThreadPool* pool, PassOrder order) {
  PEEL_RETURN_IF_ERROR(CheckPair(in, out));
  if (filter == ResizeFilter::kNearest) {
    Nearest(in, out, pool);
    return OkStatus();
  }
  return TwoPasses<Axis>(in, in.width, in.height, out, filter, pool, order);
}

// Averages of blocks of fx x fy pixels, those at the right and lower border maybe smaller.
Result<ImageU8> AverageBlocks(ImageView<const uint8_t> in, int fx, int fy, ThreadPool* pool) {
  const int width = static_cast<int>(DivideUp(in.width, fx));
  const int height = static_cast<int>(DivideUp(in.height, fy));
  const int channels = in.channels;
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(width, height, channels));
  const size_t length = static_cast<size_t>(in.width) * static_cast<size_t>(channels);
  const auto workers = static_cast<size_t>(Workers(pool));
  std::vector<uint16_t> scratch(length * workers);
  ForRowBands(height, pool, [&](int first, int last, int worker) {
    uint16_t* sums = scratch.data() + length * static_cast<size_t>(worker);
    for (int y = first; y < last; ++y) {
      const int rows = std::min(fy, in.height - y * fy);
      std::fill_n(sums, length, uint16_t{0});
      resize::AddRowsU8(in.row(y * fy), in.stride, rows, length, sums);
      uint8_t* to = out.row(y);
      for (int x = 0; x < width; ++x) {
        const int columns = std::min(fx, in.width - x * fx);
        const uint32_t n = static_cast<uint32_t>(columns) * static_cast<uint32_t>(rows);
        // n <= 256 blocks of 255: the rounded-up reciprocal divides exactly below 2^16 + 2^7.
        // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): each block has a pixel at least
        const uint32_t reciprocal = ((1u << 24) + n - 1) / n;
        const uint16_t* s = sums + ptrdiff_t{x} * fx * channels;
        for (int c = 0; c < channels; ++c) {
          uint32_t sum = n / 2;
          for (int i = 0; i < columns; ++i) sum += s[i * channels + c];
          *to++ = static_cast<uint8_t>((uint64_t{sum} * reciprocal) >> 24);
        }
      }
    }
  });
  return out;
}

}  // namespace

Status Resize(ImageView<const uint8_t> in, ImageView<uint8_t> out, ResizeFilter filter,
              ThreadPool* pool, PassOrder order) {
  return ResizeAny<U8Axis>(in, out, filter, pool, order);
}

Result<ImageU8> Resize(ImageView<const uint8_t> in, int width, int height, ResizeFilter filter,
                       ThreadPool* pool, PassOrder order) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(width, height, in.channels));
  PEEL_RETURN_IF_ERROR(Resize(in, out.view(), filter, pool, order));
  return out;
}

Result<ImageU8> ResizeRgba(ImageView<const uint8_t> in, int width, int height, ResizeFilter filter,
                           ThreadPool* pool) {
  if (in.channels != 4) return InvalidArgument("an RGBA resize needs four channels");
  if (filter == ResizeFilter::kNearest || (width == in.width && height == in.height)) {
    return Resize(in, width, height, filter, pool);
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 premultiplied, ImageU8::Allocate(in.width, in.height, 4));
  CopyRows(in, premultiplied.view());
  Premultiply(premultiplied.view(), pool);
  PEEL_ASSIGN_OR_RETURN(ImageU8 out,
                        Resize(std::as_const(premultiplied).view(), width, height, filter, pool));
  Unpremultiply(out.view(), pool);
  return out;
}

Status ResizeF32(ImageView<const float> in, ImageView<float> out, ResizeFilter filter,
                 ThreadPool* pool) {
  return ResizeAny<F32Axis>(in, out, filter, pool, PassOrder::kPillow12);
}

Result<ImageF32> ResizeF32(ImageView<const float> in, int width, int height, ResizeFilter filter,
                           ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageF32 out, ImageF32::Allocate(width, height, in.channels));
  PEEL_RETURN_IF_ERROR(ResizeF32(in, out.view(), filter, pool));
  return out;
}

Result<ImageU8> ResizeFast(ImageView<const uint8_t> in, int width, int height, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(width, height, in.channels));
  PEEL_RETURN_IF_ERROR(CheckPair(in, out.view()));
  const int fx = std::clamp(in.width / width / 2, 1, 16);
  const int fy = std::clamp(in.height / height / 2, 1, 16);
  if (fx == 1 || fy == 1) {
    PEEL_RETURN_IF_ERROR(Resize(in, out.view(), ResizeFilter::kLanczos, pool));
    return out;
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 small, AverageBlocks(in, fx, fy, pool));
  PEEL_RETURN_IF_ERROR(TwoPasses<U8Axis>(std::as_const(small).view(),
                                         static_cast<double>(in.width) / fx,
                                         static_cast<double>(in.height) / fy, out.view(),
                                         ResizeFilter::kLanczos, pool, PassOrder::kPillow12));
  return out;
}

}  // namespace peel
