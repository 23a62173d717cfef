#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/status.h"
#include "src/matte/matting/band.h"
#include "src/matte/matting/matting_kernels.h"

// The coarse levels of the matting solver. What 3x3 windows do not object to is alpha that is
// linear in colour with slowly changing coefficients, however fine its texture; no smooth
// interpolation of alpha itself comes near that. So the coarse unknowns are coefficients: every
// node of a grid has four, one for 1 and one for each colour, and between nodes they are
// interpolated linearly:
//   alpha(x) = sum over nodes J of hat_J(x) (v_J0 + v_J1 red + v_J2 green + v_J3 blue)
// Coarser grids interpolate the coefficients, so that colours matter to the first one alone.
namespace peel::matting {

inline constexpr int kSpacing = 8;      // pixels between the nodes of the finest grid
inline constexpr int kUnknowns = 4;     // a node
inline constexpr int kTile = 16;        // floats a node has in a vector: its unknowns four times
inline constexpr int kNeighbours = 25;  // nodes at most two away each way

// A vector over the nodes, zero at first; node 0 belongs to no pixel and stays zero.
class NodeVector {
 public:
  static Result<NodeVector> Make(size_t nodes, size_t floats_a_node = kTile);
  float* data() { return buffer_.as<float>(); }
  const float* data() const { return buffer_.as<float>(); }
  float* at(size_t node) { return data() + node * kTile; }
  const float* at(size_t node) const { return data() + node * kTile; }

 private:
  AlignedBuffer buffer_;
};

// A coarser grid of the multigrid hierarchy.
struct NodeLevel {
  int width = 0, height = 0;    // of the grid
  std::vector<uint32_t> place;  // numbers of the nodes, two of padding all around; 0: no node
  std::vector<uint32_t> first;  // of each row the first node's number; height + 1 entries
  std::vector<int> column;      // of a node
  NodeVector blocks;            // [node][neighbour][4 x 4], rows this node's unknowns
  NodeVector inverse;           // [node][4 x 4], of the diagonal block
  NodeVector right, solution, other,
      direction;  // tiled: unknown q stands at q, q + 4, q + 8, q + 12

  // Where the five nodes from (x - 2, y) on have their numbers.
  const uint32_t* Row(int x, int y) const {
    return place.data() + static_cast<size_t>(y + 2) * static_cast<size_t>(width + 4) +
           static_cast<size_t>(x);
  }
  uint32_t Place(int x, int y) const { return Row(x, y)[2]; }
  size_t nodes() const { return column.size(); }  // with node 0

  // used: height rows of width flags. Errors: kOutOfMemory.
  static Result<NodeLevel> Make(int width, int height, const std::vector<uint8_t>& used);
};

// The grid over a band, and the next coarser one over a grid; operators still zero.
Result<NodeLevel> GridOver(const Band& band);
Result<NodeLevel> CoarserGrid(const NodeLevel& fine);

// Writes a node's unknowns as a vector holds them.
inline void Tile(const float* unknowns, float* to) {
  for (int k = 0; k < 4; ++k) {
    for (int q = 0; q < kUnknowns; ++q) to[4 * k + q] = unknowns[q];
  }
}

// The band's colours less 1/2, as vectors over it.
struct Colours {
  const float* plane[3];
};

// matting_transfer.cc. To the grid and back: right = P^T r for rows [first, last) of nodes; x += P
// solution at unknowns for rows of pixels.
void RestrictToNodes(const Band& band, const Colours& colours, const float* r, int first, int last,
                     NodeLevel* grid);
void ProlongFromNodes(const Operator& a, const Colours& colours, const NodeLevel& grid, int first,
                      int last, float* x);
// Adds to P^T A P what the pixels of rows [strip * kSpacing, strip * kSpacing + kSpacing)
// contribute: to nodes of rows strip and strip + 1, so that strips of one parity may run at once.
void CoarsenToNodes(const Operator& a, const float* diagonal, const Colours& colours, int strip,
                    NodeLevel* grid);

// matting_node_kernels.cc, the rest. The same between grids; coarse rows, or fine ones for Prolong.
void RestrictNodes(const NodeLevel& fine, const NodeVector& r, int first, int last,
                   NodeLevel* coarse);
void ProlongNodes(const NodeLevel& coarse, int first, int last, NodeLevel* fine, NodeVector* x);
void CoarsenNodes(const NodeLevel& fine, int first, int last, NodeLevel* coarse);

// Inverts the diagonal blocks, a touch of their trace added: colours that do not vary in a node's
// neighbourhood leave combinations without any effect.
void InvertBlocks(int first, int last, NodeLevel* level);

// One Chebyshev step (matting_kernels.h), D the diagonal blocks: direction = beta direction + gamma
// D^-1 (right - A x); next = x + direction. Without x it is taken for 0.
void SmoothNodes(const NodeVector* x, float beta, float gamma, int first, int last,
                 NodeLevel* level, NodeVector* next);
// r = right - A x.
void ResidualNodes(const NodeLevel& level, const NodeVector& x, int first, int last, NodeVector* r);

}  // namespace peel::matting
