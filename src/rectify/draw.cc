#include "src/rectify/draw.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "src/image/colour.h"
#include "src/image/geometry.h"
#include "src/image/rows.h"

namespace peel {
namespace {

constexpr Rgba kRim{10, 30, 20, 150}, kSide{0, 230, 118, 255}, kFirst{255, 145, 0, 255};
// Farther away nothing is seen, and distances lose their fractions.
constexpr double kFarthest = 1e7;
constexpr double kFarthestCorner = 1e9;  // as CheckQuad has it

// A line with round ends, or a ring: everything within `reach` of a segment, or of a circle about
// its first point.
struct Shape {
  Point a, b;
  double radius;  // of the circle; 0: the segment from a to b
  double reach;
  Rgba colour;
};

double DistanceTo(const Shape& s, Point p) {
  const double x = p.x - s.a.x, y = p.y - s.a.y;
  if (s.radius > 0) return std::abs(std::hypot(x, y) - s.radius);
  const double dx = s.b.x - s.a.x, dy = s.b.y - s.a.y, length = dx * dx + dy * dy;
  const double t = length > 0 ? std::clamp((x * dx + y * dy) / length, 0.0, 1.0) : 0;
  return std::hypot(x - t * dx, y - t * dy);
}

struct Range {
  double from, to;
};

// Where a row at height y may meet the shape, with a pixel to spare.
std::optional<Range> Reached(const Shape& s, double y) {
  const double far = s.radius + s.reach + 1;
  if (y < std::min(s.a.y, s.b.y) - far || y > std::max(s.a.y, s.b.y) + far) return std::nullopt;
  Range range{std::min(s.a.x, s.b.x) - far, std::max(s.a.x, s.b.x) + far};
  const double dx = s.b.x - s.a.x, dy = s.b.y - s.a.y;
  if (std::abs(dy) > 1e-9 * std::abs(dx) && dy != 0) {
    // The slanted band about the line through both ends.
    const double middle = s.a.x + (y - s.a.y) * dx / dy;
    const double wide = far * std::hypot(dx, dy) / std::abs(dy);
    range = {std::max(range.from, middle - wide), std::min(range.to, middle + wide)};
  }
  return range;
}

void Blend(uint8_t* pixel, int channels, const Rgba& colour, double cover) {
  const double a = cover * colour.a / 255;
  const uint8_t to[] = {colour.r, colour.g, colour.b, 255};
  for (int c = 0; c < channels; ++c) {
    pixel[c] = static_cast<uint8_t>(std::lround(pixel[c] + (to[c] - pixel[c]) * a));
  }
}

void DrawRow(const Shape& shape, int y, ImageView<uint8_t> out) {
  const std::optional<Range> range = Reached(shape, y + 0.5);
  if (!range) return;
  const int from = static_cast<int>(std::clamp(std::floor(range->from), 0.0, 1.0 * out.width));
  const int to = static_cast<int>(std::clamp(std::ceil(range->to), 0.0, 1.0 * out.width));
  for (int x = from; x < to; ++x) {
    const double cover = shape.reach + 0.5 - DistanceTo(shape, {x + 0.5, y + 0.5});
    if (cover > 0) {
      Blend(out.row(y) + ptrdiff_t{x} * out.channels, out.channels, shape.colour,
            std::min(cover, 1.0));
    }
  }
}

// The part of a line that is near enough, or nothing.
std::optional<std::pair<Point, Point>> Near(Point a, Point b) {
  double from = 0, to = 1;
  const auto cut = [&](double p, double d) {
    for (const double side : {-1.0, 1.0}) {
      // side * (p + t d) <= kFarthest
      const double room = kFarthest - side * p, speed = side * d;
      if (speed > 0) {
        to = std::min(to, room / speed);
      } else if (speed < 0) {
        from = std::max(from, room / speed);
      } else if (room < 0) {
        to = -1;
      }
    }
  };
  const double dx = b.x - a.x, dy = b.y - a.y;
  cut(a.x, dx);
  cut(a.y, dy);
  if (!(from <= to)) return std::nullopt;
  return std::pair{Point{a.x + from * dx, a.y + from * dy}, Point{a.x + to * dx, a.y + to * dy}};
}

void AddShapes(const Quad& quad, double width, std::vector<Shape>& shapes) {
  const double reach = width / 2, rim = reach + std::max(1.0, width / 3), ring = 3 * width;
  const auto& c = quad.corners;
  const auto close = [](Point p) {
    return std::abs(p.x) <= kFarthest && std::abs(p.y) <= kFarthest;
  };
  for (const auto& [wide, colour] : {std::pair{rim, kRim}, {reach, kSide}}) {
    for (size_t i = 0; i < 4; ++i) {
      if (const auto line = Near(c[i], c[(i + 1) % 4])) {
        shapes.push_back({line->first, line->second, 0, wide, colour});
      }
    }
    for (size_t i = 0; i < 4; ++i) {
      if (!close(c[i])) continue;
      if (i == 0) {
        const bool inner = wide == reach;
        shapes.push_back({c[0], c[0], 0, ring + wide, inner ? kFirst : colour});
      } else {
        shapes.push_back({c[i], c[i], ring, wide, colour});
      }
    }
  }
}

}  // namespace

Result<ImageU8> DrawQuads(ImageView<const uint8_t> picture, std::span<const Quad> quads,
                          ThreadPool* pool) {
  if (picture.empty() || picture.data == nullptr || picture.channels < 1 || picture.channels > 4) {
    return InvalidArgument("quads are drawn on pictures of 1 to 4 channels");
  }
  const double width = std::max(2.0, std::max(picture.width, picture.height) / 400.0);
  std::vector<Shape> shapes;
  for (const Quad& quad : quads) {
    for (const Point& p : quad.corners) {
      if (!(std::abs(p.x) <= kFarthestCorner && std::abs(p.y) <= kFarthestCorner)) {
        return InvalidArgument("a corner farther away than any picture is wide cannot be drawn");
      }
    }
    AddShapes(quad, width, shapes);
  }
  const bool alpha = picture.channels % 2 == 0;
  PEEL_ASSIGN_OR_RETURN(ImageU8 out,
                        ImageU8::Allocate(picture.width, picture.height, alpha ? 4 : 3));
  ForRowBands(picture.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const uint8_t* from = picture.row(y);
      uint8_t* to = out.row(y);
      for (int x = 0; x < picture.width; ++x, from += picture.channels, to += out.channels()) {
        for (int c = 0; c < 3; ++c) to[c] = from[picture.channels >= 3 ? c : 0];
        if (alpha) to[3] = from[picture.channels - 1];
      }
      for (const Shape& shape : shapes) DrawRow(shape, y, out.view());
    }
  });
  return out;
}

}  // namespace peel
