#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace peel::library {

// Pictures of one place.
struct MapPoint {
  double latitude = 0, longitude = 0;
  uint64_t count = 1;
  std::string place;  // "Lisbon, Portugal"; or ""
};

// The world, or the part of it with the points in it, as an <svg>: land, and a circle for each
// cluster of points (its area grows with its pictures) with what it stands for as its <title>.
// Projection: Equal Earth (Šavrič, Patterson and Jenny, 2018). No more than `most` circles.
std::string WorldMap(const std::vector<MapPoint>& points, size_t most = 80);

}  // namespace peel::library
