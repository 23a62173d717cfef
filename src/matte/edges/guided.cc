#include "src/matte/edges/guided.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"
#include "src/image/colour.h"
#include "src/image/resize.h"
#include "src/image/rows.h"
#include "src/matte/edges/guided_kernels.h"

namespace peel {
namespace {

// Below this single precision loses the window's variance in the differences of means.
constexpr float kLeastEpsilon = 1e-5f;

// Planes of floats of one size, in one block.
class Planes {
 public:
  static Result<Planes> Allocate(int width, int height, size_t count) {
    Planes planes;
    planes.size_ = static_cast<size_t>(width) * static_cast<size_t>(height);
    const auto bytes = CheckedProduct<size_t>(planes.size_, count, sizeof(float));
    if (!bytes) return OutOfMemory("a matte of this size cannot be addressed");
    PEEL_ASSIGN_OR_RETURN(planes.buffer_, AlignedBuffer::Allocate(*bytes));
    return planes;
  }
  float* operator[](size_t k) { return buffer_.as<float>() + k * size_; }
  const float* operator[](size_t k) const { return buffer_.as<float>() + k * size_; }

 private:
  AlignedBuffer buffer_;
  size_t size_ = 0;
};

Status Check(const GuidedOptions& options) {
  if (options.radius < 1 || !(options.epsilon >= kLeastEpsilon)) {
    return InvalidArgument("guided upsampling needs a radius of at least 1 and epsilon from 1e-5");
  }
  return OkStatus();
}

void Multiply(const float* a, const float* b, int count, float* to) {
  for (int i = 0; i < count; ++i) to[i] = a[i] * b[i];
}

// One row of coefficients from the means: (covariance + epsilon) a = cov, a symmetric 3x3 matrix.
// Results are collected, then copied: the compiler sees that they are not what is read.
void SolveRow(const Planes& p, size_t row, int width, float epsilon, GuidedModel& model) {
  constexpr int kAtOnce = 64;
  for (int x = 0; x < width; x += kAtOnce) {
    const int count = std::min(kAtOnce, width - x);
    const size_t at = row + static_cast<size_t>(x);
    std::array<const float*, 13> m{};
    for (size_t k = 0; k < m.size(); ++k) m[k] = p[k] + at;
    std::array<std::array<float, kAtOnce>, 4> found;
    for (int i = 0; i < count; ++i) {
      const float r = m[0][i], g = m[1][i], b = m[2][i], mean = m[3][i];
      const float v0 = m[4][i] - r * mean, v1 = m[5][i] - g * mean, v2 = m[6][i] - b * mean;
      const float rr = m[7][i] - r * r + epsilon, rg = m[8][i] - r * g, rb = m[9][i] - r * b;
      const float gg = m[10][i] - g * g + epsilon, gb = m[11][i] - g * b;
      const float bb = m[12][i] - b * b + epsilon;
      const float c0 = gg * bb - gb * gb, c1 = rb * gb - rg * bb, c2 = rg * gb - rb * gg;
      const float d1 = rr * bb - rb * rb, d2 = rb * rg - rr * gb, e2 = rr * gg - rg * rg;
      const float determinant = rr * c0 + rg * c1 + rb * c2;
      const float inverse = 1.0f / std::max(determinant, 1e-20f);
      const float a0 = inverse * (c0 * v0 + c1 * v1 + c2 * v2);
      const float a1 = inverse * (c1 * v0 + d1 * v1 + d2 * v2);
      const float a2 = inverse * (c2 * v0 + d2 * v1 + e2 * v2);
      const auto j = static_cast<size_t>(i);
      found[0][j] = a0;
      found[1][j] = a1;
      found[2][j] = a2;
      found[3][j] = mean - a0 * r - a1 * g - a2 * b;
    }
    for (size_t k = 0; k < found.size(); ++k) {
      std::copy_n(found[k].data(), count, model.plane(k) + at);
    }
  }
}

Result<GuidedModel> Fit(ImageView<const float> matte, ImageView<const uint8_t> guide,
                        const GuidedOptions& options, ThreadPool* pool) {
  const int width = guide.width, height = guide.height, radius = options.radius;
  PEEL_ASSIGN_OR_RETURN(GuidedModel model, GuidedModel::Allocate(width, height));
  // 0-2 mean colour, 3 mean matte, 4-6 colour times matte, 7-12 products of colours.
  constexpr size_t kMoments = 13;
  PEEL_ASSIGN_OR_RETURN(Planes p, Planes::Allocate(width, height, kMoments));
  std::vector<std::vector<float>> scratch(static_cast<size_t>(Workers(pool)));
  const auto start_of = [&](int y) { return static_cast<size_t>(y) * static_cast<size_t>(width); };
  ForRowBands(height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      // Plane by plane, so that it is done in vectors.
      const uint8_t* g = guide.row(y);
      const float* m = matte.row(y);
      const size_t row = start_of(y);
      std::array<float*, 3> c{};
      for (size_t k = 0; k < 3; ++k) c[k] = p[k] + row;
      for (int x = 0; x < width; ++x, g += 3) {
        for (size_t k = 0; k < 3; ++k) c[k][x] = g[k] / 255.0f;
      }
      std::copy_n(m, width, p[3] + row);
      size_t to = 4;
      for (size_t k = 0; k < 3; ++k) Multiply(c[k], m, width, p[to++] + row);
      for (size_t k = 0; k < 3; ++k) {
        for (size_t l = k; l < 3; ++l) Multiply(c[k], c[l], width, p[to++] + row);
      }
      std::copy_n(m, width, model.plane(GuidedModel::kMatte) + row);
    }
  });
  const auto blur = [&](auto plane, int count) {
    ForRowBands(
        count, pool,
        [&](int first, int last, int worker) {
          std::vector<float>& own = scratch[static_cast<size_t>(worker)];
          own.resize(BoxMeanScratch(width, height, radius));
          for (int k = first; k < last; ++k) {
            BoxMean(plane(static_cast<size_t>(k)), own.data(), width, height, radius);
          }
        },
        1);
  };
  blur([&](size_t k) { return p[k]; }, kMoments);
  ForRowBands(height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) SolveRow(p, start_of(y), width, options.epsilon, model);
  });
  blur([&](size_t k) { return model.plane(k); }, 4);
  return model;
}

