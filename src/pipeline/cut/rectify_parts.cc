#include "src/pipeline/cut/rectify_parts.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "src/image/rows.h"

namespace peel {
namespace {

// Corners further outside than this, in pixels, show that a part of the quad is not in the picture.
constexpr double kOutside = 1;
// How wide a soft outline may be along a side: this share of the longer one, at least so many
// pixels.
constexpr int kRimShare = 100, kLeastRim = 2;

template <typename T>
Result<Image<T>> AddAlpha(ImageView<const T> rgb, ThreadPool* pool) {
  PEEL_ASSIGN_OR_RETURN(Image<T> rgba, Image<T>::Allocate(rgb.width, rgb.height, 4));
  ForRowBands(rgb.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const T* from = rgb.row(y);
      T* to = rgba.row(y);
      for (int x = 0; x < rgb.width; ++x, from += 3, to += 4) {
        std::copy_n(from, 3, to);
        to[3] = static_cast<T>(~T{0});
      }
    }
  });
  return rgba;
}

template <typename T>
Result<Image<T>> Spread(ImageView<const T> grey, ThreadPool* pool) {
  const int channels = grey.channels;
  PEEL_ASSIGN_OR_RETURN(Image<T> out, Image<T>::Allocate(grey.width, grey.height, channels + 2));
  ForRowBands(grey.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const T* from = grey.row(y);
      T* to = out.row(y);
      for (int x = 0; x < grey.width; ++x, from += channels, to += channels + 2) {
        std::fill_n(to, 3, from[0]);
        if (channels == 2) to[3] = from[1];
      }
    }
  });
  return out;
}

}  // namespace

Result<ImageU8> WithAlphaChannel(ImageView<const uint8_t> rgb, ThreadPool* pool) {
  return AddAlpha(rgb, pool);
}
Result<ImageU16> WithAlphaChannel(ImageView<const uint16_t> rgb, ThreadPool* pool) {
  return AddAlpha(rgb, pool);
}

Result<ImageU8> Coloured(ImageView<const uint8_t> grey, ThreadPool* pool) {
  return Spread(grey, pool);
}
Result<ImageU16> Coloured(ImageView<const uint16_t> grey, ThreadPool* pool) {
  return Spread(grey, pool);
}

Result<ImageU8> UnionOf(const Matte& matte, ThreadPool* pool) {
  Matte copy;
  for (const ImageU8& alpha : matte.alphas) {
    PEEL_ASSIGN_OR_RETURN(ImageU8 one, Clone(alpha.view()));
    copy.alphas.push_back(std::move(one));
  }
  return TakeUnion(copy, pool);
}

bool ReachesOutside(const Quad& quad, Size picture) {
  return std::ranges::any_of(quad.corners, [&](const Point& p) {
    return p.x < -kOutside || p.y < -kOutside || p.x > picture.width + kOutside ||
           p.y > picture.height + kOutside;
  });
}

Homography Shifted(const Homography& h, int by) {
  Homography shift;
  shift.m[2] = shift.m[5] = by;
  return shift * h;
}

Box InsideMargin(Size result, int margin) {
  const int m = std::max(margin, 0);
  return {m, m, result.width - 2 * m, result.height - 2 * m};
}

void ClearAround(const Box& box, ImageView<uint8_t> alpha) {
  for (int y = 0; y < alpha.height; ++y) {
    uint8_t* row = alpha.row(y);
    if (y < box.y || y >= box.y + box.height) {
      std::memset(row, 0, static_cast<size_t>(alpha.width));
    } else {
      std::fill(row, row + box.x, uint8_t{0});
      std::fill(row + box.x + box.width, row + alpha.width, uint8_t{0});
    }
  }
}

void FirmBorders(const Box& box, ImageView<uint8_t> alpha) {
  const int rim = std::max(kLeastRim, std::max(box.width, box.height) / kRimShare);
  const auto firm = [](uint8_t* row, int first, int last) {
    for (int x = first; x < last; ++x) row[x] = static_cast<uint8_t>(std::min(2 * row[x], 255));
  };
  const int right = box.x + box.width, bottom = box.y + box.height;
  for (int y = box.y; y < bottom; ++y) {
    uint8_t* row = alpha.row(y);
    if (y < box.y + rim || y >= bottom - rim) {
      firm(row, box.x, right);
    } else {
      const int left_end = std::min(box.x + rim, right);
      firm(row, box.x, left_end);
      firm(row, std::max(left_end, right - rim), right);
    }
  }
}

Result<ImageU8> AlphaOfBox(Size size, const Box& box) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 alpha, ImageU8::Allocate(size.width, size.height, 1));
  for (int y = 0; y < size.height; ++y) {
    std::memset(alpha.row(y), 255, static_cast<size_t>(size.width));
  }
  ClearAround(box, alpha.view());
  return alpha;
}

}  // namespace peel
