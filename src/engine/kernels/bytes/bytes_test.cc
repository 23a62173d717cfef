#include "src/engine/kernels/bytes/bytes.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "src/engine/kernels/test_images.h"
#include "src/engine/kernels/test_targets.h"

namespace peel::engine {
namespace {

class BytesTest : public TargetTest {};

// A batch of byte images with a gap between them and space around that must stay as it was.
class ByteImages {
 public:
  ByteImages(Layout layout, const Shape4& shape)
      : layout_(layout),
        shape_(shape),
        stride_(ImageFloats(layout, shape) + 16),
        bytes_(static_cast<size_t>(kMargin * 2 + shape.batch * stride_), 0x77) {}

  ConstBytes in() const { return {bytes_.data() + kMargin, stride_}; }
  Bytes out() { return {bytes_.data() + kMargin, stride_}; }
  uint8_t& At(int64_t n, int64_t c, int64_t y, int64_t x) { return bytes_[Index(n, c, y, x)]; }
  template <typename Fn>
  void ForEach(const Fn& fn) const {
    for (int64_t n = 0; n < shape_.batch; ++n)
      for (int64_t c = 0; c < shape_.channels; ++c)
        for (int64_t y = 0; y < shape_.height; ++y)
          for (int64_t x = 0; x < shape_.width; ++x) fn(n, c, y, x);
  }
  void Fill(std::mt19937& random) {
    ForEach([&](int64_t n, int64_t c, int64_t y, int64_t x) {
      At(n, c, y, x) = static_cast<uint8_t>(random() & 255);
    });
  }
  // Every byte is want(n, c, y, x), and what surrounds the images is untouched.
  template <typename Want>
  void Expect(const Want& want) {
    int bad = 0;
    ForEach([&](int64_t n, int64_t c, int64_t y, int64_t x) {
      const int got = At(n, c, y, x), wanted = want(n, c, y, x);
      if (got != wanted && ++bad == 1) {
        ADD_FAILURE() << "n " << n << " c " << c << " y " << y << " x " << x << ": " << got
                      << " instead of " << wanted;
      }
    });
    EXPECT_EQ(bad, 0);
    for (int64_t i = 0; i < static_cast<int64_t>(bytes_.size()); ++i) {
      const int64_t at = i - kMargin;
      const bool inside = at >= 0 && at / stride_ < shape_.batch && at % stride_ < stride_ - 16;
      if (!inside) {
        ASSERT_EQ(bytes_[static_cast<size_t>(i)], 0x77) << at;
      }
    }
  }

