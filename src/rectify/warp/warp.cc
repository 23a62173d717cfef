#include "src/rectify/warp/warp.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "src/base/aligned_buffer.h"
#include "src/base/caught.h"
#include "src/image/rows.h"
#include "src/rectify/warp/warp_filters.h"
#include "src/rectify/warp/warp_kernels.h"
#include "src/rectify/warp/warp_levels.h"

// The result is made in tiles. Within a tile the scale hardly changes, so that one filter serves
// all of it: plain taps where nothing shrinks, wider ones where something does, from a halved
// picture where it shrinks strongly. Tiles in which the scale does change, near the horizon, are
// divided until it does not.
namespace peel {
namespace {

using warp::TilePlaces;
using warp::Window;

constexpr int kTileWidth = 64, kTileHeight = 32;
// How much the denominator may change from a tile's middle to its corner, and within one pixel.
constexpr double kMostBend = 0.05, kMostPixelBend = 0.5;
// A pixel of the result that is more pixels of the picture than this shows nothing but noise.
constexpr double kLargestScale = 1e6;
constexpr int kWindowPixels = 1 << 16;
constexpr size_t kScratch = size_t{kWindowPixels} * 4;
// What remains of a scale for the filter after halvings: so much at least that what they blur and
// alias is not seen, and no more than its tables reach.
constexpr double kLeastGrowth = 4;

// The derivatives of the place in the picture by the place in the result.
struct Jacobian {
  double xu, xv, yu, yv;
  double across() const { return std::hypot(xu, xv); }
  double down() const { return std::hypot(yu, yv); }
};

double Denominator(const Homography& h, Point p) { return h.m[6] * p.x + h.m[7] * p.y + h.m[8]; }

Jacobian JacobianAt(const Homography& h, Point p, Point seen) {
  const double w = Denominator(h, p);
  return {(h.m[0] - seen.x * h.m[6]) / w, (h.m[1] - seen.x * h.m[7]) / w,
          (h.m[3] - seen.y * h.m[6]) / w, (h.m[4] - seen.y * h.m[7]) / w};
}

int LevelFor(const Jacobian& j) {
  const double less = std::min(j.across(), j.down()), more = std::max(j.across(), j.down());
  if (!(more < kLargestScale)) return 0;
  return std::max(
      {0, static_cast<int>(std::floor(std::log2(std::max(less, 1.0) / kLeastGrowth))),
       static_cast<int>(std::ceil(std::log2(std::max(more, 1.0) / warp::kLargestGrowth)))});
}

// Levels that the tiles will ask for: between its corners a tile shrinks no more than at one of
// them. Up to a horizon everything shrinks without end.
int CountLevels(const Homography& h, Size size) {
  int most = 0;
  for (int y = 0;; y = std::min(y + kTileHeight, size.height)) {
    for (int x = 0;; x = std::min(x + kTileWidth, size.width)) {
      const Point p{static_cast<double>(x), static_cast<double>(y)};
      if (!(Denominator(h, p) > 0)) return std::numeric_limits<int>::max();
      most = std::max(most, LevelFor(JacobianAt(h, p, h(p))));
      if (x == size.width) break;
    }
    if (y == size.height) break;
  }
  return most + 1;
}

// The part of an axis of the source that a tile sees.
struct Span {
  double low, high;  // places that count, a pixel's centre at its number
  int first, count;  // pixels of the window
  bool clamped;      // some places would lie beyond
  bool outside;      // nothing of the picture is seen
};

template <class B>
Span MakeSpan(double low, double high, int size, const B& bank) {
  // Places farther away see no more than these do.
  const int half = bank.taps / 2;
  const double reach = half + 1;
  const auto near = [&](double v) { return std::clamp(v, -reach, size - 1 + reach); };
  Span span;
  span.outside = high < -reach || low > size - 1 + reach;
  span.low = near(low);
  span.high = near(high);
  span.clamped = span.low > low || span.high < high;
  // A pixel to spare on both sides for places that are rounded.
  span.first = static_cast<int>(std::floor(span.low)) - bank.before - 1;
  const int last = static_cast<int>(std::floor(span.high)) - bank.before + 4 * bank.groups + 1;
  span.count = last - span.first + 1;
  return span;
}

template <typename T>
class Warper {
 public:
  Warper(const warp::Levels<T>& levels, const Homography& h, const WarpOptions& options,
         ImageView<T> out)
      : levels_(levels), h_(h), options_(options), out_(out), filters_(options.filter) {}