void Evaluate(const GuidedModel& model, ImageView<const uint8_t> photo, ImageView<uint8_t> out,
              ThreadPool* pool) {
  const Between columns = Interpolation(model.width(), photo.width);
  const Between rows = Interpolation(model.height(), photo.height);
  const auto w = static_cast<size_t>(model.width());
  // The model at one output row: the planes' values a grid column, and one more column as a guard.
  constexpr size_t kPlanes = GuidedModel::kPlanes;
  using Values = std::array<float, kPlanes>;
  std::vector<Values> scratch((w + 1) * static_cast<size_t>(Workers(pool)));
  ForRowBands(photo.height, pool, [&](int first, int last, int worker) {
    Values* line = &scratch[(w + 1) * static_cast<size_t>(worker)];
    for (int y = first; y < last; ++y) {
      const size_t top = static_cast<size_t>(rows.left[static_cast<size_t>(y)]) * w;
      const size_t below = model.height() > 1 ? top + w : top;
      const float share = rows.share[static_cast<size_t>(y)];
      for (size_t k = 0; k < kPlanes; ++k) {
        const float* upper = model.plane(k) + top;
        const float* lower = model.plane(k) + below;
        const float unit = k < 3 ? 1.0f / 255 : 1.0f;  // colours come in bytes
        for (size_t x = 0; x < w; ++x) {
          line[x][k] = (upper[x] + share * (lower[x] - upper[x])) * unit;
        }
      }
      line[w] = line[w - 1];
      uint8_t* to = out.row(y);
      for (int x = 0; x < photo.width;) {
        const int cell = columns.left[static_cast<size_t>(x)];
        const Values& l = line[cell];
        const Values& r = line[cell + 1];
        int end = x + 1;
        while (end < photo.width && columns.left[static_cast<size_t>(end)] == cell) ++end;
        if (l[4] == r[4] && (l[4] <= 0 || l[4] >= 1)) {  // certain: no need to ask the photo
          std::fill(to + x, to + end, l[4] > 0 ? uint8_t{255} : uint8_t{0});
          x = end;
          continue;
        }
        Values d;
        for (size_t k = 0; k < kPlanes; ++k) d[k] = r[k] - l[k];
        const uint8_t* p = photo.row(y) + ptrdiff_t{x} * photo.channels;
        for (; x < end; ++x, p += photo.channels) {
          const float s = columns.share[static_cast<size_t>(x)];
          const float guided = (l[0] + s * d[0]) * p[0] + (l[1] + s * d[1]) * p[1] +
                               (l[2] + s * d[2]) * p[2] + (l[3] + s * d[3]);
          const float plain = l[4] + s * d[4];
          const float weight =
              std::min(std::min(plain, 1.0f - plain) * (1.0f / kGuidedSoftEnough), 1.0f);
          const float v = plain + weight * (std::min(std::max(guided, 0.0f), 1.0f) - plain);
          to[x] = static_cast<uint8_t>(std::min(std::max(v, 0.0f), 1.0f) * 255.0f + 0.5f);
        }
      }
    }
  });
}

}  // namespace

