#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace peel::library {

// The table of tools/pack_places.py, which tells its layout, in the program's own bytes: nothing is
// unpacked or copied, pages are read in as places are asked for.
class PlaceTable {
 public:
  // One of a degree of latitude and longitude.
  struct Cell {
    int row = 0, column = 0;  // of its southern and western edge: latitude + 90, longitude + 180
    uint32_t first = 0, end = 0;
    uint32_t name = 0;  // first byte of the first one's name
  };

  static const PlaceTable& Embedded();

  uint32_t cells() const { return cells_; }
  uint32_t places() const { return places_; }
  Cell CellAt(uint32_t index) const;
  // The first cell of this place in the grid or behind it; cells() where there is none.
  uint32_t FindCell(int row, int column) const;

  // Degrees.
  double Latitude(const Cell& cell, uint32_t place) const;
  double Longitude(const Cell& cell, uint32_t place) const;
  std::string_view Name(const Cell& cell, uint32_t place) const;
  std::string_view CountryCode(uint32_t place) const;
  std::string_view Country(uint32_t place) const;

 private:
  explicit PlaceTable(const uint8_t* bytes);

  uint32_t countries_, cells_, places_;
  const uint8_t* codes_;
  const uint8_t* country_lengths_;
  const uint8_t* country_names_;
  const uint8_t* cell_table_;
  const uint8_t* positions_;
  const uint8_t* country_of_;
  const uint8_t* lengths_;
  const uint8_t* names_;
};

}  // namespace peel::library
