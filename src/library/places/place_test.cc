#include "src/library/places/place.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "src/library/places/place_table.h"

namespace peel::library {
namespace {

// Every place as a point of the unit sphere, to search them all in another way.
struct Everywhere {
  Everywhere() {
    const PlaceTable& table = PlaceTable::Embedded();
    for (uint32_t i = 0; i < table.cells(); ++i) {
      const auto cell = table.CellAt(i);
      for (uint32_t place = cell.first; place < cell.end; ++place) {
        vectors.push_back(Unit(table.Latitude(cell, place), table.Longitude(cell, place)));
      }
    }
  }
  static std::array<double, 3> Unit(double latitude, double longitude) {
    const double lat = latitude * std::numbers::pi / 180, lon = longitude * std::numbers::pi / 180;
    return {std::cos(lat) * std::cos(lon), std::cos(lat) * std::sin(lon), std::sin(lat)};
  }
  // Kilometres to the nearest.
  double Distance(double latitude, double longitude) const {
    const auto p = Unit(latitude, longitude);
    double best = 4;
    for (const auto& v : vectors) {
      const double dx = p[0] - v[0], dy = p[1] - v[1], dz = p[2] - v[2];
      best = std::min(best, dx * dx + dy * dy + dz * dz);
    }
    return 2 * 6371.0088 * std::asin(std::sqrt(best) / 2);
  }
  std::vector<std::array<double, 3>> vectors;
};

void ExpectNearest(const Everywhere& all, double latitude, double longitude) {
  SCOPED_TRACE(std::to_string(latitude) + ", " + std::to_string(longitude));
  const double expected = all.Distance(latitude, longitude);
  const auto place = NearestPlace(latitude, longitude);
  if (expected > 100.001) {
    EXPECT_FALSE(place) << place->city << " in " << place->distance_km << " km";
  } else if (expected < 99.999) {
    ASSERT_TRUE(place) << "nothing within " << expected << " km";
    EXPECT_NEAR(place->distance_km, expected, 1e-3);
  }
}

TEST(PlaceTest, KnowsCities) {
  const struct {
    double latitude, longitude;
    const char *country, *code;
  } places[] = {{48.8584, 2.2945, "France", "FR"},       {40.7580, -73.9855, "United States", "US"},
                {-33.8568, 151.2153, "Australia", "AU"}, {35.6586, 139.7454, "Japan", "JP"},
                {-54.8019, -68.3030, "Argentina", "AR"}, {64.1466, -21.9426, "Iceland", "IS"}};
  for (const auto& p : places) {
    const auto place = NearestPlace(p.latitude, p.longitude);
    ASSERT_TRUE(place) << p.country;
    EXPECT_EQ(place->country, p.country);
    EXPECT_EQ(place->country_code, p.code);
    EXPECT_LT(place->distance_km, 10) << place->city;
  }
  const auto ushuaia = NearestPlace(-54.8019, -68.3030);
  EXPECT_EQ(ushuaia->city, "Ushuaia");
  const auto zurich = NearestPlace(47.3769, 8.5417);
  EXPECT_EQ(zurich->country, "Switzerland");
}

TEST(PlaceTest, NothingFarFromAll) {
  EXPECT_FALSE(NearestPlace(-48.876, -123.393));  // the point farthest from all land
  EXPECT_FALSE(NearestPlace(90, 0));
  EXPECT_FALSE(NearestPlace(-90, 180));
}

TEST(PlaceTest, NothingForWhatIsNoPoint) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(NearestPlace(nan, 8.5));
  EXPECT_FALSE(NearestPlace(47, nan));
  EXPECT_FALSE(NearestPlace(90.01, 8.5));
  EXPECT_FALSE(NearestPlace(47, 180.5));
  EXPECT_FALSE(NearestPlace(infinity, -infinity));
}

// All over the sphere, with as many points where people live, at the date line and at the poles.
TEST(PlaceTest, IsTheNearestOfAll) {
  const Everywhere all;
  ASSERT_EQ(all.vectors.size(), PlaceTable::Embedded().places());
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same points every time
  std::uniform_real_distribution<double> latitude(-60, 75), longitude(-180, 180), small(-1.2, 1.2);
  for (int i = 0; i < 60; ++i) ExpectNearest(all, latitude(random), longitude(random));
  const PlaceTable& table = PlaceTable::Embedded();
  for (uint32_t i = 0; i < 60; ++i) {
    const auto cell = table.CellAt(i * (table.cells() / 60));
    ExpectNearest(all, std::min(89.9, table.Latitude(cell, cell.first) + small(random)),
                  std::clamp(table.Longitude(cell, cell.first) + small(random), -180.0, 180.0));
  }
  // Fiji and Chukotka lie on both sides of the line, Svalbard and Alert where degrees are short.
  for (const double line : {-180.0, -179.9, -179.5, 179.5, 179.9, 180.0}) {
    for (const double at : {-16.8, -16.2, 64.7, 66.3, 71.0}) ExpectNearest(all, at, line);
  }
  for (const double at : {78.2, 78.9, 82.5, 89.5, 90.0, -77.8, -89.9, -90.0}) {
    for (const double east : {-180.0, -62.3, 0.0, 11.9, 15.6, 166.7, 180.0}) {
      ExpectNearest(all, at, east);
    }
  }
}

TEST(PlaceTest, TheTableIsWhole) {
  const PlaceTable& table = PlaceTable::Embedded();
  EXPECT_GT(table.places(), 100000u);
  int before = -1;
  uint32_t places = 0;
  for (uint32_t i = 0; i < table.cells(); ++i) {
    const auto cell = table.CellAt(i);
    ASSERT_GT(cell.row * 360 + cell.column, before);
    before = cell.row * 360 + cell.column;
    ASSERT_EQ(cell.first, places);
    ASSERT_GT(cell.end, cell.first);
    places = cell.end;
    EXPECT_EQ(table.FindCell(cell.row, cell.column), i);
    for (uint32_t p = cell.first + 1; p < cell.end; ++p) {
      ASSERT_LE(table.Latitude(cell, p - 1), table.Latitude(cell, p));
    }
    ASSERT_FALSE(table.Name(cell, cell.first).empty());
    ASSERT_FALSE(table.Country(cell.first).empty());
  }
  EXPECT_EQ(places, table.places());
}

}  // namespace
}  // namespace peel::library
