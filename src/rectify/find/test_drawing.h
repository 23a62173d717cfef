#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "src/image/image.h"
#include "src/rectify/plane.h"

// Drawings with known truth for the tests of the search.
namespace peel::testing {

struct Ink {
  uint8_t r = 0, g = 0, b = 0;
};

inline ImageU8 Sheet(int width, int height, Ink ink) {
  ImageU8 image = std::move(*ImageU8::Allocate(width, height, 3));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* p = image.row(y) + ptrdiff_t{3} * x;
      p[0] = ink.r, p[1] = ink.g, p[2] = ink.b;
    }
  }
  return image;
}

// How much of a pixel a convex clockwise quad covers, from 8 x 8 places.
inline double CoverOf(const Quad& quad, int x, int y) {
  int inside = 0;
  for (int i = 0; i < 64; ++i) {
    const Point p{x + (i % 8 + 0.5) / 8, y + (i / 8 + 0.5) / 8};
    bool in = true;
    for (size_t side = 0; side < 4 && in; ++side) in = quads::Side(quad, side).Offset(p) >= 0;
    inside += in;
  }
  return inside / 64.0;
}

// Fills the quad; edges are mixed in linear light of gamma 2.2, as a camera does.
inline void Fill(ImageU8& image, const Quad& quad, Ink ink) {
  const uint8_t colour[] = {ink.r, ink.g, ink.b};
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
  for (const Point p : quad.corners) {
    left = std::min(left, p.x), right = std::max(right, p.x);
    top = std::min(top, p.y), bottom = std::max(bottom, p.y);
  }
  const auto linear = [](double v) { return std::pow(v / 255, 2.2); };
  for (int y = std::max(0, static_cast<int>(top)); y < std::min<double>(image.height(), bottom);
       ++y) {
    for (int x = std::max(0, static_cast<int>(left)); x < std::min<double>(image.width(), right);
         ++x) {
      const double cover = CoverOf(quad, x, y);
      for (int c = 0; c < 3 && cover > 0; ++c) {
        uint8_t& v = image.row(y)[3 * x + c];
        const double mixed = cover * linear(colour[c]) + (1 - cover) * linear(v);
        v = static_cast<uint8_t>(std::lround(255 * std::pow(mixed, 1 / 2.2)));
      }
    }
  }
}

// Repeatable noise of +- `levels`.
inline void AddNoise(ImageU8& image, int levels, uint32_t seed = 1) {
  for (int y = 0; y < image.height(); ++y) {
    for (int i = 0; i < image.width() * image.channels(); ++i) {
      seed = seed * 1664525u + 1013904223u;
      const int off =
          static_cast<int>((seed >> 16) % static_cast<uint32_t>(2 * levels + 1)) - levels;
      image.row(y)[i] = static_cast<uint8_t>(std::clamp(image.row(y)[i] + off, 0, 255));
    }
  }
}

// Rows of dark words on the quad, as on a page, within `margin` (a share) of its sides.
inline void Write(ImageU8& image, const Quad& page, int rows, double margin, Ink ink) {
  const auto at = [&](double u, double v) {
    using quads::operator+;
    using quads::operator*;
    const Point top = (1 - u) * page.corners[0] + u * page.corners[1];
    const Point bottom = (1 - u) * page.corners[3] + u * page.corners[2];
    return (1 - v) * top + v * bottom;
  };
  uint32_t seed = 7;
  for (int row = 0; row < rows; ++row) {
    const double v = margin + (1 - 2 * margin) * row / rows, height = 0.4 * (1 - 2 * margin) / rows;
    for (double u = margin; u < 1 - margin;) {
      seed = seed * 1664525u + 1013904223u;
      const double word = std::min(0.02 + 0.08 * (seed >> 24) / 255, 1 - margin - u);
      Fill(image, {{at(u, v), at(u + word, v), at(u + word, v + height), at(u, v + height)}}, ink);
      u += word + 0.02;
    }
  }
}

// The largest distance of corresponding corners, whichever comes first.
inline double CornerError(const Quad& a, const Quad& b) {
  double best = 1e300;
  for (size_t turn = 0; turn < 4; ++turn) {
    double worst = 0;
    for (size_t i = 0; i < 4; ++i) {
      worst = std::max(worst, quads::Distance(a.corners[i], b.corners[(i + turn) % 4]));
    }
    best = std::min(best, worst);
  }
  return best;
}

}  // namespace peel::testing
