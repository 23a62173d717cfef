#include "src/matte/transparency.h"

#include <algorithm>
#include <array>

#include "src/image/composite.h"
#include "src/image/rows.h"

namespace peel {
namespace {

constexpr int kVisible = 128;  // alpha from which a pixel belongs to what shows
constexpr double kClearBorder = 0.5;
constexpr double kRectangle = 0.95;  // share of its bounding box that a rectangle fills

int LumaOf(const uint8_t* p) { return (19595 * p[0] + 38470 * p[1] + 7471 * p[2]) >> 16; }

}  // namespace

bool IsCutOut(ImageView<const uint8_t> rgba) {
  if (rgba.channels != 4 || rgba.empty()) return false;
  int64_t border = 0, clear = 0, visible = 0;
  int left = rgba.width, right = -1, top = rgba.height, bottom = -1;
  for (int y = 0; y < rgba.height; ++y) {
    const uint8_t* p = rgba.row(y) + 3;
    const bool edge_row = y == 0 || y == rgba.height - 1;
    for (int x = 0; x < rgba.width; ++x, p += 4) {
      if (edge_row || x == 0 || x == rgba.width - 1) {
        ++border;
        clear += *p < kVisible;
      }
      if (*p < kVisible) continue;
      ++visible;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = y;
    }
  }
  if (visible == 0) return false;
  const double box = static_cast<double>(right - left + 1) * (bottom - top + 1);
  return static_cast<double>(clear) >= kClearBorder * static_cast<double>(border) &&
         static_cast<double>(visible) < kRectangle * box;
}

Result<ImageU8> OverContrast(ImageView<const uint8_t> rgba, ThreadPool* pool) {
  constexpr std::array<uint8_t, 3> kGrounds = {255, 128, 0};
  std::array<int64_t, kGrounds.size()> alike = {};
  constexpr int kAlike = 48;
  for (int y = 0; y < rgba.height; ++y) {
    const uint8_t* p = rgba.row(y);
    for (int x = 0; x < rgba.width; ++x, p += 4) {
      for (size_t g = 0; g < kGrounds.size(); ++g) {
        if (std::abs(LumaOf(p) - kGrounds[g]) < kAlike) alike[g] += p[3];
      }
    }
  }
  const auto best = std::min_element(alike.begin(), alike.end()) - alike.begin();
  const uint8_t ground = kGrounds[static_cast<size_t>(best)];
  return FlattenOver(rgba, Rgba{ground, ground, ground, 255}, pool);
}

void MultiplyByOwnAlpha(ImageView<const uint8_t> rgba, ImageView<uint8_t> alpha, ThreadPool* pool) {
  ForRowBands(alpha.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const uint8_t* from = rgba.row(y) + 3;
      uint8_t* to = alpha.row(y);
      for (int x = 0; x < alpha.width; ++x, from += 4, ++to) {
        *to = static_cast<uint8_t>(MulDiv255(*to, *from));
      }
    }
  });
}

}  // namespace peel
