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

// The coarse solution's longer side: below it everything is solved, above it only the soft zone.
constexpr int kCoarseSide = 256;
constexpr int kTile = 64;
// Pixels around a tile that are solved with it, so that its border is not a border to the solution.
constexpr int kMargin = 8;
constexpr float kRegularization = 1e-5f;
constexpr float kGradientWeight = 1.0f;
constexpr int kIterations = 2;

bool Soft(uint8_t alpha) { return static_cast<uint8_t>(alpha - 1) < 254; }

// Colour in three lanes; the fourth keeps a pixel in one vector register.
struct alignas(16) Lanes {
  float v[4];
};

struct Cell {
  Lanes colour, foreground, background;
  float alpha;
  bool active;  // soft, or beside a soft one
};

// A rectangle of one level of the pyramid, sampled at every `step`-th pixel.
struct Grid {
  int x0 = 0, y0 = 0, step = 1, width = 0, height = 0;
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

// What the whole picture looks like from afar.
struct Coarse {
  ForegroundPair pair;
  std::vector<int> column, row;  // of a full-size pixel
};

Result<Coarse> SolveCoarse(ImageView<const uint8_t> rgba) {
  const int longer = std::max(rgba.width, rgba.height);
  const double scale = std::min(1.0, static_cast<double>(kCoarseSide) / longer);
  const int w = std::max(1, static_cast<int>(rgba.width * scale));
  const int h = std::max(1, static_cast<int>(rgba.height * scale));
  PEEL_ASSIGN_OR_RETURN(ImageF32 picture, ImageF32::Allocate(w, h, 3));
  PEEL_ASSIGN_OR_RETURN(ImageF32 alpha, ImageF32::Allocate(w, h, 1));
  for (int y = 0; y < h; ++y) {
    const uint8_t* from = rgba.row(static_cast<int>((2 * int64_t{y} + 1) * rgba.height / (2 * h)));
    for (int x = 0; x < w; ++x) {
      const uint8_t* p = from + 4 * ((2 * int64_t{x} + 1) * rgba.width / (2 * w));
      for (int c = 0; c < 3; ++c) picture.row(y)[3 * x + c] = static_cast<float>(p[c]) / 255.0f;
      alpha.row(y)[x] = static_cast<float>(p[3]) / 255.0f;
    }
  }
  Coarse coarse;
  PEEL_ASSIGN_OR_RETURN(
      coarse.pair, EstimateForeground(std::as_const(picture).view(), std::as_const(alpha).view()));
  coarse.column.resize(static_cast<size_t>(rgba.width));
  coarse.row.resize(static_cast<size_t>(rgba.height));
  for (int x = 0; x < rgba.width; ++x) {
    coarse.column[static_cast<size_t>(x)] = static_cast<int>(int64_t{x} * w / rgba.width);
  }
  for (int y = 0; y < rgba.height; ++y) {
    coarse.row[static_cast<size_t>(y)] = static_cast<int>(int64_t{y} * h / rgba.height);
  }
  return coarse;
}

// Samples the picture and takes first guesses from the level above, or where there is none from the
// coarse solution. Certain pixels are their own foreground or background.
void Fill(ImageView<const uint8_t> rgba, const Coarse& coarse, Grid* above, Grid& grid) {
  grid.cells.resize(static_cast<size_t>(grid.width) * static_cast<size_t>(grid.height));
  for (int y = 0; y < grid.height; ++y) {
    const int py = std::min(grid.y0 + y * grid.step, rgba.height - 1);
    for (int x = 0; x < grid.width; ++x) {
      const int px = std::min(grid.x0 + x * grid.step, rgba.width - 1);
      const uint8_t* p = rgba.row(py) + ptrdiff_t{4} * px;
      Cell& cell = grid.at(x, y);
      for (int c = 0; c < 3; ++c) cell.colour.v[c] = static_cast<float>(p[c]) * (1.0f / 255);
      cell.colour.v[3] = 0;
      cell.alpha = static_cast<float>(p[3]) * (1.0f / 255);
      cell.active = Soft(p[3]);
      if (above != nullptr) {
        const Cell& guess = above->at(std::min((px - above->x0) / above->step, above->width - 1),
                                      std::min((py - above->y0) / above->step, above->height - 1));
        cell.foreground = guess.foreground;
        cell.background = guess.background;
      } else {
        const int cx = 3 * coarse.column[static_cast<size_t>(px)];
        const int cy = coarse.row[static_cast<size_t>(py)];
        for (int c = 0; c < 3; ++c) {
          cell.foreground.v[c] = coarse.pair.foreground.row(cy)[cx + c];
          cell.background.v[c] = coarse.pair.background.row(cy)[cx + c];
        }
        cell.foreground.v[3] = cell.background.v[3] = 0;
      }
      if (p[3] == 255) cell.foreground = cell.colour;
      if (p[3] == 0) cell.background = cell.colour;
    }
  }
}

void SolveGrid(Grid& grid) {
  for (int i = 0; i < kIterations; ++i) {
    for (int y = 0; y < grid.height; ++y) {
      for (int x = 0; x < grid.width; ++x) {
        if (grid.at(x, y).active) Solve(grid, x, y);
      }
    }
  }
}

// The colours of a tile's soft pixels, three bytes each in reading order.
void SolveTile(ImageView<const uint8_t> rgba, const Coarse& coarse, int tx, int ty, int first_step,
               Grid grids[2], std::vector<uint8_t>& colours) {
  Grid* above = nullptr;
  int turn = 0;
  const int x1 = std::min(tx + kTile, rgba.width), y1 = std::min(ty + kTile, rgba.height);
  for (int step = first_step; step >= 1; step /= 2) {
    Grid& grid = grids[turn];
    turn ^= 1;
    // Starts on multiples of the coarsest step, so that tiles sample the same pixels.
    const int margin = kMargin * step;
    grid.step = step;
    grid.x0 = std::max(tx - margin, 0) / first_step * first_step;
    grid.y0 = std::max(ty - margin, 0) / first_step * first_step;
    grid.width = (std::min(x1 + margin, rgba.width) - grid.x0 + step - 1) / step;
    grid.height = (std::min(y1 + margin, rgba.height) - grid.y0 + step - 1) / step;
    Fill(rgba, coarse, above, grid);
    SolveGrid(grid);
    above = &grid;
  }
  for (int y = ty; y < y1; ++y) {
    for (int x = tx; x < x1; ++x) {
      const Cell& cell = above->at(x - above->x0, y - above->y0);
      if (!cell.active) continue;
      for (int c = 0; c < 3; ++c) {
        colours.push_back(static_cast<uint8_t>(cell.foreground.v[c] * 255.0f + 0.5f));
      }
    }
  }
}

}  // namespace

