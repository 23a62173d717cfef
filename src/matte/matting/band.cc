#include "src/matte/matting/band.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "src/base/checked.h"

namespace peel::matting {

Result<Band> Band::Make(int width, int height, const std::vector<uint8_t>& kept) {
  Band band;
  band.width_ = width;
  band.height_ = height;
  band.columns_ = ColumnsFor(width);
  const auto columns = static_cast<size_t>(band.columns_);
  const size_t across = columns + 2;
  band.place_.assign(across * (static_cast<size_t>(height) + 4), kNowhere);
  band.first_.reserve(static_cast<size_t>(height) + 1);
  uint64_t next = kNowhere + 2;  // a cell of zeros on either side of kNowhere
  size_t count = 0;
  for (int y = 0; y < height; ++y) {
    const uint8_t* row = &kept[static_cast<size_t>(y) * columns];
    uint32_t* place = &band.place_[(static_cast<size_t>(y) + 2) * across];
    for (size_t c = 0; c < across; ++c) {
      const bool left = c >= 2 && row[c - 2] != 0, right = c < columns && row[c] != 0;
      const bool self = c >= 1 && c <= columns && row[c - 1] != 0;
      if (left || self || right) place[c] = static_cast<uint32_t>(next++);
      count += self ? 1 : 0;
    }
    if (next > std::numeric_limits<uint32_t>::max() - 2) {
      return LimitExceeded("the picture is too large for matting; use --edges refine");
    }
  }
  band.size_ = (static_cast<size_t>(next) + 1) * kCell;
  band.cells_.reserve(count);
  for (int y = 0; y < height; ++y) {
    band.first_.push_back(band.cells_.size());
    for (size_t c = 0; c < columns; ++c) {
      if (kept[static_cast<size_t>(y) * columns + c] == 0) continue;
      Cell cell{static_cast<uint32_t>(c), {}};
      for (int dy = -2; dy <= 2; ++dy) {
        cell.at[dy + 2] = band.Place(static_cast<int64_t>(c), int64_t{y} + dy);
      }
      band.cells_.push_back(cell);
    }
  }
  band.first_.push_back(band.cells_.size());
  return band;
}

Result<BandVector> BandVector::Make(const Band& band) {
  BandVector v;
  const auto bytes = CheckedProduct<size_t>(band.size(), sizeof(float));
  if (!bytes) return OutOfMemory("a matting problem of this size cannot be addressed");
  PEEL_ASSIGN_OR_RETURN(v.buffer_, AlignedBuffer::Allocate(*bytes));
  std::memset(v.buffer_.data(), 0, *bytes);
  return v;
}

}  // namespace peel::matting