  // `scratch` is kScratch floats.
  void Tile(Box box, float* scratch) {
    const Point middle{box.x + box.width / 2.0, box.y + box.height / 2.0};
    const double w = Denominator(h_, middle);
    const double bend = (std::abs(h_.m[6]) * box.width + std::abs(h_.m[7]) * box.height) / (2 * w);
    const bool pixel = box.width == 1 && box.height == 1;
    if (!(w > 0) || bend > (pixel ? kMostPixelBend : kMostBend)) {
      const bool behind = w < 0 && -bend < 1;  // with all of its corners
      return behind || pixel ? Nearest(box) : Divide(box, scratch);
    }
    const Point seen = h_(middle);
    const Jacobian j = JacobianAt(h_, middle, seen);
    if (!(std::max(j.across(), j.down()) < kLargestScale)) return Nearest(box);
    const int level = std::min(LevelFor(j), levels_.count() - 1);
    const ImageView<const T> source = levels_.at(level);
    const double scale = std::ldexp(1.0, -level);
    // Between its corners a tile without horizon sees nothing that lies beyond them.
    Point low{HUGE_VAL, HUGE_VAL}, high{-HUGE_VAL, -HUGE_VAL};
    for (const double v : {box.y + 0.5, box.y + box.height - 0.5}) {
      for (const double u : {box.x + 0.5, box.x + box.width - 0.5}) {
        const Point p = h_({u, v});
        low = {std::min(low.x, p.x * scale - 0.5), std::min(low.y, p.y * scale - 0.5)};
        high = {std::max(high.x, p.x * scale - 0.5), std::max(high.y, p.y * scale - 0.5)};
      }
    }
    // Where an axis sees nothing but the continued edge, a wide filter would work for nothing.
    const auto step = [&](double growth, double from, double to, int length) {
      const double reach = (warp::FilterSupport(options_.filter) + 1) * std::max(growth, 1.0) + 1;
      return to < -reach || from > length - 1 + reach ? 0 : warp::GrowthStep(growth);
    };
    const int step_x = step(j.across() * scale, low.x, high.x, source.width);
    const int step_y = step(j.down() * scale, low.y, high.y, source.height);

    const auto render = [&](const auto& across, const auto& down, auto* data) {
      const Span x = MakeSpan(low.x, high.x, source.width, across);
      const Span y = MakeSpan(low.y, high.y, source.height, down);
      if (options_.empty_outside && (x.outside || y.outside)) return Clear(box);
      const int wide = x.count + warp::kWidenedToSpare;
      if (int64_t{wide} * y.count > kWindowPixels && !pixel) {
        return Divide(box, scratch);
      }
      const Window<std::remove_pointer_t<decltype(data)>> window{data, ptrdiff_t{4} * wide, x.count,
                                                                 y.count};
      Load(source, x.first, y.first, window);
      TilePlaces t;
      t.left = static_cast<float>(0.5 - box.width / 2.0);
      t.top = static_cast<float>(0.5 - box.height / 2.0);
      t.xu = static_cast<float>(j.xu * scale);
      t.xv = static_cast<float>(j.xv * scale);
      t.yu = static_cast<float>(j.yu * scale);
      t.yv = static_cast<float>(j.yv * scale);
      t.gu = static_cast<float>(h_.m[6] / w);
      t.gv = static_cast<float>(h_.m[7] / w);
      t.x0 = static_cast<float>(seen.x * scale - 0.5 - x.first);
      t.y0 = static_cast<float>(seen.y * scale - 0.5 - y.first);
      t.min_x = static_cast<float>(x.low - x.first);
      t.max_x = static_cast<float>(x.high - x.first);
      t.min_y = static_cast<float>(y.low - y.first);
      t.max_y = static_cast<float>(y.high - y.first);
      t.clamped = x.clamped || y.clamped;
      t.width = box.width;
      t.height = box.height;
      const bool plain = level == 0 && step_x == 0 && step_y == 0;
      Render(t, window, across, down, plain ? source : ImageView<const T>{}, x.first, y.first, box);
    };
    if constexpr (std::is_same_v<T, uint8_t>) {
      const auto& across = filters_.Fixed(step_x);
      const auto& down = filters_.Fixed(step_y);
      if (IsOpaque(source, MakeSpan(low.x, high.x, source.width, across),
                   MakeSpan(low.y, high.y, source.height, down))) {
        return render(across, down, reinterpret_cast<int16_t*>(scratch));
      }
    }
    render(filters_.Float(step_x), filters_.Float(step_y), scratch);
  }