Status DecontaminateEdges(ImageView<uint8_t> rgba, ThreadPool* pool) {
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
            const uint8_t* row = rgba.row(y);
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

  PEEL_ASSIGN_OR_RETURN(const Coarse coarse, SolveCoarse(rgba));
  const double factor = static_cast<double>(rgba.width) / coarse.pair.foreground.width();
  int first_step = 1;
  while (first_step * 2 < factor && first_step < 32) first_step *= 2;

  // Tiles read each other's pixels: nothing is written before all are solved.
  std::vector<std::vector<uint8_t>> colours(tiles.size());
  std::vector<std::array<Grid, 2>> scratch(static_cast<size_t>(Workers(pool)));
  ForRowBands(
      static_cast<int>(tiles.size()), pool,
      [&](int first, int last, int worker) {
        for (int i = first; i < last; ++i) {
          const int t = tiles[static_cast<size_t>(i)];
          SolveTile(rgba, coarse, t % columns * kTile, t / columns * kTile, first_step,
                    scratch[static_cast<size_t>(worker)].data(), colours[static_cast<size_t>(i)]);
        }
      },
      1);
  for (size_t i = 0; i < tiles.size(); ++i) {
    const int tx = tiles[i] % columns * kTile, ty = tiles[i] / columns * kTile;
    const uint8_t* colour = colours[i].data();
    for (int y = ty; y < std::min(ty + kTile, rgba.height); ++y) {
      for (int x = tx; x < std::min(tx + kTile, rgba.width); ++x) {
        uint8_t* p = rgba.row(y) + ptrdiff_t{4} * x;
        if (!Soft(p[3])) continue;
        std::memcpy(p, colour, 3);
        colour += 3;
      }
    }
  }
  return OkStatus();
}

}  // namespace peel
