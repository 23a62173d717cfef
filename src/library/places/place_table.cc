#include "src/library/places/place_table.h"

extern "C" {
extern const uint8_t peel_places_begin[];  // NOLINT(readability-identifier-naming)
}

namespace peel::library {
namespace {

constexpr size_t kCellBytes = 10, kPositionBytes = 4;
constexpr int kColumns = 360;

uint32_t Little16(const uint8_t* p) { return p[0] | uint32_t{p[1]} << 8; }
uint32_t Little32(const uint8_t* p) { return Little16(p) | Little16(p + 2) << 16; }
std::string_view Text(const uint8_t* p, size_t size) {
  return {reinterpret_cast<const char*>(p), size};
}

}  // namespace

const PlaceTable& PlaceTable::Embedded() {
  static const PlaceTable table(peel_places_begin);
  return table;
}

PlaceTable::PlaceTable(const uint8_t* bytes)
    : countries_(Little32(bytes + 8)),
      cells_(Little32(bytes + 12)),
      places_(Little32(bytes + 16)),
      codes_(bytes + 28),
      country_lengths_(codes_ + size_t{2} * countries_),
      country_names_(country_lengths_ + countries_),
      cell_table_(country_names_ + Little32(bytes + 20)),
      positions_(cell_table_ + kCellBytes * cells_),
      country_of_(positions_ + kPositionBytes * places_),
      lengths_(country_of_ + places_),
      names_(lengths_ + places_) {}

PlaceTable::Cell PlaceTable::CellAt(uint32_t index) const {
  const uint8_t* const entry = cell_table_ + kCellBytes * index;
  const int cell = static_cast<int>(Little16(entry));
  const uint32_t end = index + 1 < cells_ ? Little32(entry + kCellBytes + 2) : places_;
  return {cell / kColumns, cell % kColumns, Little32(entry + 2), end, Little32(entry + 6)};
}

uint32_t PlaceTable::FindCell(int row, int column) const {
  const auto wanted = static_cast<uint32_t>(row * kColumns + column);
  uint32_t low = 0, high = cells_;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (Little16(cell_table_ + kCellBytes * middle) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

double PlaceTable::Latitude(const Cell& cell, uint32_t place) const {
  return cell.row - 90 + Little16(positions_ + kPositionBytes * place) / 65536.0;
}

double PlaceTable::Longitude(const Cell& cell, uint32_t place) const {
  return cell.column - 180 + Little16(positions_ + kPositionBytes * place + 2) / 65536.0;
}

std::string_view PlaceTable::Name(const Cell& cell, uint32_t place) const {
  size_t at = cell.name;
  for (uint32_t i = cell.first; i < place; ++i) at += lengths_[i];
  return Text(names_ + at, lengths_[place]);
}

std::string_view PlaceTable::CountryCode(uint32_t place) const {
  return Text(codes_ + size_t{2} * country_of_[place], 2);
}

std::string_view PlaceTable::Country(uint32_t place) const {
  const uint8_t country = country_of_[place];
  size_t at = 0;
  for (size_t i = 0; i < country; ++i) at += country_lengths_[i];
  return Text(country_names_ + at, country_lengths_[country]);
}

}  // namespace peel::library