Between Interpolation(int m, int n) {
  Between b{std::vector<int32_t>(static_cast<size_t>(n)),
            std::vector<float>(static_cast<size_t>(n))};
  for (int i = 0; i < n; ++i) {
    const double at = std::clamp((i + 0.5) * m / n - 0.5, 0.0, static_cast<double>(m - 1));
    const int left = std::min(static_cast<int>(at), std::max(m - 2, 0));
    b.left[static_cast<size_t>(i)] = left;
    b.share[static_cast<size_t>(i)] = static_cast<float>(at - left);
  }
  return b;
}

Result<GuidedModel> GuidedModel::Allocate(int width, int height) {
  GuidedModel model;
  model.width_ = width;
  model.height_ = height;
  model.size_ = static_cast<size_t>(width) * static_cast<size_t>(height);
  const auto bytes = CheckedProduct<size_t>(model.size_, size_t{kPlanes}, sizeof(float));
  if (!bytes) return OutOfMemory("a matte of this size cannot be addressed");
  PEEL_ASSIGN_OR_RETURN(model.planes_, AlignedBuffer::Allocate(*bytes));
  return model;
}

Result<GuidedModel> FitGuided(ImageView<const float> matte, ImageView<const uint8_t> guide,
                              const GuidedOptions& options, ThreadPool* pool) {
  if (matte.empty() || matte.channels != 1 || guide.channels != 3 || guide.width != matte.width ||
      guide.height != matte.height) {
    return InvalidArgument("a matte and the colours that guide it have one size");
  }
  PEEL_RETURN_IF_ERROR(Check(options));
  return Fit(matte, guide, options, pool);
}

Result<ImageU8> GuidedUpsample(ImageView<const float> matte, ImageView<const uint8_t> photo,
                               const GuidedOptions& options, ThreadPool* pool) {
  if (matte.empty() || matte.channels != 1) return InvalidArgument("a matte has one channel");
  if (photo.empty() || (photo.channels != 3 && photo.channels != 4)) {
    return InvalidArgument("the guide must be a picture of three or four channels");
  }
  PEEL_RETURN_IF_ERROR(Check(options));
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(photo.width, photo.height, 1));
  // Where the photo is the smaller one, its size is the finest that makes sense.
  const int width = std::min(photo.width, matte.width);
  const int height = std::min(photo.height, matte.height);
  PEEL_ASSIGN_OR_RETURN(ImageU8 guide, ResizeFast(photo, width, height, pool));
  if (photo.channels == 4) {
    PEEL_ASSIGN_OR_RETURN(guide, ToRgb(std::as_const(guide).view(), pool));
  }
  PEEL_ASSIGN_OR_RETURN(const ImageF32 grid,
                        ResizeF32(matte, width, height, ResizeFilter::kBilinear, pool));
  PEEL_ASSIGN_OR_RETURN(const GuidedModel model,
                        Fit(grid.view(), std::as_const(guide).view(), options, pool));
  Evaluate(model, photo, out.view(), pool);
  return out;
}

}  // namespace peel
