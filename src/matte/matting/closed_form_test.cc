#include "src/matte/matting/closed_form.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "src/image/geometry.h"
#include "src/image/test_pixels.h"
#include "src/matte/matting/trimap.h"

namespace peel {
namespace {

using testing::ForEveryTarget;
using testing::Noise;

// Two textured halves blended over a wide slanted edge, and the trimap around it.
struct Scene {
  ImageU8 photo, trimap;
};

Scene MakeScene(int width, int height) {
  Scene s;
  s.photo = *ImageU8::Allocate(width, height, 3);
  s.trimap = *ImageU8::Allocate(width, height, 1);
  const ImageU8 texture = Noise(7, width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double at = x - width / 2.0 + 0.3 * (y - height / 2.0);
      const double alpha = std::clamp(at / 6 + 0.5, 0.0, 1.0);
      for (int c = 0; c < 3; ++c) {
        const double grain = texture.row(y)[3 * x + c] / 16.0;
        const double front = 200 - 40 * c + grain, back = 30 + 30 * c + grain;
        s.photo.row(y)[3 * x + c] =
            static_cast<uint8_t>(std::lround(alpha * front + (1 - alpha) * back));
      }
      s.trimap.row(y)[x] = at > 9 ? 255 : at < -9 ? 0 : 128;
    }
  }
  return s;
}

// The same equations written down plainly: dense, in double, solved by elimination.
std::vector<double> Reference(const Scene& s, double epsilon, const ImageU8* prior = nullptr,
                              double prior_weight = 0) {
  const int w = s.photo.width(), h = s.photo.height();
  std::vector<int> index(static_cast<size_t>(w * h), -1);
  std::vector<double> known(static_cast<size_t>(w * h), 0);
  int n = 0;
  for (int i = 0; i < w * h; ++i) {
    const uint8_t t = s.trimap.row(i / w)[i % w];
    if (t != 0 && t != 255) index[static_cast<size_t>(i)] = n++;
    known[static_cast<size_t>(i)] = t == 255 ? 1 : 0;
  }
  const auto stride = static_cast<size_t>(n + 1);
  std::vector<double> m(static_cast<size_t>(n) * stride, 0.0);
  for (int y = 1; y + 1 < h; ++y) {
    for (int x = 1; x + 1 < w; ++x) {
      double c[9][3], mean[3] = {};
      for (int k = 0; k < 9; ++k) {
        for (int q = 0; q < 3; ++q) {
          c[k][q] = s.photo.row(y + k / 3 - 1)[3 * (x + k % 3 - 1) + q] / 255.0;
          mean[q] += c[k][q] / 9;
        }
      }
      double a[3][6] = {};  // covariance and identity: inverted by Gauss-Jordan
      for (int p = 0; p < 3; ++p) {
        for (int q = 0; q < 3; ++q) {
          for (auto& k : c) a[p][q] += (k[p] - mean[p]) * (k[q] - mean[q]);
        }
        a[p][p] += epsilon;
        a[p][3 + p] = 1;
      }
      for (int p = 0; p < 3; ++p) {
        const double pivot = a[p][p];
        for (double& v : a[p]) v /= pivot;
        for (int q = 0; q < 3; ++q) {
          if (q == p) continue;
          const double factor = a[q][p];
          for (int k = 0; k < 6; ++k) a[q][k] -= factor * a[p][k];
        }
      }
      for (int i = 0; i < 9; ++i) {
        const int row = index[static_cast<size_t>((y + i / 3 - 1) * w + x + i % 3 - 1)];
        if (row < 0) continue;
        for (int j = 0; j < 9; ++j) {
          double v = 1.0 / 9;
          for (int p = 0; p < 3; ++p) {
            for (int q = 0; q < 3; ++q) {
              v += (c[i][p] - mean[p]) * a[p][3 + q] * (c[j][q] - mean[q]);
            }
          }
          v = (i == j ? 1 : 0) - v;
          const int at = (y + j / 3 - 1) * w + x + j % 3 - 1;
          const int column = index[static_cast<size_t>(at)];
          double* line = &m[static_cast<size_t>(row) * stride];
          if (column >= 0) {
            line[column] += v;
          } else {
            line[n] -= v * known[static_cast<size_t>(at)];
          }
        }
      }
    }
  }
  for (int i = 0; prior != nullptr && i < w * h; ++i) {
    if (index[static_cast<size_t>(i)] < 0) continue;
    const auto row = static_cast<size_t>(index[static_cast<size_t>(i)]);
    m[row * stride + row] += prior_weight;
    m[row * stride + static_cast<size_t>(n)] += prior_weight * prior->row(i / w)[i % w] / 255.0;
  }
  for (size_t p = 0; p < static_cast<size_t>(n); ++p) {
    double* pivot = &m[p * stride];
    for (size_t q = p + 1; q < static_cast<size_t>(n); ++q) {
      double* line = &m[q * stride];
      const double factor = line[p] / pivot[p];
      if (factor == 0) continue;
      for (size_t k = p; k < stride; ++k) line[k] -= factor * pivot[k];
    }
  }
  std::vector<double> x(static_cast<size_t>(n));
  for (size_t p = x.size(); p-- > 0;) {
    double sum = m[p * stride + static_cast<size_t>(n)];
    for (size_t k = p + 1; k < x.size(); ++k) sum -= m[p * stride + k] * x[k];
    x[p] = std::clamp(sum / m[p * stride + p], 0.0, 1.0);
  }
  return x;
}

TEST(ClosedForm, SolvesTheEquationsUnderEveryTarget) {
  const Scene s = MakeScene(61, 37);
  const std::vector<double> expected = Reference(s, 1e-7);
  ForEveryTarget([&](const std::string& target) {
    SCOPED_TRACE(target);
    ClosedFormInfo info;
    const auto alpha =
        ClosedFormAlpha(s.photo.view(), s.trimap.view(), {.tolerance = 1e-6}, nullptr, &info);
    ASSERT_TRUE(alpha.ok()) << alpha.status().message();
    EXPECT_EQ(info.unknowns, static_cast<int64_t>(expected.size()));
    size_t next = 0;
    double worst = 0, sum = 0;
    for (int y = 0; y < s.photo.height(); ++y) {
      for (int x = 0; x < s.photo.width(); ++x) {
        const uint8_t t = s.trimap.row(y)[x];
        const double wanted = t == 0 ? 0 : t == 255 ? 1 : expected[next++];
        const double off = std::fabs(alpha->row(y)[x] - wanted);
        worst = std::max(worst, off);
        sum += off;
      }
    }
    // Single pixels may hang by next to nothing, where single precision moves them.
    EXPECT_LT(sum / static_cast<double>(expected.size()), 5e-3);
    EXPECT_LT(worst, 0.05);
  });
}

TEST(ClosedForm, LeansOnAPrior) {
  const Scene s = MakeScene(61, 37);
  const ImageU8 prior = Noise(11, 61, 37, 1);
  const std::vector<double> expected = Reference(s, 1e-7, &prior, 0.05);
  const auto alpha =
      ClosedFormAlpha(s.photo.view(), s.trimap.view(),
                      {.tolerance = 1e-6, .prior = prior.view(), .prior_weight = 0.05});
  ASSERT_TRUE(alpha.ok()) << alpha.status().message();
  size_t next = 0;
  double sum = 0;
  for (int y = 0; y < s.photo.height(); ++y) {
    for (int x = 0; x < s.photo.width(); ++x) {
      const uint8_t t = s.trimap.row(y)[x];
      if (t == 0 || t == 255) continue;
      sum += std::fabs(alpha->row(y)[x] - expected[next++]);
    }
  }
  EXPECT_LT(sum / static_cast<double>(expected.size()), 1e-3);
  // Weighed down by it, every unknown takes the prior's value.
  const auto bound = ClosedFormMatte(s.photo.view(), s.trimap.view(),
                                     {.prior = prior.view(), .prior_weight = 1e6});
  ASSERT_TRUE(bound.ok());
  for (int y = 0; y < s.photo.height(); ++y) {
    for (int x = 0; x < s.photo.width(); ++x) {
      if (s.trimap.row(y)[x] == 128) {
        EXPECT_NEAR(bound->row(y)[x], prior.row(y)[x], 1);
      }
    }
  }
  const ImageU8 small = Noise(11, 60, 37, 1);
  EXPECT_EQ(
      ClosedFormMatte(s.photo.view(), s.trimap.view(), {.prior = small.view()}).status().code(),
      StatusCode::kInvalidArgument);
}

TEST(ClosedForm, DefaultToleranceIsGoodEnough) {
  const Scene s = MakeScene(120, 40);
  const auto alpha = ClosedFormMatte(s.photo.view(), s.trimap.view());
  const auto exact = ClosedFormMatte(s.photo.view(), s.trimap.view(), {.tolerance = 1e-6});
  ASSERT_TRUE(alpha.ok() && exact.ok());
  double sum = 0;
  int count = 0;
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 120; ++x) {
      if (s.trimap.row(y)[x] != 128) continue;
      sum += std::abs(alpha->row(y)[x] - exact->row(y)[x]);
      ++count;
    }
  }
  EXPECT_LT(sum / count, 0.01 * 255);
}

