#include "src/matte/colour/foreground.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

namespace peel {
namespace {

// Where each of n samples comes from when m samples are resized to n by nearest neighbours.
std::vector<int> NearestMap(int m, int n) {
  std::vector<int> map(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) {
    map[static_cast<size_t>(i)] =
        static_cast<int>(std::clamp<int64_t>(int64_t{i} * m / n, 0, m - 1));
  }
  return map;
}

Status ResizeNearest(const ImageF32& in, int width, int height, ImageF32* out) {
  PEEL_ASSIGN_OR_RETURN(*out, ImageF32::Allocate(width, height, 3));
  const auto xs = NearestMap(in.width(), width), ys = NearestMap(in.height(), height);
  for (int y = 0; y < height; ++y) {
    const float* from = in.row(ys[static_cast<size_t>(y)]);
    float* to = out->row(y);
    for (const int x : xs) {
      for (int c = 0; c < 3; ++c) *to++ = from[3 * x + c];
    }
  }
  return OkStatus();
}

// A source's pixels as one level samples them: looked up where they are …
template <class Source>
class MappedLevel {
 public:
  MappedLevel(const Source& source, int width, int height)
      : source_(source),
        xs_(NearestMap(source.width(), width)),
        ys_(NearestMap(source.height(), height)) {}
  float alpha_at(int x, int y) const {
    return source_.alpha_at(xs_[static_cast<size_t>(x)], ys_[static_cast<size_t>(y)]);
  }
  std::array<float, 3> colour_at(int x, int y) const {
    return source_.colour_at(xs_[static_cast<size_t>(x)], ys_[static_cast<size_t>(y)]);
  }

 private:
  const Source& source_;
  const std::vector<int> xs_, ys_;
};

// … or converted once, for small levels: every sweep reads each of them several times.
template <class Source>
class KeptLevel {
 public:
  KeptLevel(const Source& source, int width, int height) : width_(width) {
    const MappedLevel<Source> mapped(source, width, height);
    const size_t cells = static_cast<size_t>(width) * static_cast<size_t>(height);
    alphas_.reserve(cells);
    colours_.reserve(cells);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        alphas_.push_back(mapped.alpha_at(x, y));
        colours_.push_back(mapped.colour_at(x, y));
      }
    }
  }
  float alpha_at(int x, int y) const { return alphas_[Cell(x, y)]; }
  const std::array<float, 3>& colour_at(int x, int y) const { return colours_[Cell(x, y)]; }

 private:
  size_t Cell(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x);
  }
  const int width_;
  std::vector<float> alphas_;
  std::vector<std::array<float, 3>> colours_;
};

// Where colours and alpha come from: two pictures of floats, or RGBA of 8 or 16 bits.
struct FloatSource {
  using Level = MappedLevel<FloatSource>;
  ImageView<const float> picture, alpha;
  int width() const { return picture.width; }
  int height() const { return picture.height; }
  int step() const { return 1; }
  float alpha_at(int x, int y) const { return alpha.row(y)[x]; }
  std::array<float, 3> colour_at(int x, int y) const {
    const float* p = picture.row(y) + ptrdiff_t{3} * x;
    return {p[0], p[1], p[2]};
  }
};
template <typename T>
struct RgbaSource {
  using Level = KeptLevel<RgbaSource>;
  static constexpr float kOne = static_cast<T>(~T{0});
  ImageView<const T> rgba;
  int width() const { return rgba.width; }
  int height() const { return rgba.height; }
  // Of the means: they are only what the first level starts from.
  int step() const { return std::max(1, std::max(rgba.width, rgba.height) / 512); }
  float alpha_at(int x, int y) const {
    return static_cast<float>(rgba.row(y)[ptrdiff_t{4} * x + 3]) / kOne;
  }
  std::array<float, 3> colour_at(int x, int y) const {
    const T* p = rgba.row(y) + ptrdiff_t{4} * x;
    return {static_cast<float>(p[0]) / kOne, static_cast<float>(p[1]) / kOne,
            static_cast<float>(p[2]) / kOne};
  }
};

// The mean colours of what is nearly all foreground and nearly all background.
template <class Source>
std::pair<std::array<float, 3>, std::array<float, 3>> MeanColours(const Source& source) {
  std::array<float, 3> f{}, b{};
  int64_t fs = 0, bs = 0;
  for (int y = 0; y < source.height(); y += source.step()) {
    for (int x = 0; x < source.width(); x += source.step()) {
      const std::array<float, 3> p = source.colour_at(x, y);
      const double a = source.alpha_at(x, y);
      if (a > 0.9) {
        for (size_t c = 0; c < 3; ++c) f[c] += p[c];
        ++fs;
      }
      if (a < 0.1) {
        for (size_t c = 0; c < 3; ++c) b[c] += p[c];
        ++bs;
      }
    }
  }
  for (size_t c = 0; c < 3; ++c) {
    f[c] = static_cast<float>(f[c] / (static_cast<double>(fs) + 1e-5));
    b[c] = static_cast<float>(b[c] / (static_cast<double>(bs) + 1e-5));
  }
  return {f, b};
}

