#include "src/rectify/find/matte_outline.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace peel::quads {
namespace {

constexpr int kHalf = 128;
constexpr double kLeastPart = 0.01;
constexpr size_t kMostParts = 12;
constexpr size_t kMostHullPoints = 400;

// Where the matte passes one half between a pixel below it and the next one, 0 to 1 from the
// former.
double HalfWay(int below, int above) {
  return (kHalf - 0.5 - below) / static_cast<double>(above - below);
}

struct Part {
  int64_t pixels = 0;
  std::vector<Point> border;
};

// The pixels of at least one half that hang together with (x, y), marked in `seen`.
Part TakePart(ImageView<const uint8_t> matte, int x, int y, std::vector<uint8_t>& seen,
              std::vector<std::pair<int, int>>& stack) {
  Part part;
  const auto mark = [&](int at_x, int at_y) -> uint8_t& {
    return seen[static_cast<size_t>(at_y) * static_cast<size_t>(matte.width) +
                static_cast<size_t>(at_x)];
  };
  mark(x, y) = 1;
  stack.assign(1, {x, y});
  while (!stack.empty()) {
    const auto [px, py] = stack.back();
    stack.pop_back();
    ++part.pixels;
    const int value = matte.row(py)[px];
    constexpr int kSteps[4][2] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
    for (const auto& step : kSteps) {
      const int nx = px + step[0], ny = py + step[1];
      const bool inside = nx >= 0 && ny >= 0 && nx < matte.width && ny < matte.height;
      const int next = inside ? matte.row(ny)[nx] : 0;
      if (next >= kHalf) {
        if (mark(nx, ny) == 0) {
          mark(nx, ny) = 1;
          stack.emplace_back(nx, ny);
        }
        continue;
      }
      // At the picture's border the part ends with its last pixel.
      const double reach = inside ? 1 - HalfWay(next, value) : 0.5;
      part.border.push_back({px + 0.5 + reach * step[0], py + 0.5 + reach * step[1]});
    }
  }
  return part;
}

}  // namespace

// Andrew's monotone chain (1979).
std::vector<Point> ConvexHull(std::vector<Point> points) {
  std::sort(points.begin(), points.end(),
            [](Point a, Point b) { return a.x < b.x || (a.x == b.x && a.y < b.y); });
  points.erase(std::unique(points.begin(), points.end()), points.end());
  if (points.size() < 3) return points;
  std::vector<Point> hull;
  for (int half = 0; half < 2; ++half) {
    const size_t start = hull.size();
    for (const Point p : points) {
      while (hull.size() >= start + 2 &&
             Cross(hull.back() - hull[hull.size() - 2], p - hull.back()) <= 1e-12) {
        hull.pop_back();
      }
      hull.push_back(p);
    }
    hull.pop_back();
    std::reverse(points.begin(), points.end());
  }
  return hull;
}

std::vector<Point> ReduceSides(std::vector<Point> polygon, size_t sides) {
  while (polygon.size() > sides) {
    const size_t n = polygon.size();
    double least = 1e300;
    size_t best = n;
    Point meeting;
    for (size_t i = 0; i < n; ++i) {
      const Point before = polygon[(i + n - 1) % n], a = polygon[i];
      const Point b = polygon[(i + 1) % n], after = polygon[(i + 2) % n];
      // The neighbours must meet beyond the side, not behind it.
      if (Cross(a - before, after - b) <= 0) continue;
      const auto p = Intersection(Line::Through(before, a), Line::Through(after, b));
      if (!p) continue;
      const double added = 0.5 * std::abs(Cross(b - a, *p - a));
      if (added < least) least = added, best = i, meeting = *p;
    }
    if (best == n) return {};
    polygon[best] = meeting;
    polygon.erase(polygon.begin() + static_cast<ptrdiff_t>((best + 1) % n));
  }
  return polygon;
}

Quad LeastRectangle(const std::vector<Point>& hull) {
  Quad best;
  double least = 1e300;
  for (size_t i = 0; i < hull.size(); ++i) {
    const Line side = Line::Through(hull[i], hull[(i + 1) % hull.size()]);
    double from = 1e300, to = -1e300, depth = 0;
    for (const Point p : hull) {
      from = std::min(from, side.Position(p)), to = std::max(to, side.Position(p));
      depth = std::max(depth, side.Offset(p));
    }
    if ((to - from) * depth >= least) continue;
    least = (to - from) * depth;
    const Point down = depth * side.Normal();
    best.corners = {side.At(from), side.At(to), side.At(to) + down, side.At(from) + down};
  }
  return best;
}

std::vector<Quad> QuadsAroundMatte(ImageView<const uint8_t> matte) {
  std::vector<Quad> quads;
  if (matte.empty()) return quads;
  std::vector<uint8_t> seen(static_cast<size_t>(matte.width) * static_cast<size_t>(matte.height),
                            0);
  std::vector<std::pair<int, int>> stack;
  std::vector<Part> parts;
  const double least = kLeastPart * matte.width * matte.height;
  for (int y = 0; y < matte.height; ++y) {
    for (int x = 0; x < matte.width; ++x) {
      if (matte.row(y)[x] < kHalf ||
          seen[static_cast<size_t>(y) * static_cast<size_t>(matte.width) +
               static_cast<size_t>(x)] != 0) {
        continue;
      }
      Part part = TakePart(matte, x, y, seen, stack);
      if (static_cast<double>(part.pixels) >= least) parts.push_back(std::move(part));
    }
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.pixels > b.pixels; });
  if (parts.size() > kMostParts) parts.resize(kMostParts);
  for (Part& part : parts) {
    const std::vector<Point> hull = ConvexHull(std::move(part.border));
    if (hull.size() < 3 || hull.size() > kMostHullPoints) continue;
    const std::vector<Point> four = ReduceSides(hull, 4);
    if (four.size() == 4) quads.push_back({{four[0], four[1], four[2], four[3]}});
    quads.push_back(LeastRectangle(hull));
  }
  return quads;
}

}  // namespace peel::quads
