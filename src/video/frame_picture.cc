#include "src/video/frame_picture.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/image/rows.h"
#include "src/video/matte/colour_code.h"

namespace peel::video {
namespace {

template <typename S>
const S* RowOf(const Frame& frame, int plane, int y) {
  return reinterpret_cast<const S*>(frame.plane(plane) +
                                    static_cast<size_t>(y) * frame.row_bytes(plane));
}

// A row of chroma at the luma's row y and in its width.
template <typename S>
void ChromaRow(const Frame& frame, int plane, int y, std::vector<float>& narrow,
               std::vector<float>& wide) {
  const int width = frame.plane_width(plane), height = frame.plane_height(plane);
  // Between the rows above and below: at a quarter or three quarters of the way.
  float place = static_cast<float>(y);
  if (frame.layout().chroma_shift_y > 0) place = (place + 0.5F) / 2 - 0.5F;
  const int above = std::clamp(static_cast<int>(std::floor(place)), 0, height - 1);
  const int below = std::min(above + 1, height - 1);
  const float part = std::clamp(place - static_cast<float>(above), 0.0F, 1.0F);
  const S* const a = RowOf<S>(frame, plane, above);
  const S* const b = RowOf<S>(frame, plane, below);
  std::vector<float>& row = frame.layout().chroma_shift_x > 0 ? narrow : wide;
  for (int x = 0; x < width; ++x) {
    const auto i = static_cast<size_t>(x);
    row[i] =
        static_cast<float>(a[x]) + (static_cast<float>(b[x]) - static_cast<float>(a[x])) * part;
  }
  if (frame.layout().chroma_shift_x == 0) return;
  const int whole = frame.width();
  for (int x = 0; x < whole; ++x) {
    const auto left = static_cast<size_t>(x / 2);
    const auto right = static_cast<size_t>(std::min(x / 2 + (x & 1), width - 1));
    wide[static_cast<size_t>(x)] = (narrow[left] + narrow[right]) / 2;
  }
}

template <typename S, typename T>
void Convert(const Frame& frame, const FrameFormat& format, Image<T>& picture, ThreadPool* pool) {
  const ToRgbMatrix matrix = ToRgbOf(ColourCodeOf(format));
  static constexpr float kFull = sizeof(T) == 1 ? 255.0F : 65535.0F;
  const float alpha_scale = kFull / static_cast<float>((1 << format.layout.depth) - 1);
  const int width = frame.width(), channels = picture.channels();
  ForRowBands(frame.height(), pool, [&](int first, int last, int) {
    const auto columns = static_cast<size_t>(width);
    std::vector<float> narrow(columns), blue(columns), red(columns);
    for (int y = first; y < last; ++y) {
      const S* const luma = RowOf<S>(frame, 0, y);
      ChromaRow<S>(frame, 1, y, narrow, blue);
      ChromaRow<S>(frame, 2, y, narrow, red);
      const S* const alpha = channels == 4 ? RowOf<S>(frame, 3, y) : nullptr;
      T* to = picture.row(y);
      for (int x = 0; x < width; ++x, to += channels) {
        const auto i = static_cast<size_t>(x);
        const float sample[] = {static_cast<float>(luma[x]) - matrix.zero[0],
                                blue[i] - matrix.zero[1], red[i] - matrix.zero[2]};
        for (size_t c = 0; c < 3; ++c) {
          const auto& gain = matrix.gain[c];
          const float value = gain[0] * sample[0] + gain[1] * sample[1] + gain[2] * sample[2];
          to[c] = static_cast<T>(std::clamp(value * kFull + 0.5F, 0.0F, kFull));
        }
        if (alpha != nullptr) {
          to[3] = static_cast<T>(static_cast<float>(alpha[x]) * alpha_scale + 0.5F);
        }
      }
    }
  });
}

template <typename T>
Result<Image<T>> Make(const Frame& frame, const FrameFormat& format, bool alpha, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(Image<T> picture,
                        Image<T>::Allocate(frame.width(), frame.height(), alpha ? 4 : 3));
  if (frame.layout().bytes_per_sample() == 1) {
    Convert<uint8_t, T>(frame, format, picture, pool);
  } else {
    Convert<uint16_t, T>(frame, format, picture, pool);
  }
  return picture;
}

}  // namespace

Result<ImageU8> PictureOf(const Frame& frame, const FrameFormat& format, ThreadPool* pool) {
  return Make<uint8_t>(frame, format, frame.layout().alpha, pool);
}

Result<ImageU8> RgbOf(const Frame& frame, const FrameFormat& format, ThreadPool* pool) {
  return Make<uint8_t>(frame, format, false, pool);
}

Result<ImageU16> DeepPictureOf(const Frame& frame, const FrameFormat& format, ThreadPool* pool) {
  return Make<uint16_t>(frame, format, frame.layout().alpha, pool);
}

}  // namespace peel::video
