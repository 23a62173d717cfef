#include "src/engine/kernels/gemm/qgemm.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/engine/kernels/requantize.h"
#include "src/engine/kernels/test_targets.h"

namespace peel::engine {
namespace {

class QGemmTest : public TargetTest {};

template <typename T>
AlignedBuffer Of(const std::vector<T>& values) {
  AlignedBuffer buffer = *AlignedBuffer::Allocate(values.size() * sizeof(T));
  std::copy(values.begin(), values.end(), buffer.as<T>());
  return buffer;
}

// One tile of every kind of result, with the extremes of both operands among the numbers.
void Check(const QGemm& gemm, int panel, int64_t rows, int64_t segments, int groups,
           QOutput output) {
  SCOPED_TRACE(std::string(gemm.name) + " panel " + std::to_string(panel) + " rows " +
               std::to_string(rows) + " groups " + std::to_string(groups));
  std::mt19937 random(static_cast<uint32_t>(rows * 31 + panel));
  const int wide = panel * 16, channels = groups * gemm.group;
  const int64_t pixels = rows + 3;
  const auto any = [&](int low, int high) {
    const int x = std::uniform_int_distribution<int>(low - 20, high + 20)(random);
    return std::clamp(x, low, high);
  };
  // A: segments of `pixels` pixels of 16 bytes, read from the second pixel on.
  std::vector<uint8_t> a(static_cast<size_t>(segments * pixels * 16));
  for (auto& x : a) x = static_cast<uint8_t>(any(0, 255));
  std::vector<int8_t> b(static_cast<size_t>(segments * channels * wide));
  for (auto& x : b) x = static_cast<int8_t>(any(-128, 127));
  std::vector<int32_t> bias(static_cast<size_t>(wide));
  std::vector<float> multiplier(static_cast<size_t>(wide));
  for (auto& x : bias) x = any(-30000, 30000);
  for (auto& x : multiplier) x = static_cast<float>(any(1, 1000)) * 1e-6f;
  std::vector<int64_t> offsets;
  for (int64_t s = 0; s < segments; ++s) offsets.push_back((s * pixels + 1) * gemm.pixel_bytes());

  const AlignedBuffer packed_b =
      *AlignedBuffer::Allocate(b.size() * static_cast<size_t>(gemm.weight_bytes()));
  for (int64_t s = 0; s < segments; ++s) {
    for (int c = 0; c < channels; ++c) {
      for (int j = 0; j < wide; ++j) {
        const int8_t value = b[static_cast<size_t>((s * channels + c) * wide + j)];
        const int64_t at = ((s * groups + c / gemm.group) * wide + j) * gemm.group + c % gemm.group;
        auto* to = const_cast<uint8_t*>(packed_b.data());
        if (gemm.group == 4) {
          reinterpret_cast<int8_t*>(to)[at] = value;
        } else {
          reinterpret_cast<int16_t*>(to)[at] = value;
        }
      }
    }
  }
  const AlignedBuffer wide_a = Of(std::vector<uint16_t>(a.begin(), a.end()));
  const AlignedBuffer narrow_a = Of(a);
  const AlignedBuffer biases = Of(bias), multipliers = Of(multiplier);
  const ByteRange range{37, 20, 240};
  const int64_t stride = rows * 16 + 16;
  std::vector<int32_t> poison(static_cast<size_t>(panel * stride), -77);
  AlignedBuffer c = Of(poison);

  QTile tile;
  tile.a = gemm.group == 4 ? narrow_a.data() : wide_a.data();
  tile.offsets = offsets.data();
  tile.segments = segments;
  tile.groups = groups;
  tile.rows = rows;
  tile.b = packed_b.data();
  tile.bias = biases.as<int32_t>();
  tile.multiplier = multipliers.as<float>();
  tile.lo = output == QOutput::kByte ? range.least() : -1.5f;
  tile.hi = output == QOutput::kByte ? range.most() : 2.5f;
  tile.zero = range.zero;
  tile.output = output;
  tile.c = c.data();
  tile.c_block_stride = stride;
  gemm.Run(panel, tile);

  int bad = 0;
  for (int64_t r = 0; r < rows; ++r) {
    for (int j = 0; j < wide; ++j) {
      int64_t sum = bias[static_cast<size_t>(j)];
      for (int64_t s = 0; s < segments; ++s) {
        for (int k = 0; k < channels; ++k) {
          const int64_t x = a[static_cast<size_t>((s * pixels + 1 + r) * 16 + k)] - gemm.offset;
          sum += x * b[static_cast<size_t>((s * channels + k) * wide + j)];
        }
      }
      const float scaled = static_cast<float>(sum) * multiplier[static_cast<size_t>(j)];
      const int64_t at = j / 16 * stride + r * 16 + j % 16;
      if (output == QOutput::kSum) {
        bad += c.as<int32_t>()[at] != sum;
      } else if (output == QOutput::kFloat) {
        bad += c.as<float>()[at] != std::min(2.5f, std::max(-1.5f, scaled));
      } else {
        bad += c.as<uint8_t>()[at] != RoundToByte(scaled, range);
      }
    }
  }
  EXPECT_EQ(bad, 0);
  // The space behind the last row of each block is as it was.
  if (output != QOutput::kByte) {
    for (int p = 0; p < panel; ++p) {
      for (int i = 0; i < 16; ++i) EXPECT_EQ(c.as<int32_t>()[p * stride + rows * 16 + i], -77);
    }
  }
}

TEST_P(QGemmTest, EveryTileIsExact) {
  ASSERT_FALSE(QGemms().empty());
  for (const QGemm& gemm : QGemms()) {
    for (const int panel : {1, 2, 4}) {
      if (panel > gemm.max_panel) continue;
      for (int64_t rows = 1; rows <= 34; ++rows) {
        const QOutput output = static_cast<QOutput>(rows % 3);
        Check(gemm, panel, rows, 1 + rows % 4, 16 / gemm.group, output);
      }
      for (const QOutput output : {QOutput::kByte, QOutput::kFloat, QOutput::kSum}) {
        Check(gemm, panel, 29, 9, 1, output);
        Check(gemm, panel, 7, 300, 16 / gemm.group, output);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, QGemmTest, ::testing::ValuesIn(TestTargets()), TargetName);

}  // namespace
}  // namespace peel::engine
