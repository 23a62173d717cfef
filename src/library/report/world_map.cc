#include "src/library/report/world_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numbers>
#include <span>
#include <utility>

#include "src/library/report/land_outline.h"
#include "src/library/report/text.h"

namespace peel::library {
namespace {

struct Point {
  double x = 0, y = 0;
};

// The meridian in the middle: so that Asia's last corner stays with Asia.
constexpr double kMiddle = 11;
constexpr double kScale = 185;  // half the world is about 2.7 of the projection's units wide

Point Project(double longitude, double latitude) {
  constexpr double kA1 = 1.340264, kA2 = -0.081106, kA3 = 0.000893, kA4 = 0.003796;
  double turned = longitude - kMiddle;
  if (turned < -180) turned += 360;
  if (turned > 180) turned -= 360;
  const double lambda = turned * std::numbers::pi / 180;
  const double phi = latitude * std::numbers::pi / 180;
  const double m = std::sqrt(3.0) / 2;
  const double theta = std::asin(m * std::sin(phi));
  const double t2 = theta * theta, t6 = t2 * t2 * t2;
  const double width = m * (kA1 + 3 * kA2 * t2 + t6 * (7 * kA3 + 9 * kA4 * t2));
  return {kScale * lambda * std::cos(theta) / width,
          -kScale * theta * (kA1 + kA2 * t2 + t6 * (kA3 + kA4 * t2))};
}

// Rings that cross the map's edge are cut there: a step over more than half of the world goes on as
// a new line, and the fill closes along the edge.
std::string LandPath() {
  std::string path;
  const std::span<const int16_t> outline = LandOutline();
  for (size_t at = 0; at < outline.size();) {
    const auto count = static_cast<size_t>(outline[at++]);
    Point last;
    for (size_t i = 0; i < count; ++i, at += 2) {
      const Point p = Project(outline[at] / 10.0, outline[at + 1] / 10.0);
      const bool is_new = i == 0 || std::abs(p.x - last.x) > 400;
      const double dx = std::round(p.x * 10) / 10, dy = std::round(p.y * 10) / 10;
      path += fmt::format("{}{:.1f} {:.1f}", is_new ? "M" : "L", dx, dy);
      last = p;
    }
    path += 'Z';
  }
  return path;
}

std::string GridPath() {
  std::string path;
  const auto line = [&](auto point) {
    for (int i = 0; i <= 36; ++i) {
      const Point p = point(i);
      path += fmt::format("{}{:.0f} {:.0f}", i == 0 ? "M" : "L", p.x, p.y);
    }
  };
  for (int latitude = -60; latitude <= 60; latitude += 30) {
    line([&](int i) { return Project(kMiddle - 179.9 + i * 359.8 / 36, latitude); });
  }
  for (int longitude = -150; longitude <= 150; longitude += 30) {
    line([&](int i) { return Project(kMiddle + longitude, -90 + i * 5); });
  }
  return path;
}

std::string EdgePath() {
  std::string path;
  for (int i = 0; i <= 72; ++i) {
    const bool is_east = i <= 36;
    const double latitude = is_east ? -90 + i * 5 : 90 - (i - 36) * 5;
    const Point p = Project(kMiddle + (is_east ? 179.999 : -179.999), latitude);
    path += fmt::format("{}{:.0f} {:.0f}", i == 0 ? "M" : "L", p.x, p.y);
  }
  return path + "Z";
}

struct Frame {
  double x, y, width, height;
};

constexpr Frame kWorld = {-505, -245, 1010, 490};

// What the points take up with air around it, in the world's proportions; the world where that is
// not much less.
Frame FrameOf(const std::vector<Point>& points) {
  double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
  for (const Point& p : points) {
    left = std::min(left, p.x);
    right = std::max(right, p.x);
    top = std::min(top, p.y);
    bottom = std::max(bottom, p.y);
  }
  const double shape = kWorld.width / kWorld.height;
  const double width =
      std::max({(right - left) * 1.35, (bottom - top) * 1.35 * shape, kWorld.width / 6});
  if (points.empty() || width > kWorld.width * 0.8) return kWorld;
  const double height = width / shape;
  const double x =
      std::clamp((left + right - width) / 2, kWorld.x, kWorld.x + kWorld.width - width);
  const double y =
      std::clamp((top + bottom - height) / 2, kWorld.y, kWorld.y + kWorld.height - height);
  return {x, y, width, height};
}

struct Cluster {
  Point sum;  // weighted by count
  uint64_t count = 0;
  std::map<std::string, uint64_t> places;
};

std::vector<Cluster> ClustersOf(const std::vector<MapPoint>& points,
                                const std::vector<Point>& projected, double cell) {
  std::map<std::pair<int, int>, Cluster> cells;
  for (size_t i = 0; i < points.size(); ++i) {
    const Point& p = projected[i];
    Cluster& cluster =
        cells[{static_cast<int>(std::floor(p.x / cell)), static_cast<int>(std::floor(p.y / cell))}];
    const auto count = static_cast<double>(points[i].count);
    cluster.sum.x += p.x * count;
    cluster.sum.y += p.y * count;
    cluster.count += points[i].count;
    if (!points[i].place.empty()) cluster.places[points[i].place] += points[i].count;
  }
  std::vector<Cluster> clusters;
  clusters.reserve(cells.size());
  for (auto& [place, cluster] : cells) clusters.push_back(std::move(cluster));
  // Small ones are drawn over large ones.
  std::ranges::stable_sort(clusters,
                           [](const Cluster& a, const Cluster& b) { return a.count > b.count; });
  return clusters;
}

double RadiusOf(const Cluster& cluster, uint64_t largest, double unit) {
  return (5 + 21 * std::sqrt(static_cast<double>(cluster.count) / static_cast<double>(largest))) *
         unit;
}

Point MiddleOf(const Cluster& cluster) {
  const auto count = static_cast<double>(cluster.count);
  return {cluster.sum.x / count, cluster.sum.y / count};
}

// Circles that would lie over each other become one, until none do. From the largest down.
std::vector<Cluster> Merged(std::vector<Cluster> clusters, double unit) {
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    std::ranges::stable_sort(clusters,
                             [](const Cluster& a, const Cluster& b) { return a.count > b.count; });
    const uint64_t largest = clusters.empty() ? 1 : clusters[0].count;
    std::vector<Cluster> merged;
    for (Cluster& cluster : clusters) {
      const Point p = MiddleOf(cluster);
      const auto near = std::ranges::find_if(merged, [&](const Cluster& other) {
        const Point q = MiddleOf(other);
        return std::hypot(p.x - q.x, p.y - q.y) <
               0.9 * (RadiusOf(other, largest, unit) + RadiusOf(cluster, largest, unit));
      });
      if (near == merged.end()) {
        merged.push_back(std::move(cluster));
        continue;
      }
      has_changed = true;
      near->sum.x += cluster.sum.x;
      near->sum.y += cluster.sum.y;
      near->count += cluster.count;
      for (const auto& [place, count] : cluster.places) near->places[place] += count;
    }
    clusters = std::move(merged);
  }
  return clusters;
}

std::string TitleOf(const Cluster& cluster) {
  std::string pictures = fmt::format("{} picture{}", cluster.count, cluster.count == 1 ? "" : "s");
  const auto most =
      std::ranges::max_element(cluster.places, {}, [](const auto& entry) { return entry.second; });
  if (most == cluster.places.end()) return pictures;
  const size_t others = cluster.places.size() - 1;
  return fmt::format("{}{}: {}", most->first,
                     others == 0 ? "" : fmt::format(" and {} more", others), pictures);
}

}  // namespace

