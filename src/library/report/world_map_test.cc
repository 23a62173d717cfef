#include "src/library/report/world_map.h"

#include <gtest/gtest.h>

#include <string>

namespace peel::library {
namespace {

size_t Count(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(WorldMap, ShowsTheWorldOrThePartThatMatters) {
  const std::string world = WorldMap({{51.5, -0.1, 1, "London"}, {-33.9, 151.2, 1, "Sydney"}});
  EXPECT_NE(world.find("viewBox=\"-505.0 -245.0 1010.0 490.0\""), std::string::npos);
  const std::string near = WorldMap({{51.5, -0.1, 1, "London"}, {52.5, -1.9, 1, "Birmingham"}});
  EXPECT_EQ(near.find("viewBox=\"-505.0"), std::string::npos);
  EXPECT_NE(WorldMap({}).find("class=\"land\""), std::string::npos);
}

TEST(WorldMap, ClustersAndTells) {
  const std::string map = WorldMap({{38.72, -9.14, 7, "Lisbon, Portugal"},
                                    {38.70, -9.20, 2, "Algés, Portugal"},
                                    {35.0, 135.8, 1, "<b>Kyoto"}});
  EXPECT_EQ(Count(map, "<circle"), 2U);
  EXPECT_NE(map.find("Lisbon, Portugal and 1 more: 9 pictures"), std::string::npos);
  EXPECT_NE(map.find("&lt;b&gt;Kyoto: 1 picture<"), std::string::npos);
}

TEST(WorldMap, ManyPlacesAreFewCircles) {
  std::vector<MapPoint> points;
  for (int latitude = -80; latitude <= 80; latitude += 2) {
    for (int longitude = -180; longitude <= 180; longitude += 2) {
      points.push_back({static_cast<double>(latitude), static_cast<double>(longitude), 1, ""});
    }
  }
  const std::string map = WorldMap(points, 50);
  EXPECT_LE(Count(map, "<circle"), 50U);
  EXPECT_GE(Count(map, "<circle"), 1U);
  EXPECT_EQ(map.find("nan"), std::string::npos);
}

}  // namespace
}  // namespace peel::library