 private:
  void Divide(Box box, float* scratch) {
    Box a = box, b = box;
    if (box.width >= box.height) {
      a.width = box.width / 2;
      b.x += a.width;
      b.width -= a.width;
    } else {
      a.height = box.height / 2;
      b.y += a.height;
      b.height -= a.height;
    }
    Tile(a, scratch);
    Tile(b, scratch);
  }

  void Clear(Box box) {
    const size_t bytes = sizeof(T) * static_cast<size_t>(box.width * out_.channels);
    for (int y = box.y; y < box.y + box.height; ++y) std::memset(At(box.x, y), 0, bytes);
  }

  T* At(int x, int y) { return out_.row(y) + ptrdiff_t{x} * out_.channels; }

  // At the horizon and beyond it: the nearest pixel of the picture in that direction.
  void Nearest(Box box) {
    const ImageView<const T>& in = levels_.picture;
    const size_t bytes = sizeof(T) * static_cast<size_t>(in.channels);
    for (int y = box.y; y < box.y + box.height; ++y) {
      for (int x = box.x; x < box.x + box.width; ++x) {
        const Point p{x + 0.5, y + 0.5};
        const double w = Denominator(h_, p);
        const double by = std::max(w, 1e-12);
        const double sx = (h_.m[0] * p.x + h_.m[1] * p.y + h_.m[2]) / by;
        const double sy = (h_.m[3] * p.x + h_.m[4] * p.y + h_.m[5]) / by;
        const bool inside = w > 0 && sx >= 0 && sy >= 0 && sx < in.width && sy < in.height;
        if (options_.empty_outside && !inside) {
          std::memset(At(x, y), 0, bytes);
          continue;
        }
        // Not std::clamp, which hands on what is no number.
        const auto near = [](double v, int size) {
          return v > 0 ? static_cast<int>(std::min(v, size - 1.0)) : 0;
        };
        std::memcpy(At(x, y), in.row(near(sy, in.height)) + near(sx, in.width) * in.channels,
                    bytes);
      }
    }
  }

  bool IsOpaque(ImageView<const uint8_t> source, const Span& x, const Span& y) const {
    if (source.channels % 2 != 0) return true;
    const int left = std::clamp(x.first, 0, source.width - 1);
    const int right = std::clamp(x.first + x.count - 1, 0, source.width - 1);
    const int top = std::clamp(y.first, 0, source.height - 1);
    const int bottom = std::clamp(y.first + y.count - 1, 0, source.height - 1);
    if (options_.empty_outside && (x.first < 0 || y.first < 0 || right < x.first + x.count - 1 ||
                                   bottom < y.first + y.count - 1)) {
      return false;
    }
    for (int row = top; row <= bottom; ++row) {
      if (!warp::IsOpaqueRow(source.row(row) + ptrdiff_t{left} * source.channels, source.channels,
                             right - left + 1)) {
        return false;
      }
    }
    return true;
  }

  template <typename W>
  void Load(ImageView<const T> source, int first_x, int first_y, const Window<W>& window) {
    // Of each row: pixels left of the picture, inside, right of it; and of the rows likewise.
    const int before = std::clamp(-first_x, 0, window.width);
    const int left = std::min(first_x + before, source.width);
    const int inside = std::clamp(source.width - left, 0, window.width - before);
    const int above = std::clamp(-first_y, 0, window.height);
    const int top = std::min(first_y + above, source.height);
    const int rows = std::clamp(source.height - top, 0, window.height - above);
    const auto widen = [&](int x, int y, int count, int lines, W* to) {
      warp::Widen(source.row(y) + ptrdiff_t{x} * source.channels, source.stride, source.channels,
                  source.width - x, count, lines, to, window.stride);
    };
    if (inside > 0 && rows > 0) {
      widen(left, top, inside, rows, window.data + above * window.stride + 4 * before);
    }
    if (before == 0 && inside == window.width && rows == window.height) return;
    const auto size = static_cast<size_t>(window.stride);
    for (int y = 0; y < window.height; ++y) {
      W* row = window.data + y * window.stride;
      if (options_.empty_outside) {
        const bool out = y < above || y >= above + rows;
        std::fill_n(row, out ? size : 4 * static_cast<size_t>(before), W{0});
        std::fill(row + 4 * (before + inside), row + window.stride, W{0});
        continue;
      }
      const int at = std::clamp(first_y + y, 0, source.height - 1);
      const bool there = y >= above && y < above + rows;
      if (!there && inside > 0) widen(left, at, inside, 1, row + 4 * before);
      W edge[4 * (1 + warp::kWidenedToSpare)];
      widen(0, at, 1, 1, edge);
      for (int x = 0; x < before; ++x) std::copy_n(edge, 4, row + 4 * x);
      widen(source.width - 1, at, 1, 1, edge);
      for (int x = before + inside; x < window.width; ++x) std::copy_n(edge, 4, row + 4 * x);
    }
  }

