#include "src/matte/matting/matting_nodes.h"

#include <cstring>

#include "src/base/checked.h"

namespace peel::matting {

Result<NodeVector> NodeVector::Make(size_t nodes, size_t floats_a_node) {
  NodeVector v;
  const auto bytes = CheckedProduct<size_t>(nodes, floats_a_node, sizeof(float));
  if (!bytes) return OutOfMemory("a matting problem of this size cannot be addressed");
  PEEL_ASSIGN_OR_RETURN(v.buffer_, AlignedBuffer::Allocate(*bytes));
  std::memset(v.buffer_.data(), 0, *bytes);
  return v;
}

Result<NodeLevel> NodeLevel::Make(int width, int height, const std::vector<uint8_t>& used) {
  NodeLevel level;
  level.width = width;
  level.height = height;
  level.place.assign(static_cast<size_t>(width + 4) * static_cast<size_t>(height + 4), 0);
  level.column.push_back(0);
  for (int y = 0; y < height; ++y) {
    level.first.push_back(static_cast<uint32_t>(level.column.size()));
    for (int x = 0; x < width; ++x) {
      if (used[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)] == 0) {
        continue;
      }
      level.place[static_cast<size_t>(y + 2) * static_cast<size_t>(width + 4) +
                  static_cast<size_t>(x + 2)] = static_cast<uint32_t>(level.column.size());
      level.column.push_back(x);
    }
  }
  level.first.push_back(static_cast<uint32_t>(level.column.size()));
  const size_t nodes = level.nodes();
  PEEL_ASSIGN_OR_RETURN(level.blocks, NodeVector::Make(nodes, size_t{kNeighbours} * kTile));
  for (NodeVector* v :
       {&level.inverse, &level.right, &level.solution, &level.other, &level.direction}) {
    PEEL_ASSIGN_OR_RETURN(*v, NodeVector::Make(nodes));
  }
  return level;
}

Result<NodeLevel> GridOver(const Band& band) {
  const int width = 2 * band.columns() + 1, height = (band.height() - 1) / kSpacing + 2;
  std::vector<uint8_t> used(static_cast<size_t>(width) * static_cast<size_t>(height), 0);
  for (int y = 0; y < band.height(); ++y) {
    for (const Cell* cell = band.row_begin(y); cell != band.row_end(y); ++cell) {
      for (int row = y / kSpacing; row <= y / kSpacing + (y % kSpacing != 0 ? 1 : 0); ++row) {
        uint8_t* flags = &used[static_cast<size_t>(row) * static_cast<size_t>(width)];
        for (size_t k = 0; k < 3; ++k) flags[2 * size_t{cell->column} + k] = 1;
      }
    }
  }
  return NodeLevel::Make(width, height, used);
}

Result<NodeLevel> CoarserGrid(const NodeLevel& fine) {
  const int width = fine.width / 2 + 1, height = fine.height / 2 + 1;
  std::vector<uint8_t> used(static_cast<size_t>(width) * static_cast<size_t>(height), 0);
  for (int y = 0; y < fine.height; ++y) {
    for (uint32_t n = fine.first[static_cast<size_t>(y)];
         n < fine.first[static_cast<size_t>(y) + 1]; ++n) {
      for (int row = y / 2; row <= (y + 1) / 2; ++row) {
        for (int x = fine.column[n] / 2; x <= (fine.column[n] + 1) / 2; ++x) {
          used[static_cast<size_t>(row) * static_cast<size_t>(width) + static_cast<size_t>(x)] = 1;
        }
      }
    }
  }
  return NodeLevel::Make(width, height, used);
}

}  // namespace peel::matting
