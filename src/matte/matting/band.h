#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"

namespace peel::matting {

// Where the unknowns of a matting problem lie. The picture's rows are cut into cells of kCell
// pixels; only cells with an unknown pixel are kept, so that memory follows the band around the
// subject and not the picture. A vector over the band is an array of size() floats:
// - every kept cell has kCell consecutive floats;
// - every run of kept cells in a row has a cell of padding on both ends, so that pixel x + 2 of a
//   cell's pixel x is always two floats further on, or is padding, which holds zeros;
// - cell 1 belongs to no pixel and holds zeros, with such cells around it: it stands for absent
// ones.
inline constexpr int kCell = 16;
inline constexpr uint32_t kNowhere = 1;

// A kept cell and its neighbours above and below.
struct Cell {
  uint32_t column;  // pixels [column * kCell, column * kCell + kCell)
  uint32_t at[5];   // cell numbers of this column in rows y - 2 … y + 2, kNowhere where not kept
};

// Which cells are kept, and where.
class Band {
 public:
  // kept: height rows of columns() flags. Errors: kLimit for more than 2^32 cells.
  static Result<Band> Make(int width, int height, const std::vector<uint8_t>& kept);

  int width() const { return width_; }
  int height() const { return height_; }
  int columns() const { return columns_; }
  static int ColumnsFor(int width) { return (width + kCell - 1) / kCell; }

  const Cell* row_begin(int y) const { return cells_.data() + first_[static_cast<size_t>(y)]; }
  const Cell* row_end(int y) const { return cells_.data() + first_[static_cast<size_t>(y) + 1]; }
  size_t kept_cells() const { return cells_.size(); }

  // The cell of a column from -1 to columns() in a row from -2 to height() + 1; kNowhere where it
  // is neither kept nor padding.
  uint32_t Place(int64_t column, int64_t y) const {
    return place_[static_cast<size_t>(y + 2) * static_cast<size_t>(columns_ + 2) +
                  static_cast<size_t>(column + 1)];
  }
  size_t size() const { return size_; }  // floats of a vector

 private:
  int width_ = 0, height_ = 0, columns_ = 0;
  size_t size_ = 0;
  std::vector<uint32_t> place_;
  std::vector<size_t> first_;
  std::vector<Cell> cells_;
};

// A vector over a band, zero at first.
class BandVector {
 public:
  static Result<BandVector> Make(const Band& band);
  float* data() { return buffer_.as<float>(); }
  const float* data() const { return buffer_.as<float>(); }

 private:
  AlignedBuffer buffer_;
};

}  // namespace peel::matting