TEST(ClosedForm, DoesNotDependOnThePool) {
  const Scene s = MakeScene(150, 90);
  ThreadPool two(2), three(3);
  const auto alone = ClosedFormMatte(s.photo.view(), s.trimap.view());
  for (ThreadPool* pool : {&two, &three}) {
    const auto shared = ClosedFormMatte(s.photo.view(), s.trimap.view(), {}, pool);
    EXPECT_EQ(testing::Crc(*shared), testing::Crc(*alone));
  }
}

TEST(ClosedForm, ExtremesAreAnsweredToo) {
  const auto filled = [](int w, int h, uint8_t value) {
    ImageU8 image = *ImageU8::Allocate(w, h, 1);
    for (int y = 0; y < h; ++y) std::fill_n(image.row(y), w, value);
    return image;
  };
  for (const auto& [w, h] : {std::pair{1, 1}, {2, 9}, {3, 3}, {17, 3}, {33, 34}, {16, 5}}) {
    const ImageU8 photo = Noise(3, w, h, 4);
    // All unknown: nothing is known, any answer without NaN will do; nothing unknown: a copy.
    EXPECT_TRUE(ClosedFormMatte(photo.view(), filled(w, h, 128).view()).ok());
    const ImageU8 all = filled(w, h, 255);
    EXPECT_EQ(testing::Crc(*ClosedFormMatte(photo.view(), all.view())), testing::Crc(all));
    // One known pixel and a flat picture: it spreads everywhere.
    if (w < 3) continue;
    ImageU8 flat = *ImageU8::Allocate(w, h, 3);
    for (int y = 0; y < h; ++y) std::fill_n(flat.row(y), 3 * w, uint8_t{90});
    ImageU8 one = filled(w, h, 128);
    one.row(h / 2)[w / 2] = 255;
    const auto spread = ClosedFormMatte(flat.view(), one.view());
    ASSERT_TRUE(spread.ok());
    for (int y = 0; y < h; ++y) {
      for (int x = 0; x < w; ++x) EXPECT_GE(spread->row(y)[x], 240) << w << "x" << h;
    }
  }
  EXPECT_EQ(ClosedFormMatte(Noise(1, 4, 4, 1).view(), filled(4, 4, 0).view()).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(ClosedFormMatte(Noise(1, 4, 4, 3).view(), filled(4, 5, 0).view()).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace peel
