#include "src/rectify/find/edge_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "src/image/rows.h"

namespace peel::quads {
namespace {

constexpr int kReach = 2;   // of the filters
constexpr int kBorder = 2;  // pixels along the picture's border that make no edges
constexpr int kBandRows = 32;
// Below 0.4 levels a pixel even an edge without noise is only JPEG's; above 2 an edge is visible
// whatever the noise.
constexpr int kLeastNoise = kGradientScale * 2 / 5;
constexpr int kMostNoise = 2 * kGradientScale;

// A row smoothed and differentiated along x; the row is extended by its last pixels.
void FilterRow(const int16_t* in, int width, int16_t* padded, int16_t* smooth, int16_t* slope) {
  std::memcpy(padded + kReach, in, static_cast<size_t>(width) * sizeof(*in));
  for (int i = 0; i < kReach; ++i) padded[i] = in[0], padded[width + kReach + i] = in[width - 1];
  const int16_t* p = padded;
  for (int i = 0; i < width; ++i) {
    smooth[i] = static_cast<int16_t>(p[i] + 4 * p[i + 1] + 6 * p[i + 2] + 4 * p[i + 3] + p[i + 4]);
  }
  for (int i = 0; i < width; ++i) {
    slope[i] = static_cast<int16_t>(p[i + 4] - p[i] + 2 * (p[i + 3] - p[i + 1]));
  }
}

struct Band {
  std::vector<int16_t> padded, smooth, slope;  // the latter two: rows of the band and kReach around
};

// Replaces the gradient of a row by this plane's where that is longer.
void TakeSteeper(const Band& band, int row, int width, bool first_plane, int16_t* gx, int16_t* gy,
                 int32_t* square) {
  const auto w = static_cast<size_t>(width);
  const int16_t* d = band.slope.data() + static_cast<size_t>(row) * w;
  const int16_t* s = band.smooth.data() + static_cast<size_t>(row) * w;
  for (size_t i = 0; i < w; ++i) {
    // Both fit into 16 bits, and products of 16 bits are what every processor has instructions for.
    const auto x = static_cast<int16_t>(
        (d[i] + d[i + 4 * w] + 4 * (d[i + w] + d[i + 3 * w]) + 6 * d[i + 2 * w]) >> 4);
    const auto y = static_cast<int16_t>((s[i + 4 * w] - s[i] + 2 * (s[i + 3 * w] - s[i + w])) >> 4);
    const int32_t sq = int32_t{x} * x + int32_t{y} * y;
    const bool take = first_plane || sq > square[i];
    gx[i] = take ? x : gx[i];
    gy[i] = take ? y : gy[i];
    square[i] = take ? sq : square[i];
  }
}

// Gradients of pure noise have Rayleigh's distribution: 4.5 times its 20th percentile is three
// standard deviations. Pictures full of texture are held to kMostNoise.
int NoiseOf(const Image<uint16_t>& length) {
  std::array<uint32_t, size_t{4} * kMostNoise> histogram{};
  uint32_t total = 0;
  for (int y = kBorder; y < length.height() - kBorder; y += 2) {
    for (int x = kBorder; x < length.width() - kBorder; ++x) {
      ++histogram[std::min<size_t>(length.row(y)[x], histogram.size() - 1)];
      ++total;
    }
  }
  uint32_t seen = 0;
  size_t level = 0;
  while (level + 1 < histogram.size() && (seen += histogram[level]) < total / 5) ++level;
  return std::clamp(static_cast<int>(level) * 9 / 2, kLeastNoise, kMostNoise);
}

bool IsMaximum(const EdgeMap& map, int x, int y) {
  const ptrdiff_t stride = map.length.stride();
  const uint16_t* m = map.length.row(y) + x;
  const int gx = map.x.row(y)[x], gy = map.y.row(y)[x];
  const int ax = std::abs(gx), ay = std::abs(gy);
  ptrdiff_t step;
  if (5 * ay < 2 * ax) {  // within 22.5 degrees of an axis, or along a diagonal
    step = 1;
  } else if (5 * ax < 2 * ay) {
    step = stride;
  } else {
    step = (gx > 0) == (gy > 0) ? stride + 1 : stride - 1;
  }
  // Of two equal neighbours the first alone counts.
  return m[0] > m[-step] && m[0] >= m[step];
}

}  // namespace

Result<EdgeMap> MakeEdgeMap(const WorkingCopy& copy, ThreadPool* pool) {
  EdgeMap map;
  const int width = copy.width(), height = copy.height();
  PEEL_ASSIGN_OR_RETURN(map.x, Image<int16_t>::Allocate(width, height, 1));
  PEEL_ASSIGN_OR_RETURN(map.y, Image<int16_t>::Allocate(width, height, 1));
  PEEL_ASSIGN_OR_RETURN(map.length, Image<uint16_t>::Allocate(width, height, 1));
  PEEL_ASSIGN_OR_RETURN(map.is_edge, ImageU8::Allocate(width, height, 1));
  const auto w = static_cast<size_t>(width);
  std::vector<Band> bands(static_cast<size_t>(Workers(pool)));
  for (Band& band : bands) {
    band.padded.resize(w + size_t{2} * kReach);
    band.smooth.resize(w * static_cast<size_t>(kBandRows + 2 * kReach));
    band.slope.resize(w * static_cast<size_t>(kBandRows + 2 * kReach));
  }
  ForRowBands(
      height, pool,
      [&](int first, int last, int worker) {
        Band& band = bands[static_cast<size_t>(worker)];
        std::vector<int32_t> square(w * static_cast<size_t>(last - first));
        for (int c = 0; c < 3; ++c) {
          for (int y = first - kReach; y < last + kReach; ++y) {
            const size_t at = static_cast<size_t>(y - first + kReach) * w;
            FilterRow(copy.planes[c].row(std::clamp(y, 0, height - 1)), width, band.padded.data(),
                      band.smooth.data() + at, band.slope.data() + at);
          }
          for (int y = first; y < last; ++y) {
            TakeSteeper(band, y - first, width, c == 0, map.x.row(y), map.y.row(y),
                        square.data() + static_cast<size_t>(y - first) * w);
          }
        }
        for (int y = first; y < last; ++y) {
          uint16_t* length = map.length.row(y);
          const int32_t* sq = square.data() + static_cast<size_t>(y - first) * w;
          for (int x = 0; x < width; ++x) {
            length[x] = static_cast<uint16_t>(std::sqrt(static_cast<float>(sq[x])));
          }
          if (y < kBorder || y >= height - kBorder) std::fill_n(length, width, uint16_t{0});
          for (int x = 0; x < std::min(kBorder, width); ++x) length[x] = length[width - 1 - x] = 0;
        }
      },
      kBandRows);
  map.noise = NoiseOf(map.length);

  ForRowBands(height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      uint8_t* out = map.is_edge.row(y);
      std::memset(out, 0, w);
      if (y < kBorder || y >= height - kBorder) continue;
      const uint16_t* length = map.length.row(y);
      for (int x = kBorder; x < width - kBorder; ++x) {
        if (length[x] > map.noise) out[x] = IsMaximum(map, x, y);
      }
    }
  });

  // Sorted by length, coarsely: steps of an eighth of a level near the noise, wider ones above.
  constexpr size_t kBuckets = 512;
  const auto bucket = [](uint16_t length) {
    return kBuckets - 1 - std::min<size_t>(static_cast<size_t>(length) >> 3, kBuckets - 1);
  };
  std::array<uint32_t, kBuckets + 1> start{};
  for (int pass = 0; pass < 2; ++pass) {
    for (int y = kBorder; y < height - kBorder; ++y) {
      const uint8_t* edge = map.is_edge.row(y);
      const uint16_t* length = map.length.row(y);
      for (int x = kBorder; x < width - kBorder; ++x) {
        if (edge[x] == 0) continue;
        if (pass == 0) {
          ++start[bucket(length[x]) + 1];
        } else {
          map.edges[start[bucket(length[x])]++] = {static_cast<uint16_t>(x),
                                                   static_cast<uint16_t>(y)};
        }
      }
    }
    if (pass == 0) {
      for (size_t i = 1; i <= kBuckets; ++i) start[i] += start[i - 1];
      map.edges.resize(start[kBuckets]);
    }
  }
  return map;
}

}  // namespace peel::quads