 private:
  static constexpr int64_t kMargin = 48;
  size_t Index(int64_t n, int64_t c, int64_t y, int64_t x) const {
    const int64_t pixel = y * shape_.width + x;
    return static_cast<size_t>(
        kMargin + n * stride_ +
        (layout_ == Layout::kPlain ? c * shape_.pixels() + pixel
                                   : (c / kBlock * shape_.pixels() + pixel) * kBlock + c % kBlock));
  }
  Layout layout_;
  Shape4 shape_;
  int64_t stride_;
  std::vector<uint8_t> bytes_;
};

constexpr Layout kLayouts[] = {Layout::kBlocked, Layout::kPlain};
constexpr Shape4 kShapes[] = {{2, 19, 7, 13}, {1, 16, 33, 40}, {1, 1, 5, 70}, {2, 3, 1, 1}};

TEST_P(BytesTest, QuantisesAndBackInEveryLayout) {
  std::mt19937 random(1);
  ThreadPool pool(2);
  const ByteGrid grid{0.0137f, 99};
  for (const Shape4& shape : kShapes) {
    for (const Layout from : kLayouts) {
      for (const Layout to : kLayouts) {
        Images floats(from, shape, 16);
        floats.Fill(random, -3, 4);
        floats.At(0, 0, 0, 0) = 0.0137f * 2.5f;  // a tie, rounded to even
        ByteImages bytes(to, shape);
        RunQuantize(grid, shape, from, floats.in(), to, bytes.out(), pool);
        bytes.Expect([&](int64_t n, int64_t c, int64_t y, int64_t x) {
          const double steps = std::nearbyint(floats.At(n, c, y, x) / grid.scale) + grid.zero;
          return static_cast<int>(std::clamp(steps, 0.0, 255.0));
        });
        Images back(from, shape, 16);
        RunDequantize(grid, shape, to, bytes.in(), from, back.out(), pool);
        ExpectImages(back, 0, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
          return static_cast<float>(bytes.At(n, c, y, x) - grid.zero) * grid.scale;
        });
      }
    }
  }
}

TEST_P(BytesTest, Adds) {
  std::mt19937 random(2);
  ThreadPool pool(2);
  ByteSum sum{13, 200, 0.37f, 1.0f / 3, {77, 60, 250}};
  for (const Shape4& shape : kShapes) {
    for (const Layout layout : kLayouts) {
      ByteImages a(layout, shape), b(layout, shape), y(layout, shape);
      a.Fill(random);
      b.Fill(random);
      RunByteAdd(sum, shape.batch, ImageFloats(layout, shape), a.in(), b.in(), y.out(), pool);
      y.Expect([&](int64_t n, int64_t c, int64_t h, int64_t w) {
        const volatile float left = static_cast<float>(a.At(n, c, h, w) - 13) * 0.37f;
        const volatile float right = static_cast<float>(b.At(n, c, h, w) - 200) * (1.0f / 3);
        return RoundToByte(left + right, sum.range);
      });
    }
  }
}

TEST_P(BytesTest, LooksUpAndReorders) {
  std::mt19937 random(3);
  ThreadPool pool(2);
  uint8_t table[256];
  for (int i = 0; i < 256; ++i) table[i] = static_cast<uint8_t>(255 - i * i % 251);
  for (const Shape4& shape : kShapes) {
    for (const Layout layout : kLayouts) {
      ByteImages x(layout, shape), y(layout, shape);
      x.Fill(random);
      RunByteTable(table, shape.batch, ImageFloats(layout, shape), x.in(), y.out(), pool);
      y.Expect([&](auto... at) { return table[x.At(at...)]; });
      const Layout other = layout == Layout::kPlain ? Layout::kBlocked : Layout::kPlain;
      ByteImages turned(other, shape);
      RunByteReorder(shape, layout, x.in(), turned.out(), pool);
      turned.Expect([&](auto... at) { return x.At(at...); });
    }
  }
}

TEST_P(BytesTest, JoinsPartsThatEndInsideABlock) {
  std::mt19937 random(4);
  ThreadPool pool(2);
  const int64_t channels[] = {5, 16, 1, 20};
  Shape4 whole{2, 0, 9, 11};
  std::vector<ByteImages> parts;
  for (const int64_t c : channels) {
    parts.emplace_back(Layout::kBlocked, Shape4{2, c, 9, 11});
    parts.back().Fill(random);
    whole.channels += c;
  }
  std::vector<ByteConcatPart> list;
  for (size_t i = 0; i < parts.size(); ++i) list.push_back({parts[i].in(), channels[i]});
  ByteImages y(Layout::kBlocked, whole);
  RunByteConcat(whole, list, y.out(), pool);
  y.Expect([&](int64_t n, int64_t c, int64_t h, int64_t w) {
    size_t part = 0;
    while (c >= channels[part]) c -= channels[part++];
    return parts[part].At(n, c, h, w);
  });
}

TEST_P(BytesTest, Pools) {
  std::mt19937 random(5);
  ThreadPool pool(2);
  for (const Layout layout : kLayouts) {
    for (const int kernel : {2, 3}) {
      for (const int pad : {0, 1}) {
        PoolProblem p;
        p.layout = layout;
        p.in = {2, 19, 11, 14};
        p.kernel_h = p.kernel_w = kernel;
        p.stride_h = p.stride_w = 2;
        p.pad_top = p.pad_left = pad;
        p.out_height = static_cast<int>((p.in.height + 2 * pad - kernel) / 2 + 1);
        p.out_width = static_cast<int>((p.in.width + 2 * pad - kernel) / 2 + 1);
        ASSERT_EQ(RejectPool(p), "");
        ByteImages x(layout, p.in), y(layout, {2, 19, p.out_height, p.out_width});
        x.Fill(random);
        RunBytePool(p, x.in(), y.out(), pool);
        y.Expect([&](int64_t n, int64_t c, int64_t oy, int64_t ox) {
          int best = 0;
          for (int64_t i = oy * 2 - pad; i < oy * 2 - pad + kernel; ++i) {
            for (int64_t j = ox * 2 - pad; j < ox * 2 - pad + kernel; ++j) {
              if (i < 0 || j < 0 || i >= p.in.height || j >= p.in.width) continue;
              best = std::max<int>(best, x.At(n, c, i, j));
            }
          }
          return best;
        });
      }
    }
  }
}

// Doubling with half pixels has weights that 11 bits hold: exact, ties included. Others are within
// what 11 bits leave out.
TEST_P(BytesTest, Resizes) {
  std::mt19937 random(6);
  ThreadPool pool(2);
  const int sizes[][2] = {{22, 26}, {7, 40}, {11, 13}, {31, 5}};
  for (const Layout layout : kLayouts) {
    for (const auto& size : sizes) {
      for (const int zero : {0, 77}) {
        ResizeProblem p;
        p.layout = layout;
        p.in = {2, 19, 11, 13};
        p.out_height = size[0];
        p.out_width = size[1];
        ByteImages x(layout, p.in), y(layout, {2, 19, size[0], size[1]});
        x.Fill(random);
        std::vector<uint8_t> scratch(ResizeScratchBytes(p, 2) + 64);
        auto* aligned = reinterpret_cast<uint8_t*>(
            (reinterpret_cast<uintptr_t>(scratch.data()) + 63) / 64 * 64);
        RunByteResize(p, zero, x.in(), y.out(), aligned, pool);
        const auto source = [](int at, int out, int64_t in, int64_t* near, double* share) {
          const double scale = static_cast<float>(out) / static_cast<float>(in);
          const double s = std::clamp((at + 0.5) / scale - 0.5, 0.0, static_cast<double>(in - 1));
          *near = static_cast<int64_t>(s);
          *share = s - static_cast<double>(*near);
        };
        const bool doubling = size[0] == 22;
        int bad = 0;
        y.ForEach([&](int64_t n, int64_t c, int64_t oy, int64_t ox) {
          int64_t i = 0, j = 0;
          double fy = 0, fx = 0;
          source(static_cast<int>(oy), size[0], p.in.height, &i, &fy);
          source(static_cast<int>(ox), size[1], p.in.width, &j, &fx);
          const int64_t i2 = std::min(i + 1, p.in.height - 1), j2 = std::min(j + 1, p.in.width - 1);
          const double value = (x.At(n, c, i, j) * (1 - fx) + x.At(n, c, i, j2) * fx) * (1 - fy) +
                               (x.At(n, c, i2, j) * (1 - fx) + x.At(n, c, i2, j2) * fx) * fy;
          const int got = y.At(n, c, oy, ox);
          bad += doubling ? got != static_cast<int>(std::nearbyint(value - zero)) + zero
                          : std::abs(got - value) > 0.5 + 0.13;
        });
        EXPECT_EQ(bad, 0) << size[0] << "x" << size[1];
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, BytesTest, ::testing::ValuesIn(TestTargets()), TargetName);

}  // namespace
}  // namespace peel::engine
