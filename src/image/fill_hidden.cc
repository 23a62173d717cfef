#include "src/image/fill_hidden.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "src/image/rows.h"

namespace peel {
namespace {

template <typename T>
constexpr float kOpaque = static_cast<float>(std::numeric_limits<T>::max());

template <typename T>
bool AnyBelowOpaque(ImageView<const T> picture) {
  if (picture.channels != 4) return false;
  for (int y = 0; y < picture.height; ++y) {
    const T* p = picture.row(y) + 3;
    T least = std::numeric_limits<T>::max();  // without a branch, so that it is done in vectors
    for (int x = 0; x < picture.width; ++x, p += 4) least = std::min(least, *p);
    if (least != std::numeric_limits<T>::max()) return true;
  }
  return false;
}

// Half the size: each pixel the mean of four in which each counts by its weight, the fourth
// channel, from 0 to 1. `at(y, x)` gives a pixel of the finer level.
template <typename At>
Result<ImageF32> Push(int width, int height, At at, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(ImageF32 coarse, ImageF32::Allocate((width + 1) / 2, (height + 1) / 2, 4));
  ForRowBands(coarse.height(), pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      float* to = coarse.row(y);
      for (int x = 0; x < coarse.width(); ++x, to += 4) {
        float sum[4] = {};
        for (int dy = 0; dy < 2; ++dy) {
          for (int dx = 0; dx < 2; ++dx) {
            if (2 * y + dy >= height || 2 * x + dx >= width) continue;
            float pixel[4];
            at(2 * y + dy, 2 * x + dx, pixel);
            for (int c = 0; c < 3; ++c) sum[c] += pixel[3] * pixel[c];
            sum[3] += pixel[3];
          }
        }
        for (int c = 0; c < 3; ++c) to[c] = sum[3] > 0 ? sum[c] / sum[3] : 0;
        to[3] = std::min(sum[3], 1.0f);
      }
    }
  });
  return coarse;
}

// What a level lacks in weight comes from the coarser one.
void Pull(const ImageF32& coarse, ImageF32* fine, ThreadPool* pool) {
  ForRowBands(fine->height(), pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      float* p = fine->row(y);
      for (int x = 0; x < fine->width(); ++x, p += 4) {
        const float* from = coarse.row(y / 2) + ptrdiff_t{x / 2} * 4;
        for (int c = 0; c < 3; ++c) p[c] = p[3] * p[c] + (1 - p[3]) * from[c];
      }
    }
  });
}

template <typename T>
Status Fill(ImageView<T> rgba, ThreadPool* pool) {
  if (rgba.channels != 4) return InvalidArgument("only RGBA has hidden pixels");
  std::vector<ImageF32> levels;
  const auto pixel_of = [&](int y, int x, float* pixel) {
    const T* p = rgba.row(y) + ptrdiff_t{x} * 4;
    for (int c = 0; c < 3; ++c) pixel[c] = static_cast<float>(p[c]);
    pixel[3] = static_cast<float>(p[3]) / kOpaque<T>;
  };
  PEEL_ASSIGN_OR_RETURN(ImageF32 level, Push(rgba.width, rgba.height, pixel_of, pool));
  levels.push_back(std::move(level));
  while (levels.back().width() > 1 || levels.back().height() > 1) {
    const ImageF32& fine = levels.back();
    const auto of_level = [&](int y, int x, float* pixel) {
      std::copy_n(fine.row(y) + ptrdiff_t{x} * 4, 4, pixel);
    };
    PEEL_ASSIGN_OR_RETURN(level, Push(fine.width(), fine.height(), of_level, pool));
    levels.push_back(std::move(level));
  }
  for (size_t i = levels.size() - 1; i > 0; --i) Pull(levels[i], &levels[i - 1], pool);

  ForRowBands(rgba.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      T* p = rgba.row(y);
      for (int x = 0; x < rgba.width; ++x, p += 4) {
        if (p[3] != 0) continue;
        const float* from = levels[0].row(y / 2) + ptrdiff_t{x / 2} * 4;
        for (int c = 0; c < 3; ++c) {
          p[c] = static_cast<T>(std::clamp(from[c] + 0.5f, 0.0f, kOpaque<T>));
        }
      }
    }
  });
  return OkStatus();
}

}  // namespace

bool HasTransparency(ImageView<const uint8_t> picture) { return AnyBelowOpaque(picture); }
bool HasTransparency(ImageView<const uint16_t> picture) { return AnyBelowOpaque(picture); }

Status FillHidden(ImageView<uint8_t> rgba, ThreadPool* pool) { return Fill(rgba, pool); }
Status FillHidden(ImageView<uint16_t> rgba, ThreadPool* pool) { return Fill(rgba, pool); }

}  // namespace peel
