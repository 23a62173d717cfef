#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "src/image/rows.h"
#include "src/matte/foreground.h"

namespace peel {
namespace {

// The coarse solution's longer side at most: up to there everything is solved, from there on only
// the soft zone.
constexpr int kCoarseSide = 128;
constexpr int kTile = 64;
// Pixels around a tile that are solved with it, so that its border is not a border to the solution.
constexpr int kMargin = 8;
constexpr float kRegularization = 1e-5f;
constexpr float kGradientWeight = 1.0f;
constexpr int kIterations = 2;

// The largest value of a channel.
template <typename T>
constexpr T kOne = static_cast<T>(~T{0});

template <typename T>
bool Soft(T alpha) {
  return static_cast<T>(alpha - 1) < kOne<T> - 1;
}

// Colour in three lanes; the fourth keeps a pixel in one vector register.
struct alignas(16) Lanes {
  float v[4];
};

struct Cell {
  Lanes colour, foreground, background;
  float alpha;
};

// A rectangle of one level of the pyramid; x0 and y0 count that level's pixels.
struct Grid {
  ForegroundLevel level{};
  int x0 = 0, y0 = 0, width = 0, height = 0;
  std::vector<Cell> cells;
  Cell& at(int x, int y) {
    return cells[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  }
};

// The equations of one cell, solved for its own two colours (see foreground.h).
void Solve(Grid& grid, int x, int y) {
  Cell& cell = grid.at(x, y);
  const float a0 = cell.alpha, a1 = 1.0f - a0;
  float weights = 0;
  Lanes b0, b1;
  for (int c = 0; c < 4; ++c) {
    b0.v[c] = a0 * cell.colour.v[c];
    b1.v[c] = a1 * cell.colour.v[c];
  }
  const Cell* neighbours[4] = {
      &grid.at(std::max(x - 1, 0), y), &grid.at(std::min(x + 1, grid.width - 1), y),
      &grid.at(x, std::max(y - 1, 0)), &grid.at(x, std::min(y + 1, grid.height - 1))};
  // Among its like a certain cell is its own colour, the other one its neighbours' mean: the
  // equations' solution but for the regularisation.
  if ((a0 == 0.0f || a0 == 1.0f) && neighbours[0]->alpha == a0 && neighbours[1]->alpha == a0 &&
      neighbours[2]->alpha == a0 && neighbours[3]->alpha == a0) {
    Lanes Cell::*const own = a0 == 1.0f ? &Cell::foreground : &Cell::background;
    Lanes Cell::*const other = a0 == 1.0f ? &Cell::background : &Cell::foreground;
    cell.*own = cell.colour;
    for (int c = 0; c < 4; ++c) {
      (cell.*other).v[c] = 0.25f * (((neighbours[0]->*other).v[c] + (neighbours[1]->*other).v[c]) +
                                    ((neighbours[2]->*other).v[c] + (neighbours[3]->*other).v[c]));
    }
    return;
  }
  for (const Cell* n : neighbours) {
    const float da = kRegularization + kGradientWeight * std::fabs(a0 - n->alpha);
    weights += da;
    for (int c = 0; c < 4; ++c) {
      b0.v[c] += da * n->foreground.v[c];
      b1.v[c] += da * n->background.v[c];
    }
  }
  const float a00 = a0 * a0 + weights, a11 = a1 * a1 + weights, a01 = a0 * a1;
  // a00 a11 - a01^2, written so that nothing cancels in single precision.
  const float inverse = 1.0f / (weights * (a0 * a0 + a1 * a1 + weights));
  for (int c = 0; c < 4; ++c) {
    const float f = inverse * (a11 * b0.v[c] - a01 * b1.v[c]);
    const float b = inverse * (a00 * b1.v[c] - a01 * b0.v[c]);
    cell.foreground.v[c] = std::min(std::max(f, 0.0f), 1.0f);
    cell.background.v[c] = std::min(std::max(b, 0.0f), 1.0f);
  }
}

// The levels, and the solution of the whole picture on one of the first.
struct Coarse {
  std::vector<ForegroundLevel> levels;
  size_t last = 0;
  ForegroundPair pair;
};

template <typename T>
Result<Coarse> SolveCoarse(ImageView<const T> rgba) {
  Coarse coarse;
  coarse.levels = ForegroundLevels(rgba.width, rgba.height);
  while (coarse.last + 1 < coarse.levels.size() &&
         std::max(coarse.levels[coarse.last + 1].width, coarse.levels[coarse.last + 1].height) <=
             kCoarseSide) {
    ++coarse.last;
  }
  PEEL_ASSIGN_OR_RETURN(coarse.pair, EstimateForegroundUpTo(rgba, coarse.last));
  return coarse;
}

// The pixel of a line of m that pixel i of a line of n is taken from.
int Nearest(int64_t i, int m, int n) { return static_cast<int>(i * m / n); }

// Samples the picture and takes first guesses from the level above, or where there is none from the
// coarse solution.
template <typename T>
void Fill(ImageView<const T> rgba, const Coarse& coarse, Grid* above, Grid& grid) {
  constexpr float kScale = 1.0f / kOne<T>;
  grid.cells.resize(static_cast<size_t>(grid.width) * static_cast<size_t>(grid.height));
  const int w = grid.level.width, h = grid.level.height;
  const ForegroundLevel from = above != nullptr ? above->level
                                                : ForegroundLevel{coarse.pair.foreground.width(),
                                                                  coarse.pair.foreground.height()};
  for (int y = 0; y < grid.height; ++y) {
    const T* row = rgba.row(Nearest(grid.y0 + y, rgba.height, h));
    const int guess_y = Nearest(grid.y0 + y, from.height, h);
    for (int x = 0; x < grid.width; ++x) {
      const T* p = row + ptrdiff_t{4} * Nearest(grid.x0 + x, rgba.width, w);
      const int guess_x = Nearest(grid.x0 + x, from.width, w);
      Cell& cell = grid.at(x, y);
      for (int c = 0; c < 3; ++c) cell.colour.v[c] = static_cast<float>(p[c]) * kScale;
      cell.colour.v[3] = 0;
      cell.alpha = static_cast<float>(p[3]) * kScale;
      if (above != nullptr) {
        const Cell& guess = above->at(std::clamp(guess_x - above->x0, 0, above->width - 1),
                                      std::clamp(guess_y - above->y0, 0, above->height - 1));
        cell.foreground = guess.foreground;
        cell.background = guess.background;
      } else {
        for (int c = 0; c < 3; ++c) {
          cell.foreground.v[c] = coarse.pair.foreground.row(guess_y)[3 * guess_x + c];
          cell.background.v[c] = coarse.pair.background.row(guess_y)[3 * guess_x + c];
        }
        cell.foreground.v[3] = cell.background.v[3] = 0;
      }
    }
  }
}

void SolveGrid(Grid& grid) {
  for (int i = 0; i < kIterations; ++i) {
    for (int y = 0; y < grid.height; ++y) {
      for (int x = 0; x < grid.width; ++x) Solve(grid, x, y);
    }
  }
}

// Of a line of n pixels what a level of m has of [first, last) and kMargin around it.
void Span(int first, int last, int n, int m, int* from, int* count) {
  *from = std::max(Nearest(first, m, n) - kMargin, 0);
  *count = std::min(Nearest(last - 1, m, n) + 1 + kMargin, m) - *from;
}

// The colours of a tile's soft pixels, three channels each in reading order.
template <typename T>
void SolveTile(ImageView<const T> rgba, const Coarse& coarse, int tx, int ty, Grid grids[2],
               std::vector<T>& colours) {
  const int x1 = std::min(tx + kTile, rgba.width), y1 = std::min(ty + kTile, rgba.height);
  Grid* above = nullptr;
  // A picture no larger than the coarse level is solved once more from there: nothing is lost.
  const size_t finest = coarse.levels.size() - 1;
  for (size_t l = std::min(coarse.last + 1, finest); l <= finest; ++l) {
    Grid& grid = grids[l % 2];
    grid.level = coarse.levels[l];
    Span(tx, x1, rgba.width, grid.level.width, &grid.x0, &grid.width);
    Span(ty, y1, rgba.height, grid.level.height, &grid.y0, &grid.height);
    Fill(rgba, coarse, above, grid);
    SolveGrid(grid);
    above = &grid;
  }
  for (int y = ty; y < y1; ++y) {
    for (int x = tx; x < x1; ++x) {
      if (!Soft(rgba.row(y)[ptrdiff_t{4} * x + 3])) continue;
      const Cell& cell = above->at(x - above->x0, y - above->y0);
      for (int c = 0; c < 3; ++c) {
        colours.push_back(static_cast<T>(cell.foreground.v[c] * float{kOne<T>} + 0.5f));
      }
    }
  }
}

template <typename T>
Status Decontaminate(ImageView<T> rgba, ThreadPool* pool) {
  const ImageView<const T> picture = rgba;
  if (rgba.empty() || rgba.channels != 4) {
    return InvalidArgument("edges are decontaminated in RGBA pictures");
  }
  const int columns = static_cast<int>(DivideUp(rgba.width, kTile));
  const int rows = static_cast<int>(DivideUp(rgba.height, kTile));
  std::vector<uint8_t> soft(static_cast<size_t>(columns) * static_cast<size_t>(rows), 0);
  ForRowBands(
      rgba.height, pool,
      [&](int first, int last, int) {
        uint8_t* marks = &soft[static_cast<size_t>(first / kTile) * static_cast<size_t>(columns)];
        for (int y = first; y < last; ++y) {
          for (int t = 0; t < columns; ++t) {
            const int x1 = std::min((t + 1) * kTile, rgba.width);
            const T* row = rgba.row(y);
            uint32_t any = 0;
            for (int x = t * kTile; x < x1; ++x) any |= Soft(row[4 * x + 3]) ? 1u : 0u;
            marks[t] |= static_cast<uint8_t>(any);
          }
        }
      },
      kTile);
  std::vector<int> tiles;
  for (size_t i = 0; i < soft.size(); ++i) {
    if (soft[i] != 0) tiles.push_back(static_cast<int>(i));
  }
  if (tiles.empty()) return OkStatus();

  PEEL_ASSIGN_OR_RETURN(const Coarse coarse, SolveCoarse(picture));
  // Tiles read each other's pixels: nothing is written before all are solved.
  std::vector<std::vector<T>> colours(tiles.size());
  std::vector<std::array<Grid, 2>> scratch(static_cast<size_t>(Workers(pool)));
  ForRowBands(
      static_cast<int>(tiles.size()), pool,
      [&](int first, int last, int worker) {
        for (int i = first; i < last; ++i) {
          const int t = tiles[static_cast<size_t>(i)];
          SolveTile(picture, coarse, t % columns * kTile, t / columns * kTile,
                    scratch[static_cast<size_t>(worker)].data(), colours[static_cast<size_t>(i)]);
        }
      },
      1);
  for (size_t i = 0; i < tiles.size(); ++i) {
    const int tx = tiles[i] % columns * kTile, ty = tiles[i] / columns * kTile;
    const T* colour = colours[i].data();
    for (int y = ty; y < std::min(ty + kTile, rgba.height); ++y) {
      for (int x = tx; x < std::min(tx + kTile, rgba.width); ++x) {
        T* p = rgba.row(y) + ptrdiff_t{4} * x;
        if (!Soft(p[3])) continue;
        std::memcpy(p, colour, 3 * sizeof(T));
        colour += 3;
      }
    }
  }
  return OkStatus();
}

}  // namespace

Status DecontaminateEdges(ImageView<uint8_t> rgba, ThreadPool* pool) {
  return Decontaminate(rgba, pool);
}
Status DecontaminateEdges(ImageView<uint16_t> rgba, ThreadPool* pool) {
  return Decontaminate(rgba, pool);
}

}  // namespace peel
