#include "src/engine/kernels/bytes/qconv_common.h"

namespace peel::engine {
namespace {

// Pixels of a row, each with 16 channels: Byte is the element in the copy.
template <typename Byte>
void CopyPixels(const uint8_t* from, int64_t step, Byte* to, int64_t pixels) {
  if (step == 1) {
    for (int64_t i = 0; i < pixels * kBlock; ++i) to[i] = from[i];
    return;
  }
  for (int64_t i = 0; i < pixels; ++i) {
    for (int c = 0; c < kBlock; ++c) to[i * kBlock + c] = from[i * step * kBlock + c];
  }
}

// From planes: channels past the last are left alone, their weights being 0.
template <typename Byte>
void WeavePixels(const uint8_t* from, int64_t plane, int64_t channels, int64_t step, Byte* to,
                 int64_t pixels) {
  for (int64_t c = 0; c < channels; ++c) {
    const uint8_t* row = from + c * plane;
    for (int64_t i = 0; i < pixels; ++i) to[i * kBlock + c] = row[i * step];
  }
}

}  // namespace

void ByteSource::Pad(uint8_t* to, int64_t pixels) const {
  if (!wide_) {
    std::memset(to, p_.x_zero, static_cast<size_t>(pixels * kBlock));
    return;
  }
  std::fill_n(reinterpret_cast<uint16_t*>(to), pixels * kBlock, static_cast<uint16_t>(p_.x_zero));
}

void ByteSource::Copy(int image, int64_t block, int64_t y, int64_t x, int64_t step, uint8_t* to,
                      int64_t pixels) const {
  const ConvProblem& p = p_.conv;
  const uint8_t* start = args_.input + image * args_.input_batch_stride;
  const int64_t plane = int64_t{p.in_height} * p.in_width, at = y * p.in_width + x;
  if (p.in_layout == Layout::kBlocked) {
    const uint8_t* from = start + (block * plane + at) * kBlock;
    if (wide_) {
      CopyPixels(from, step, reinterpret_cast<uint16_t*>(to), pixels);
    } else if (step == 1) {
      std::memcpy(to, from, static_cast<size_t>(pixels * kBlock));
    } else {
      CopyPixels(from, step, to, pixels);
    }
    return;
  }
  const int64_t channels = std::min<int64_t>(p.in_channels - block * kBlock, kBlock);
  const uint8_t* from = start + block * kBlock * plane + at;
  if (channels < kBlock) Pad(to, pixels);  // reading what nobody wrote would be undefined
  if (wide_) {
    WeavePixels(from, plane, channels, step, reinterpret_cast<uint16_t*>(to), pixels);
  } else {
    WeavePixels(from, plane, channels, step, to, pixels);
  }
}

std::string RejectQConv(const QConvProblem& p) {
  if (p.to_float && !IsClamp(p.conv.epilogue)) return "has an activation that is no clamp";
  if (p.conv.epilogue.residual) return "adds no residual";
  const double terms = 1.0 * p.conv.in_channels / p.conv.groups * p.conv.kernel_h * p.conv.kernel_w;
  if (terms * 255 * 128 > (1 << 30)) return "sums might leave 32 bits";
  return "";
}

double EstimateQConvMs(double multiply_adds, double bytes, int threads) {
  return EstimateMs(multiply_adds / GetQGemm().speed, 0.85, bytes, threads);
}

}  // namespace peel::engine
