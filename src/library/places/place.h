#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace peel::library {

struct Place {
  std::string_view city;     // GeoNames' name in UTF-8, of a place of 1,000 inhabitants or more
  std::string_view country;  // in English
  std::string_view country_code;  // ISO 3166-1, two letters
  double distance_km = 0;         // along the great circle
};

// The place nearest to a point (degrees; latitude -90 to 90, longitude -180 to 180) from the table
// in the program (GeoNames, CC BY 4.0); nothing beyond 100 km and for what is no point.
std::optional<Place> NearestPlace(double latitude, double longitude);

}  // namespace peel::library
