#include "src/library/places/place.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "src/library/places/place_table.h"

namespace peel::library {
namespace {

constexpr double kEarthKm = 6371.0088;  // mean radius of GRS 80
constexpr double kMostKm = 100;
constexpr double kRadians = std::numbers::pi / 180;
constexpr int kRows = 180, kColumns = 360;

// A little more than kMostKm in degrees of a great circle.
constexpr double kMostDegrees = 0.9;

struct Point {
  double latitude, longitude;  // degrees
  double cosine;               // of the latitude
};

// Haversines: exact for what is near too.
double SquaredHalfChord(const Point& from, double latitude, double longitude) {
  const double a = std::sin((latitude - from.latitude) * kRadians / 2);
  const double b = std::sin((longitude - from.longitude) * kRadians / 2);
  return a * a + from.cosine * std::cos(latitude * kRadians) * b * b;
}

double ChordOfDegrees(double degrees) {
  const double half = std::sin(degrees * kRadians / 2);
  return half * half;
}

struct Nearest {
  double chord;  // squared and halved, as SquaredHalfChord
  PlaceTable::Cell cell;
  uint32_t place = 0;
  bool found = false;
};

void SearchCell(const PlaceTable& table, const PlaceTable::Cell& cell, const Point& from,
                Nearest* nearest) {
  // Within the cell by latitude: what is farther than the nearest so far in that alone is passed
  // over, and the first that is so to the north ends the search.
  const double reach = 2 * std::asin(std::sqrt(std::min(1.0, nearest->chord))) / kRadians;
  uint32_t low = cell.first, high = cell.end;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (table.Latitude(cell, middle) < from.latitude - reach) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (uint32_t place = low; place < cell.end; ++place) {
    const double latitude = table.Latitude(cell, place);
    if (latitude > from.latitude && ChordOfDegrees(latitude - from.latitude) > nearest->chord) {
      break;
    }
    const double chord = SquaredHalfChord(from, latitude, table.Longitude(cell, place));
    if (chord < nearest->chord) *nearest = {chord, cell, place, true};
  }
}

// Over the cells of a row from one column on, which may be beyond the date line.
void SearchRow(const PlaceTable& table, int row, int column, int count, const Point& from,
               Nearest* nearest) {
  while (count > 0) {
    const int start = (column % kColumns + kColumns) % kColumns;
    const int length = std::min(count, kColumns - start);
    for (uint32_t i = table.FindCell(row, start); i < table.cells(); ++i) {
      const PlaceTable::Cell cell = table.CellAt(i);
      if (cell.row != row || cell.column >= start + length) break;
      SearchCell(table, cell, from, nearest);
    }
    column += length;
    count -= length;
  }
}

}  // namespace

std::optional<Place> NearestPlace(double latitude, double longitude) {
  if (!(latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180)) return {};
  const PlaceTable& table = PlaceTable::Embedded();
  const Point from = {latitude, longitude, std::cos(latitude * kRadians)};
  Nearest nearest = {ChordOfDegrees(kMostKm / kEarthKm / kRadians), {}, 0, false};
  const auto row_of = [](double degrees) {
    return std::clamp(static_cast<int>(std::floor(degrees)) + 90, 0, kRows - 1);
  };
  // Its own cell first: what is found there shortens the search of the others.
  const int own_row = row_of(latitude);
  const int own_column = std::min(static_cast<int>(std::floor(longitude)) + 180, kColumns - 1);
  SearchRow(table, own_row, own_column, 1, from, &nearest);
  for (int row = row_of(latitude - kMostDegrees); row <= row_of(latitude + kMostDegrees); ++row) {
    // How far east and west the circle reaches: everywhere where a pole lies in it.
    const double most = std::sin(kMostDegrees * kRadians) / std::max(from.cosine, 1e-9);
    const double reach = most >= 1 ? 180 : std::asin(most) / kRadians;
    const int first = static_cast<int>(std::floor(longitude - reach)) + 180;
    const int last = static_cast<int>(std::floor(longitude + reach)) + 180;
    SearchRow(table, row, first, std::min(last - first + 1, kColumns), from, &nearest);
  }
  if (!nearest.found) return {};
  Place place;
  place.city = table.Name(nearest.cell, nearest.place);
  place.country = table.Country(nearest.place);
  place.country_code = table.CountryCode(nearest.place);
  place.distance_km = 2 * kEarthKm * std::asin(std::sqrt(std::min(1.0, nearest.chord)));
  return place;
}

}  // namespace peel::library