  void Render(const TilePlaces& t, const Window<int16_t>& window, const warp::Bank& across,
              const warp::Bank& down, ImageView<const T>, int, int, Box box) {
    warp::RenderTile(t, {window.data, window.stride, window.width, window.height}, across, down,
                     out_.channels, At(box.x, box.y), out_.stride);
  }

  void Render(const TilePlaces& t, const Window<float>& window, const warp::BankF32& across,
              const warp::BankF32& down, ImageView<const T> hidden, int x, int y, Box box) {
    warp::RenderTile(t, {window.data, window.stride, window.width, window.height}, across, down,
                     hidden, x, y, out_.channels, At(box.x, box.y), out_.stride);
  }

  const warp::Levels<T>& levels_;
  const Homography h_;
  const WarpOptions options_;
  const ImageView<T> out_;
  warp::Filters filters_;
};

template <typename T>
Result<Image<T>> WarpAny(ImageView<const T> picture, const Homography& to_source, Size size,
                         const WarpOptions& options, ThreadPool* pool) {
  if (picture.empty() || picture.data == nullptr || picture.channels < 1 || picture.channels > 4) {
    return InvalidArgument("a warp needs a picture of 1 to 4 channels");
  }
  if (size.width < 1 || size.height < 1) {
    return InvalidArgument("a warp needs a result of at least one pixel");
  }
  PEEL_RETURN_IF_ERROR(Inverse(to_source).status());
  // The middle of the result lies before the horizon.
  Homography h = to_source;
  if (Denominator(h, {size.width / 2.0, size.height / 2.0}) < 0) {
    for (double& v : h.m) v = -v;
  }
  PEEL_ASSIGN_OR_RETURN(auto out, Image<T>::Allocate(size.width, size.height, picture.channels));
  PEEL_ASSIGN_OR_RETURN(const auto levels, warp::MakeLevels(picture, CountLevels(h, size), pool));
  PEEL_ASSIGN_OR_RETURN(auto scratch, AlignedBuffer::Allocate(kScratch * sizeof(float) *
                                                              static_cast<size_t>(Workers(pool))));
  Warper<T> warper(levels, h, options, out.view());
  const int64_t columns = DivideUp(size.width, kTileWidth),
                rows = DivideUp(size.height, kTileHeight);
  const auto tile = [&](int64_t index, int worker) {
    const int x = static_cast<int>(index % columns) * kTileWidth;
    const int y = static_cast<int>(index / columns) * kTileHeight;
    warper.Tile(
        {x, y, std::min(kTileWidth, size.width - x), std::min(kTileHeight, size.height - y)},
        scratch.template as<float>() + kScratch * static_cast<size_t>(worker));
  };
  PEEL_RETURN_IF_ERROR(Caught("", [&]() -> Status {  // the filters' tables
    if (pool != nullptr) {
      pool->ParallelFor(columns * rows, tile);
    } else {
      for (int64_t i = 0; i < columns * rows; ++i) tile(i, 0);
    }
    return OkStatus();
  }));
  return out;
}

}  // namespace

Result<ImageU8> Warp(ImageView<const uint8_t> picture, const Homography& to_source, Size size,
                     const WarpOptions& options, ThreadPool* pool) {
  return WarpAny(picture, to_source, size, options, pool);
}

Result<ImageU16> Warp(ImageView<const uint16_t> picture, const Homography& to_source, Size size,
                      const WarpOptions& options, ThreadPool* pool) {
  return WarpAny(picture, to_source, size, options, pool);
}

}  // namespace peel
