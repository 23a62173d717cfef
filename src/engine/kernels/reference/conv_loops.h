#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/checked.h"
#include "src/engine/kernels/reference/window.h"

namespace peel::engine::reference {

// What a convolution of element type T reads: x [batch][groups * in_channels][spatial],
// weights [groups * out_channels][in_channels][kernel], both dense. `in_channels` and
// `out_channels` are those of one group. `pad` is the value outside the input.
template <typename T>
struct ConvOperands {
  const T* x;
  const T* weights;
  int64_t batch, groups, in_channels, out_channels;
  T pad{};
};

namespace conv_detail {

// Sums kRows output channels × kColumns outputs of one row in registers. taps[k] is where tap k of
// a channel lies from the window's corner; step is the distance of two outputs' windows.
template <typename T, int kRows, int kColumns>
void Tile(const T* corner, int64_t channel_size, int64_t in_channels,
          const std::vector<int64_t>& taps, int64_t step, const T* weights, int64_t weight_row,
          T (&sums)[kRows][kColumns]) {
  for (auto& row : sums) std::fill_n(row, kColumns, T{0});
  for (int64_t c = 0; c < in_channels; ++c) {
    for (size_t k = 0; k < taps.size(); ++k) {
      const T* in = corner + c * channel_size + taps[k];
      const T* w = weights + c * static_cast<int64_t>(taps.size()) + static_cast<int64_t>(k);
      T column[kColumns];
      if (step == 1) {
        for (int i = 0; i < kColumns; ++i) column[i] = in[i];
      } else {
        for (int i = 0; i < kColumns; ++i) column[i] = in[i * step];
      }
      for (int r = 0; r < kRows; ++r) {
        const T weight = w[r * weight_row];
        for (int i = 0; i < kColumns; ++i) sums[r][i] += weight * column[i];
      }
    }
  }
}

}  // namespace conv_detail

// The convolution, cross-correlation as ONNX has it. store(channel, offset, sum) gets every output
// once: channel counts over all groups, offset over the output tensor. The input is copied once
// into a frame with the padding around it, so that the loops need no bounds.
template <typename T, typename Store>
Status Convolve(const ConvOperands<T>& op, const Window& w, Store&& store) {
  constexpr int kRows = 4, kColumns = 8;
  if (w.out_size() == 0 || op.batch == 0 || op.out_channels == 0) return OkStatus();
  Window::Extents frame;
  for (size_t d = 0; d < Window::kAxes; ++d) {
    const auto reach = CheckedMul(w.out[d] - 1, w.stride[d]);
    if (!reach) return LimitExceeded("the padded input is larger than any memory");
    frame[d] = std::max(*reach + (w.kernel[d] - 1) * w.dilation[d] + 1,
                        w.pad_begin[d] + std::max<int64_t>(w.in[d], 0));
  }
  frame[2] += kColumns * w.stride[2];  // a tile may compute, and drop, columns past the end
  const auto channel_size = CheckedProduct<int64_t>(frame[0], frame[1], frame[2]);
  const auto bytes =
      channel_size ? CheckedProduct<int64_t>(*channel_size, op.in_channels, int64_t{sizeof(T)})
                   : std::nullopt;
  if (!bytes) return LimitExceeded("the padded input is larger than any memory");
  PEEL_ASSIGN_OR_RETURN(AlignedBuffer buffer, AlignedBuffer::Allocate(static_cast<size_t>(*bytes)));
  T* padded = buffer.as<T>();
  std::fill_n(padded, *channel_size * op.in_channels, op.pad);

  std::vector<int64_t> taps;
  for (int64_t z = 0; z < w.kernel[0]; ++z) {
    for (int64_t y = 0; y < w.kernel[1]; ++y) {
      for (int64_t x = 0; x < w.kernel[2]; ++x) {
        taps.push_back((z * w.dilation[0] * frame[1] + y * w.dilation[1]) * frame[2] +
                       x * w.dilation[2]);
      }
    }
  }
  const int64_t weight_row = op.in_channels * static_cast<int64_t>(taps.size());
  // Negative pads crop: only what lies in the frame is copied.
  const auto first = [&](size_t d) { return std::max<int64_t>(0, -w.pad_begin[d]); };
  const int64_t copied = std::min(w.in[2], frame[2] - w.pad_begin[2]) - first(2);

  for (int64_t ng = 0; ng < op.batch * op.groups; ++ng) {
    const int64_t g = ng % op.groups;
    for (int64_t c = 0; c < op.in_channels; ++c) {
      const T* image = op.x + (ng * op.in_channels + c) * w.in_size();
      T* to = padded + c * *channel_size;
      for (int64_t z = first(0); z < w.in[0] && z + w.pad_begin[0] < frame[0]; ++z) {
        for (int64_t y = first(1); y < w.in[1] && y + w.pad_begin[1] < frame[1]; ++y) {
          if (copied <= 0) continue;
          const int64_t row = (z + w.pad_begin[0]) * frame[1] + y + w.pad_begin[1];
          std::memcpy(to + row * frame[2] + first(2) + w.pad_begin[2],
                      image + (z * w.in[1] + y) * w.in[2] + first(2),
                      static_cast<size_t>(copied) * sizeof(T));
        }
      }
    }
    for (int64_t oc = 0; oc < op.out_channels; oc += kRows) {
      const int64_t rows = std::min<int64_t>(kRows, op.out_channels - oc);
      const int64_t channel = g * op.out_channels + oc;
      const T* weights = op.weights + channel * weight_row;
      for (int64_t line = 0; line < w.out[0] * w.out[1]; ++line) {
        const int64_t z = line / w.out[1] * w.stride[0], y = line % w.out[1] * w.stride[1];
        for (int64_t x = 0; x < w.out[2]; x += kColumns) {
          const T* corner = padded + (z * frame[1] + y) * frame[2] + x * w.stride[2];
          T sums[kRows][kColumns];
          if (rows == kRows) {
            conv_detail::Tile<T, kRows, kColumns>(corner, *channel_size, op.in_channels, taps,
                                                  w.stride[2], weights, weight_row, sums);
          } else {
            for (int64_t r = 0; r < rows; ++r) {
              conv_detail::Tile<T, 1, kColumns>(corner, *channel_size, op.in_channels, taps,
                                                w.stride[2], weights + r * weight_row, 0,
                                                reinterpret_cast<T(&)[1][kColumns]>(sums[r]));
            }
          }
          const int64_t columns = std::min<int64_t>(kColumns, w.out[2] - x);
          for (int64_t r = 0; r < rows; ++r) {
            const int64_t at = (ng * op.out_channels + oc + r) * w.out_size() + line * w.out[2] + x;
            for (int64_t i = 0; i < columns; ++i) store(channel + r, at + i, sums[r][i]);
          }
        }
      }
    }
  }
  return OkStatus();
}

// Checks that X [N, C, spatial…], W [M, C / group, kernel…] and the output fit each other, and
// fills in the operands' counts. kernel gets the spatial extents of W.
struct ConvCounts {
  int64_t batch, groups, in_channels, out_channels;
  std::vector<int64_t> kernel;
};
Result<ConvCounts> CountChannels(const Node& node, const Tensor& x, const Tensor& weights,
                                 const Tensor& y);

}  // namespace peel::engine::reference
