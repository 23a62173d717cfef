#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "src/image/rows.h"
#include "src/matte/foreground.h"
#include "src/matte/foreground_kernels.h"

namespace peel {
namespace {

// The coarse solution's longer side at most: up to there everything is solved, from there on only
// the soft zone.
constexpr int kCoarseSide = 128;
constexpr int kTile = 64;
// Pixels around a tile that are solved with it, so that its border is not a border to the solution.
constexpr int kMargin = 4;
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

// Whether one of so many RGBA pixels is soft; by whole pixels, so that it is done in vectors.
template <typename T>
bool AnySoft(const T* row, int pixels) {
  using Pixel = std::conditional_t<sizeof(T) == 1, uint32_t, uint64_t>;
  Pixel soft = 0;
  for (int x = 0; x < pixels; ++x) {
    Pixel pixel;
    std::memcpy(&pixel, row + ptrdiff_t{4} * x, sizeof(pixel));
    const Pixel alpha = pixel >> (24 * sizeof(T));  // little-endian: alpha lies on top
    soft |= Pixel{alpha != 0} & Pixel{alpha != kOne<T>};
  }
  return soft != 0;
}

// A rectangle of one level of the pyramid; x0 and y0 count that level's pixels.
struct Grid {
  ForegroundLevel level{};
  int x0 = 0, y0 = 0;
  ForegroundGrid cells;
};

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

// Where the columns of a grid take pixel and guess from in their rows: first the even columns and,
// from `odd` on, the odd ones, as they lie in the grid.
struct Samples {
  std::vector<int32_t> pixel, guess;
  size_t odd = 0;
};

// The pixel of a line of m that pixel i of a line of n is taken from.
int Nearest(int64_t i, int m, int n) { return static_cast<int>(i * m / n); }

template <typename T>
void TakePixels(const T* row, const int32_t* index, size_t count, float* const planes[4]) {
  using Pixel = std::conditional_t<sizeof(T) == 1, uint32_t, uint64_t>;
  constexpr float kScale = 1.0f / kOne<T>;
  constexpr size_t kAtOnce = 64;
  Pixel pixels[kAtOnce];
  for (size_t first = 0; first < count; first += kAtOnce) {
    const size_t n = std::min(kAtOnce, count - first);
    for (size_t i = 0; i < n; ++i) {
      std::memcpy(&pixels[i], row + ptrdiff_t{4} * index[first + i], sizeof(Pixel));
    }
    for (int c = 0; c < 4; ++c) {  // little-endian: red lies lowest
      float* const to = planes[c] + first;
      for (size_t i = 0; i < n; ++i) {
        to[i] =
            static_cast<float>(static_cast<int32_t>(pixels[i] >> (8 * sizeof(T) * c) & kOne<T>)) *
            kScale;
      }
    }
  }
}

// Samples the picture and takes first guesses from the level above, or where there is none from the
// coarse solution.
template <typename T>
void Fill(ImageView<const T> rgba, const Coarse& coarse, Grid* above, Grid& grid,
          Samples& samples) {
  using G = ForegroundGrid;
  const int w = grid.level.width, h = grid.level.height;
  const ForegroundLevel from = above != nullptr ? above->level
                                                : ForegroundLevel{coarse.pair.foreground.width(),
                                                                  coarse.pair.foreground.height()};
  const auto columns = static_cast<size_t>(grid.cells.width());
  samples.odd = (columns + 1) / 2;
  samples.pixel.resize(columns);
  samples.guess.resize(columns);
  for (int x = 0; x < grid.cells.width(); ++x) {
    const size_t at = (x & 1 ? samples.odd : 0) + static_cast<size_t>(x / 2);
    const int guess = Nearest(grid.x0 + x, from.width, w);
    samples.pixel[at] = Nearest(grid.x0 + x, rgba.width, w);
    samples.guess[at] = above == nullptr ? 3 * guess
                                         : static_cast<int32_t>(above->cells.Column(std::clamp(
                                               guess - above->x0, 0, above->cells.width() - 1)));
  }
  struct Half {
    size_t cell, sample, count;
  };
  const Half halves[2] = {{grid.cells.Column(0), 0, samples.odd},
                          {grid.cells.Column(1), samples.odd, columns - samples.odd}};
  for (int y = 0; y < grid.cells.height(); ++y) {
    const T* row = rgba.row(Nearest(grid.y0 + y, rgba.height, h));
    const int guess_y = Nearest(grid.y0 + y, from.height, h);
    const int at =
        above == nullptr ? 0 : std::clamp(guess_y - above->y0, 0, above->cells.height() - 1);
    for (const Half& half : halves) {
      float* const planes[4] = {
          grid.cells.row(G::kColour, y) + half.cell, grid.cells.row(G::kColour + 1, y) + half.cell,
          grid.cells.row(G::kColour + 2, y) + half.cell, grid.cells.row(G::kAlpha, y) + half.cell};
      TakePixels(row, samples.pixel.data() + half.sample, half.count, planes);
      const int32_t* const index = samples.guess.data() + half.sample;
      const auto take = [&](const float* guess, float* to) {
        for (size_t i = 0; i < half.count; ++i) to[i] = guess[index[i]];
      };
      for (int c = 0; c < 3; ++c) {
        float* const f = grid.cells.row(G::kForeground + c, y) + half.cell;
        float* const b = grid.cells.row(G::kBackground + c, y) + half.cell;
        if (above != nullptr) {
          take(above->cells.row(G::kForeground + c, at), f);
          take(above->cells.row(G::kBackground + c, at), b);
        } else {
          take(coarse.pair.foreground.row(guess_y) + c, f);
          take(coarse.pair.background.row(guess_y) + c, b);
        }
      }
    }
  }
}

// Of a line of n pixels what a level of m has of [first, last) and kMargin around it.
void Span(int first, int last, int n, int m, int* from, int* count) {
  *from = std::max(Nearest(first, m, n) - kMargin, 0);
  *count = std::min(Nearest(last - 1, m, n) + 1 + kMargin, m) - *from;
}

// What a worker needs again for every tile.
struct Scratch {
  Grid grids[2];
  Samples samples;
};

// Pixels [x0, x1) x [y0, y1).
struct Box {
  int x0, y0, x1, y1;
};

// The soft pixels of a tile lie in this box.
template <typename T>
Box SoftPart(ImageView<const T> rgba, const Box& tile) {
  Box box{tile.x1, tile.y1, tile.x0, tile.y0};
  for (int y = tile.y0; y < tile.y1; ++y) {
    const T* row = rgba.row(y);
    int first = tile.x0, last = tile.x1;
    while (first < last && !Soft(row[4 * first + 3])) ++first;
    if (first == last) continue;
    while (!Soft(row[4 * last - 1])) --last;
    box = {std::min(box.x0, first), std::min(box.y0, y), std::max(box.x1, last), y + 1};
  }
  return box;
}

// The colours of a tile's soft pixels, three channels each in reading order.
template <typename T>
void SolveTile(ImageView<const T> rgba, const Coarse& coarse, const Box& tile, Scratch& scratch,
               std::vector<T>& colours) {
  const Box box = SoftPart(rgba, tile);
  Grid* above = nullptr;
  // A picture no larger than the coarse level is solved once more from there: nothing is lost.
  const size_t finest = coarse.levels.size() - 1;
  for (size_t l = std::min(coarse.last + 1, finest); l <= finest; ++l) {
    Grid& grid = scratch.grids[l % 2];
    grid.level = coarse.levels[l];
    int width, height;
    Span(box.x0, box.x1, rgba.width, grid.level.width, &grid.x0, &width);
    Span(box.y0, box.y1, rgba.height, grid.level.height, &grid.y0, &height);
    grid.cells.Resize(width, height);
    Fill(rgba, coarse, above, grid, scratch.samples);
    for (int i = 0; i < kIterations; ++i) {
      SweepForeground(kRegularization, kGradientWeight, &grid.cells);
    }
    above = &grid;
  }
  colours.resize(size_t{3} * static_cast<size_t>(box.x1 - box.x0) *
                 static_cast<size_t>(box.y1 - box.y0));
  T* colour = colours.data();
  for (int y = box.y0; y < box.y1; ++y) {
    const T* row = rgba.row(y);
    const float* planes[3];
    for (int c = 0; c < 3; ++c) {
      planes[c] = above->cells.row(ForegroundGrid::kForeground + c, y - above->y0);
    }
    for (int x = box.x0; x < box.x1; ++x) {
      if (!Soft(row[ptrdiff_t{4} * x + 3])) continue;
      const size_t at = above->cells.Column(x - above->x0);
      for (const float* plane : planes) {
        *colour++ = static_cast<T>(plane[at] * float{kOne<T>} + 0.5f);
      }
    }
  }
  colours.resize(static_cast<size_t>(colour - colours.data()));
}

// Puts what SolveTile found into the tile.
template <typename T>
void PutColours(ImageView<T> rgba, const Box& tile, const T* colour) {
  for (int y = tile.y0; y < tile.y1; ++y) {
    T* row = rgba.row(y);
    for (int x = tile.x0; x < tile.x1; ++x) {
      T* p = row + ptrdiff_t{4} * x;
      if (!Soft(p[3])) continue;
      std::memcpy(p, colour, 3 * sizeof(T));
      colour += 3;
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
            if (AnySoft(rgba.row(y) + ptrdiff_t{4} * t * kTile, x1 - t * kTile)) marks[t] = 1;
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
  std::vector<Scratch> scratch(static_cast<size_t>(Workers(pool)));
  const auto tile_of = [&](int tile) {
    const int x = tile % columns * kTile, y = tile / columns * kTile;
    return Box{x, y, std::min(x + kTile, rgba.width), std::min(y + kTile, rgba.height)};
  };
  ForRowBands(
      static_cast<int>(tiles.size()), pool,
      [&](int first, int last, int worker) {
        for (int i = first; i < last; ++i) {
          SolveTile(picture, coarse, tile_of(tiles[static_cast<size_t>(i)]),
                    scratch[static_cast<size_t>(worker)], colours[static_cast<size_t>(i)]);
        }
      },
      1);
  ForRowBands(
      static_cast<int>(tiles.size()), pool,
      [&](int first, int last, int) {
        for (int i = first; i < last; ++i) {
          PutColours(rgba, tile_of(tiles[static_cast<size_t>(i)]),
                     colours[static_cast<size_t>(i)].data());
        }
      },
      1);
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