// One level: Gauss-Seidel sweeps in reading order, in the mixture of single and double precision
// that pymatting's compiled code has, so that truncated results agree with rembg's.
template <class Level>
void Sweep(const Level& level, const ForegroundOptions& options, ImageF32& foreground,
           ImageF32& background) {
  const int w = foreground.width(), h = foreground.height();
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const float a0 = level.alpha_at(x, y);
      const double a1 = 1.0 - a0;
      double a00 = a0 * a0;
      const double a01 = a0 * a1;
      double a11 = a1 * a1;
      const std::array<float, 3>& colour = level.colour_at(x, y);
      float b0[3], b1[3];
      for (int c = 0; c < 3; ++c) {
        b0[c] = a0 * colour[static_cast<size_t>(c)];
        b1[c] = static_cast<float>(a1 * colour[static_cast<size_t>(c)]);
      }
      const std::array<std::pair<int, int>, 4> neighbours = {{{std::max(x - 1, 0), y},
                                                              {std::min(x + 1, w - 1), y},
                                                              {x, std::max(y - 1, 0)},
                                                              {x, std::min(y + 1, h - 1)}}};
      for (const auto& [x2, y2] : neighbours) {
        const float gradient = std::fabs(a0 - level.alpha_at(x2, y2));
        const float da = options.regularization + options.gradient_weight * gradient;
        a00 += da;
        a11 += da;
        const float* f = foreground.row(y2) + ptrdiff_t{3} * x2;
        const float* b = background.row(y2) + ptrdiff_t{3} * x2;
        for (int c = 0; c < 3; ++c) {
          b0[c] += da * f[c];
          b1[c] += da * b[c];
        }
      }
      const double inverse = 1.0 / (a00 * a11 - a01 * a01);
      const double b00 = inverse * a11, b01 = inverse * -a01, b11 = inverse * a00;
      float* f = foreground.row(y) + ptrdiff_t{3} * x;
      float* b = background.row(y) + ptrdiff_t{3} * x;
      for (int c = 0; c < 3; ++c) {
        f[c] = static_cast<float>(std::clamp(b00 * b0[c] + b01 * b1[c], 0.0, 1.0));
        b[c] = static_cast<float>(std::clamp(b01 * b0[c] + b11 * b1[c], 0.0, 1.0));
      }
    }
  }
}

template <class Source>
Result<ForegroundPair> Estimate(const Source& source, const ForegroundOptions& options,
                                size_t last) {
  ForegroundPair pair;
  PEEL_ASSIGN_OR_RETURN(pair.foreground, ImageF32::Allocate(1, 1, 3));
  PEEL_ASSIGN_OR_RETURN(pair.background, ImageF32::Allocate(1, 1, 3));
  const auto [f, b] = MeanColours(source);
  std::copy(f.begin(), f.end(), pair.foreground.row(0));
  std::copy(b.begin(), b.end(), pair.background.row(0));

  const std::vector<ForegroundLevel> levels = ForegroundLevels(source.width(), source.height());
  for (size_t level = 0; level <= std::min(last, levels.size() - 1); ++level) {
    const auto [w, h] = levels[level];
    ForegroundPair next;
    PEEL_RETURN_IF_ERROR(ResizeNearest(pair.foreground, w, h, &next.foreground));
    PEEL_RETURN_IF_ERROR(ResizeNearest(pair.background, w, h, &next.background));
    const bool small = w <= options.small_size && h <= options.small_size;
    const int iterations = small ? options.small_iterations : options.big_iterations;
    const typename Source::Level pixels(source, w, h);
    for (int i = 0; i < iterations; ++i) {
      Sweep(pixels, options, next.foreground, next.background);
    }
    pair = std::move(next);
  }
  return pair;
}

}  // namespace

std::vector<ForegroundLevel> ForegroundLevels(int width, int height) {
  const int longer = std::max(width, height);
  const int last = std::max(1, static_cast<int>(std::ceil(std::log2(longer))));
  std::vector<ForegroundLevel> levels;
  for (int level = 0; level <= last; ++level) {
    const double part = static_cast<double>(level) / last;
    levels.push_back({static_cast<int>(std::nearbyint(std::pow(width, part))),
                      static_cast<int>(std::nearbyint(std::pow(height, part)))});
  }
  return levels;
}

Result<ForegroundPair> EstimateForeground(ImageView<const float> picture,
                                          ImageView<const float> alpha,
                                          const ForegroundOptions& options) {
  if (picture.empty() || picture.channels != 3 || alpha.channels != 1 ||
      alpha.width != picture.width || alpha.height != picture.height) {
    return InvalidArgument("foreground estimation needs RGB and a matte of the same size");
  }
  return Estimate(FloatSource{picture, alpha}, options, static_cast<size_t>(-1));
}

namespace {

template <typename T>
Result<ForegroundPair> EstimateUpTo(ImageView<const T> rgba, size_t last) {
  if (rgba.empty() || rgba.channels != 4) {
    return InvalidArgument("foreground estimation needs RGBA");
  }
  return Estimate(RgbaSource<T>{rgba}, {}, last);
}

}  // namespace

Result<ForegroundPair> EstimateForegroundUpTo(ImageView<const uint8_t> rgba, size_t last) {
  return EstimateUpTo(rgba, last);
}
Result<ForegroundPair> EstimateForegroundUpTo(ImageView<const uint16_t> rgba, size_t last) {
  return EstimateUpTo(rgba, last);
}

}  // namespace peel
