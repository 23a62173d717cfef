#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "src/image/rows.h"
#include "src/matte/colour/foreground.h"
#include "src/matte/colour/foreground_kernels.h"

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

std::pair<std::vector<ForegroundLevel>, size_t> CoarseLevels(int width, int height) {
  std::vector<ForegroundLevel> levels = ForegroundLevels(width, height);
  size_t last = 0;
  while (last + 1 < levels.size() &&
         std::max(levels[last + 1].width, levels[last + 1].height) <= kCoarseSide) {
    ++last;
  }
  return {std::move(levels), last};
}

template <class Source>
Result<Coarse> SolveCoarse(const Source& source) {
  Coarse coarse;
  std::tie(coarse.levels, coarse.last) = CoarseLevels(source.width(), source.height());
  PEEL_ASSIGN_OR_RETURN(coarse.pair, source.EstimateUpTo(coarse.levels, coarse.last));
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

// Samples the picture and takes first guesses from the level above, or where there is none from the
// coarse solution.
template <class Source>
void Fill(const Source& source, const Coarse& coarse, Grid* above, Grid& grid, Samples& samples) {
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
    samples.pixel[at] = Nearest(grid.x0 + x, source.width(), w);
    samples.guess[at] = above == nullptr ? 3 * guess
                                         : static_cast<int32_t>(above->cells.Column(std::clamp(
                                               guess - above->x0, 0, above->cells.width() - 1)));
  }
  struct Half {
    size_t cell, sample, count;
  };
  const Half halves[2] = {{grid.cells.Column(0), 0, samples.odd},
                          {grid.cells.Column(1), samples.odd, columns - samples.odd}};
  int row_before = -1, guess_before = -1;  // what the row above was made from
  for (int y = 0; y < grid.cells.height(); ++y) {
    const int from_y = Nearest(grid.y0 + y, source.height(), h);
    const int guess_y = Nearest(grid.y0 + y, from.height, h);
    const int at =
        above == nullptr ? 0 : std::clamp(guess_y - above->y0, 0, above->cells.height() - 1);
    for (const Half& half : halves) {
      const auto planes_of = [&](int row) -> std::array<float*, 4> {
        return {grid.cells.row(G::kColour, row) + half.cell,
                grid.cells.row(G::kColour + 1, row) + half.cell,
                grid.cells.row(G::kColour + 2, row) + half.cell,
                grid.cells.row(G::kAlpha, row) + half.cell};
      };
      source.Take(from_y, samples.pixel.data() + half.sample, half.count, planes_of(y), row_before,
                  planes_of(std::max(y - 1, 0)));
      if (guess_y == guess_before) {
        for (int plane = G::kForeground; plane < G::kPlanes; ++plane) {
          std::copy_n(grid.cells.row(plane, y - 1) + half.cell, half.count,
                      grid.cells.row(plane, y) + half.cell);
        }
        continue;
      }
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
    row_before = from_y;
    guess_before = guess_y;
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
template <class Source>
Box SoftPart(const Source& source, const Box& tile) {
  Box box{tile.x1, tile.y1, tile.x0, tile.y0};
  for (int y = tile.y0; y < tile.y1; ++y) {
    int first = tile.x0, last = tile.x1;
    while (first < last && !source.Soft(first, y)) ++first;
    if (first == last) continue;
    while (!source.Soft(last - 1, y)) --last;
    box = {std::min(box.x0, first), std::min(box.y0, y), std::max(box.x1, last), y + 1};
  }
  return box;
}

// The colours of a tile's soft pixels, three channels each in reading order.
template <class Source>
void SolveTile(const Source& source, const Coarse& coarse, const Box& tile, Scratch& scratch,
               std::vector<typename Source::Sample>& colours) {
  using T = typename Source::Sample;
  const Box box = SoftPart(source, tile);
  Grid* above = nullptr;
  // A picture no larger than the coarse level is solved once more from there: nothing is lost.
  const size_t finest = coarse.levels.size() - 1;
  for (size_t l = std::min(coarse.last + 1, finest); l <= finest; ++l) {
    Grid& grid = scratch.grids[l % 2];
    grid.level = coarse.levels[l];
    int width, height;
    Span(box.x0, box.x1, source.width(), grid.level.width, &grid.x0, &width);
    Span(box.y0, box.y1, source.height(), grid.level.height, &grid.y0, &height);
    grid.cells.Resize(width, height);
    Fill(source, coarse, above, grid, scratch.samples);
    for (int i = 0; i < kIterations; ++i) {
      SweepForeground(kRegularization, kGradientWeight, &grid.cells);
    }
    above = &grid;
  }
  colours.resize(size_t{3} * static_cast<size_t>(box.x1 - box.x0) *
                 static_cast<size_t>(box.y1 - box.y0));
  T* colour = colours.data();
  for (int y = box.y0; y < box.y1; ++y) {
    const float* planes[3];
    for (int c = 0; c < 3; ++c) {
      planes[c] = above->cells.row(ForegroundGrid::kForeground + c, y - above->y0);
    }
    for (int x = box.x0; x < box.x1; ++x) {
      if (!source.Soft(x, y)) continue;
      const size_t at = above->cells.Column(x - above->x0);
      for (const float* plane : planes) {
        *colour++ = static_cast<T>(plane[at] * source.one() + 0.5f);
      }
    }
  }
  colours.resize(static_cast<size_t>(colour - colours.data()));
}

// The colours of all soft pixels: put(tile, colours) for every tile that has any, when all are
// solved: tiles read each other's pixels.
template <class Source, class Put>
Status SolveSoft(const Source& source, ThreadPool* pool, Put put) {
  using T = typename Source::Sample;
  const int columns = static_cast<int>(DivideUp(source.width(), kTile));
  const int rows = static_cast<int>(DivideUp(source.height(), kTile));
  std::vector<uint8_t> soft(static_cast<size_t>(columns) * static_cast<size_t>(rows), 0);
  ForRowBands(
      source.height(), pool,
      [&](int first, int last, int) {
        uint8_t* marks = &soft[static_cast<size_t>(first / kTile) * static_cast<size_t>(columns)];
        for (int y = first; y < last; ++y) {
          for (int t = 0; t < columns; ++t) {
            if (source.AnySoft(y, t * kTile, std::min((t + 1) * kTile, source.width()))) {
              marks[t] = 1;
            }
          }
        }
      },
      kTile);
  std::vector<int> tiles;
  for (size_t i = 0; i < soft.size(); ++i) {
    if (soft[i] != 0) tiles.push_back(static_cast<int>(i));
  }
  if (tiles.empty()) return OkStatus();

  PEEL_ASSIGN_OR_RETURN(const Coarse coarse, SolveCoarse(source));
  std::vector<std::vector<T>> colours(tiles.size());
  std::vector<Scratch> scratch(static_cast<size_t>(Workers(pool)));
  const auto tile_of = [&](int tile) {
    const int x = tile % columns * kTile, y = tile / columns * kTile;
    return Box{x, y, std::min(x + kTile, source.width()), std::min(y + kTile, source.height())};
  };
  ForRowBands(
      static_cast<int>(tiles.size()), pool,
      [&](int first, int last, int worker) {
        for (int i = first; i < last; ++i) {
          SolveTile(source, coarse, tile_of(tiles[static_cast<size_t>(i)]),
                    scratch[static_cast<size_t>(worker)], colours[static_cast<size_t>(i)]);
        }
      },
      1);
  ForRowBands(
      static_cast<int>(tiles.size()), pool,
      [&](int first, int last, int) {
        for (int i = first; i < last; ++i) {
          put(tile_of(tiles[static_cast<size_t>(i)]), colours[static_cast<size_t>(i)].data());
        }
      },
      1);
  return OkStatus();
}

// Pixels of colours and alpha together.
template <typename T>
class RgbaSource {
 public:
  using Sample = T;
  explicit RgbaSource(ImageView<const T> rgba) : rgba_(rgba) {}

  int width() const { return rgba_.width; }
  int height() const { return rgba_.height; }
  static float one() { return kOne<T>; }
  bool Soft(int x, int y) const { return peel::Soft(rgba_.row(y)[ptrdiff_t{4} * x + 3]); }
  bool AnySoft(int y, int first, int last) const {
    return peel::AnySoft(rgba_.row(y) + ptrdiff_t{4} * first, last - first);
  }
  // Colours and alpha of pixels of row y; `before` has the same ones of the row that was taken
  // last, or is not looked at (-1).
  void Take(int y, const int32_t* index, size_t count, const std::array<float*, 4>& planes,
            int /*row_before*/, const std::array<float*, 4>& /*before*/) const {
    using Pixel = std::conditional_t<sizeof(T) == 1, uint32_t, uint64_t>;
    constexpr float kScale = 1.0f / kOne<T>;
    constexpr size_t kAtOnce = 64;
    const T* const row = rgba_.row(y);
    Pixel pixels[kAtOnce];
    for (size_t first = 0; first < count; first += kAtOnce) {
      const size_t n = std::min(kAtOnce, count - first);
      for (size_t i = 0; i < n; ++i) {
        std::memcpy(&pixels[i], row + ptrdiff_t{4} * index[first + i], sizeof(Pixel));
      }
      for (int c = 0; c < 4; ++c) {  // little-endian: red lies lowest
        float* const to = planes[static_cast<size_t>(c)] + first;
        for (size_t i = 0; i < n; ++i) {
          to[i] =
              static_cast<float>(static_cast<int32_t>(pixels[i] >> (8 * sizeof(T) * c) & kOne<T>)) *
              kScale;
        }
      }
    }
  }
  Result<ForegroundPair> EstimateUpTo(const std::vector<ForegroundLevel>&, size_t last) const {
    return EstimateForegroundUpTo(rgba_, last);
  }

 private:
  ImageView<const T> rgba_;
};

// Planes of colours and one of alpha.
template <typename T>
class PlanarSource {
 public:
  using Sample = T;
  explicit PlanarSource(const PlanarPicture<T>& picture) : picture_(picture) {}

  int width() const { return picture_.alpha.width; }
  int height() const { return picture_.alpha.height; }
  float one() const { return picture_.one; }
  bool Soft(int x, int y) const { return peel::Soft(picture_.alpha.row(y)[x]); }
  bool AnySoft(int y, int first, int last) const {
    const uint8_t* const row = picture_.alpha.row(y);
    uint8_t soft = 0;  // no way out of the loop, so that it is done in vectors
    for (int x = first; x < last; ++x) soft |= static_cast<uint8_t>(peel::Soft(row[x]));
    return soft != 0;
  }
  void Take(int y, const int32_t* index, size_t count, const std::array<float*, 4>& planes,
            int row_before, const std::array<float*, 4>& before) const {
    const float scale = 1.0f / picture_.one;
    for (size_t c = 0; c < 3; ++c) {
      const auto& plane = picture_.colours[c];
      if (row_before >= 0 && row_before >> plane.shift_y == y >> plane.shift_y) {
        std::copy_n(before[c], count, planes[c]);
        continue;
      }
      TakeRow(plane.data + (y >> plane.shift_y) * plane.stride, plane.shift_x, index, count, scale,
              planes[c]);
    }
    TakeRow(picture_.alpha.row(y), 0, index, count, 1.0f / 255, planes[3]);
  }
  // Of a picture of the last level's pixels.
  Result<ForegroundPair> EstimateUpTo(const std::vector<ForegroundLevel>& levels,
                                      size_t last) const {
    const auto [w, h] = levels[last];
    PEEL_ASSIGN_OR_RETURN(ImageU16 small, ImageU16::Allocate(w, h, 4));
    std::vector<int32_t> index(static_cast<size_t>(w));
    for (int x = 0; x < w; ++x) index[static_cast<size_t>(x)] = Nearest(x, width(), w);
    std::vector<float> row(4 * index.size());
    const std::array<float*, 4> planes = {row.data(), row.data() + index.size(),
                                          row.data() + 2 * index.size(),
                                          row.data() + 3 * index.size()};
    for (int y = 0; y < h; ++y) {
      Take(Nearest(y, height(), h), index.data(), index.size(), planes, -1, planes);
      uint16_t* to = small.row(y);
      for (size_t x = 0; x < index.size(); ++x) {
        for (const float* plane : planes) *to++ = static_cast<uint16_t>(plane[x] * 65535.0f + 0.5f);
      }
    }
    return EstimateForegroundUpTo(std::as_const(small).view(), ForegroundLevels(w, h).size() - 1);
  }

 private:
  template <typename S>
  static void TakeRow(const S* row, int shift, const int32_t* index, size_t count, float scale,
                      float* to) {
    if (count == 0) return;
    const int32_t first = index[0];
    // A level's even or odd columns lie at least two pixels apart: exactly two, if they do in all.
    // That is so of the finest level, which has most of the cells, and is done in vectors.
    if (index[count - 1] - first != 2 * static_cast<int32_t>(count - 1) || shift > 1) {
      for (size_t i = 0; i < count; ++i) to[i] = static_cast<float>(row[index[i] >> shift]) * scale;
      return;
    }
    const S* const from = row + (first >> shift);
    if (shift == 1) {
      for (size_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]) * scale;
    } else {
      for (size_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[2 * i]) * scale;
    }
  }

  PlanarPicture<T> picture_;
};

template <typename T>
Status Decontaminate(ImageView<T> rgba, ThreadPool* pool) {
  if (rgba.empty() || rgba.channels != 4) {
    return InvalidArgument("edges are decontaminated in RGBA pictures");
  }
  return SolveSoft(RgbaSource<T>(rgba), pool, [&](const Box& tile, const T* colour) {
    for (int y = tile.y0; y < tile.y1; ++y) {
      T* row = rgba.row(y);
      for (int x = tile.x0; x < tile.x1; ++x) {
        T* p = row + ptrdiff_t{4} * x;
        if (!Soft(p[3])) continue;
        std::memcpy(p, colour, 3 * sizeof(T));
        colour += 3;
      }
    }
  });
}

template <typename T>
Status SoftColours(const PlanarPicture<T>& picture, PutSoftColours<T> put, ThreadPool* pool) {
  if (picture.alpha.empty() || picture.alpha.channels != 1) {
    return InvalidArgument("a matte has one channel");
  }
  return SolveSoft(PlanarSource<T>(picture), pool, [&](const Box& tile, const T* colours) {
    put(tile.x0, tile.y0, tile.x1, tile.y1, colours);
  });
}

}  // namespace

Status DecontaminateEdges(ImageView<uint8_t> rgba, ThreadPool* pool) {
  return Decontaminate(rgba, pool);
}
Status DecontaminateEdges(ImageView<uint16_t> rgba, ThreadPool* pool) {
  return Decontaminate(rgba, pool);
}

Status EstimateSoftColours(const PlanarPicture<uint8_t>& picture, PutSoftColours<uint8_t> put,
                           ThreadPool* pool) {
  return SoftColours(picture, put, pool);
}
Status EstimateSoftColours(const PlanarPicture<uint16_t>& picture, PutSoftColours<uint16_t> put,
                           ThreadPool* pool) {
  return SoftColours(picture, put, pool);
}

}  // namespace peel
