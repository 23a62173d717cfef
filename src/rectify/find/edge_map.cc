#include "src/rectify/find/edge_map.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "src/image/rows.h"
#include "src/rectify/find/edge_kernels.h"

namespace peel::quads {
namespace {

constexpr int kReach = 2;   // of the filters
constexpr int kBorder = 2;  // pixels along the picture's border that make no edges
constexpr int kBandRows = 32;
// Below 0.4 levels a pixel even an edge without noise is only JPEG's; above 2 an edge is visible
// whatever the noise.
constexpr int kLeastNoise = kGradientScale * 2 / 5;
constexpr int kMostNoise = 2 * kGradientScale;

// The row is extended by its last pixels.
void FilterRow(const int16_t* in, int width, int16_t* padded, int16_t* smooth, int16_t* slope) {
  std::memcpy(padded + kReach, in, static_cast<size_t>(width) * sizeof(*in));
  for (int i = 0; i < kReach; ++i) padded[i] = in[0], padded[width + kReach + i] = in[width - 1];
  edges::FilterRow(padded, static_cast<size_t>(width), smooth, slope);
}

struct Band {
  std::vector<int16_t> padded, smooth, slope;  // the latter two: rows of the band and kReach around
};

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
        for (int c = 0; c < 3 && !copy.planes[c].empty(); ++c) {
          for (int y = first - kReach; y < last + kReach; ++y) {
            const size_t at = static_cast<size_t>(y - first + kReach) * w;
            FilterRow(copy.planes[c].row(std::clamp(y, 0, height - 1)), width, band.padded.data(),
                      band.smooth.data() + at, band.slope.data() + at);
          }
          for (int y = first; y < last; ++y) {
            const size_t at = static_cast<size_t>(y - first) * w;
            edges::TakeSteeper(band.smooth.data() + at, band.slope.data() + at, w, c == 0,
                               map.x.row(y), map.y.row(y), square.data() + at);
          }
        }
        for (int y = first; y < last; ++y) {
          uint16_t* length = map.length.row(y);
          edges::Lengths(square.data() + static_cast<size_t>(y - first) * w, w, length);
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
      if (y < kBorder || y >= height - kBorder || width <= 2 * kBorder) continue;
      edges::MarkMaxima(map.length.row(y), map.length.stride(), map.x.row(y), map.y.row(y),
                        map.noise, kBorder, w - kBorder, out);
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