std::string WorldMap(const std::vector<MapPoint>& points, size_t most) {
  std::vector<Point> projected;
  projected.reserve(points.size());
  for (const MapPoint& p : points) projected.push_back(Project(p.longitude, p.latitude));
  const Frame frame = FrameOf(projected);
  const double unit = frame.width / 1000;
  double cell = 26 * unit;
  std::vector<Cluster> clusters = ClustersOf(points, projected, cell);
  while (clusters.size() > most) {
    cell *= 1.3;
    clusters = ClustersOf(points, projected, cell);
  }
  clusters = Merged(std::move(clusters), unit);
  const uint64_t largest = clusters.empty() ? 1 : clusters[0].count;
  std::string svg = fmt::format(
      "<svg class=\"map\" viewBox=\"{:.1f} {:.1f} {:.1f} {:.1f}\" role=\"img\" "
      "aria-label=\"Map of where the pictures were taken\">"
      "<path class=\"sea\" d=\"{}\"/><path class=\"grid\" stroke-width=\"{:.2f}\" d=\"{}\"/>"
      "<path class=\"land\" stroke-width=\"{:.2f}\" d=\"{}\"/>",
      frame.x, frame.y, frame.width, frame.height, EdgePath(), 0.7 * unit, GridPath(), 0.8 * unit,
      LandPath());
  for (const Cluster& cluster : clusters) {
    const double radius = RadiusOf(cluster, largest, unit);
    const auto [x, y] = MiddleOf(cluster);
    svg += fmt::format(
        "<circle class=\"spot\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.2f}\" "
        "stroke-width=\"{:.2f}\"><title>{}</title></circle>",
        x, y, radius, 1.4 * unit, HtmlText(TitleOf(cluster)));
    if (radius > 13 * unit) {
      svg += fmt::format(
          "<text class=\"count\" x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{:.1f}\">{}</text>", x,
          y + 4.4 * unit, 12.5 * unit, cluster.count);
    }
  }
  return svg + "</svg>\n";
}

}  // namespace peel::library
