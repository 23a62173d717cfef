#include "src/matte/hints/hints.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "src/image/resize.h"
#include "src/image/rows.h"
#include "src/matte/hints/hint_spread.h"
#include "src/matte/matting/closed_form.h"

namespace peel {
namespace {

constexpr int kClear = 96;  // levels by which a stroke's colour exceeds the others

uint8_t Meaning(const uint8_t* p, int channels) {
  if (channels == 4 && p[3] < 128) return kNoHint;
  if (p[1] - std::max(p[0], p[2]) >= kClear) return kKeep;
  if (p[0] - std::max(p[1], p[2]) >= kClear) return kRemove;
  return kNoHint;
}

// Cells to either side of where the matte changes that are solved for.
constexpr int kRim = 2;
// Levels below which a cell's matte counts as unchanged, and as even.
constexpr int kChange = 4, kEven = 24;
constexpr double kTolerance = 3e-3;  // well below a level

enum class Zone : uint8_t { kAsItWas, kCertain, kSolved };

// What becomes of each cell. Solved are those where the matte that the strokes want is not even,
// near to where it differs from the one before.
std::vector<Zone> Zones(const HintSpread& spread) {
  std::vector<Zone> zones(spread.pull.size(), Zone::kAsItWas);
  for (int y = 0; y < spread.height; ++y) {
    for (int x = 0; x < spread.width; ++x) {
      int least = 255, most = 0, change = 0;
      for (int v = std::max(y - kRim, 0); v <= std::min(y + kRim, spread.height - 1); ++v) {
        for (int u = std::max(x - kRim, 0); u <= std::min(x + kRim, spread.width - 1); ++u) {
          const size_t at = spread.at(u, v);
          const int target = spread.target[at];
          least = std::min(least, target);
          most = std::max(most, target);
          change = std::max(change, std::abs(target - spread.matte[at]));
        }
      }
      if (change < kChange) continue;
      zones[spread.at(x, y)] = most - least >= kEven ? Zone::kSolved : Zone::kCertain;
    }
  }
  return zones;
}

// Between the cells' values, which stand at their middles.
class BetweenCells {
 public:
  BetweenCells(const HintSpread& spread, int y) : spread_(spread) {
    const float at = std::max((static_cast<float>(y) + 0.5f) / spread.cell - 0.5f, 0.0f);
    top_ = std::min(static_cast<int>(at), spread.height - 1);
    below_ = std::min(top_ + 1, spread.height - 1);
    share_ = at - static_cast<float>(top_);
  }
  float Pull(int x) const {
    const float at = std::max((static_cast<float>(x) + 0.5f) / spread_.cell - 0.5f, 0.0f);
    const int left = std::min(static_cast<int>(at), spread_.width - 1);
    const int right = std::min(left + 1, spread_.width - 1);
    const float share = at - static_cast<float>(left);
    const auto row = [&](int y) {
      const float l = spread_.pull[spread_.at(left, y)], r = spread_.pull[spread_.at(right, y)];
      return l + share * (r - l);
    };
    const float upper = row(top_);
    return upper + share_ * (row(below_) - upper);
  }

 private:
  const HintSpread& spread_;
  int top_ = 0, below_ = 0;
  float share_ = 0;
};

// Row y of what the strokes want the matte to be, which holds the one before, and of what is to be
// solved for.
void FollowRow(const HintSpread& spread, const std::vector<Zone>& zones, int y,
               const uint8_t* strokes, uint8_t* wanted, uint8_t* trimap, int width) {
  constexpr uint8_t kKnown = 0, kUnknown = 128;
  const BetweenCells between(spread, y);
  for (int column = 0; column < spread.width; ++column) {
    const int begin = column * spread.cell, end = std::min(begin + spread.cell, width);
    const Zone zone = zones[spread.at(column, y / spread.cell)];
    std::fill(trimap + begin, trimap + end, zone == Zone::kSolved ? kUnknown : kKnown);
    for (int x = begin; x < end; ++x) {
      if (strokes[x] != kNoHint) {
        wanted[x] = strokes[x];
        trimap[x] = kKnown;
      } else if (zone != Zone::kAsItWas) {
        const float pull = between.Pull(x), from = wanted[x];
        const float to = pull > 0 ? 255.0f : 0.0f;
        wanted[x] = static_cast<uint8_t>(from + std::fabs(pull) * (to - from) + 0.5f);
      }
    }
  }
}

}  // namespace

Result<ImageU8> ReadHints(ImageView<const uint8_t> drawn, Size size, ThreadPool* pool) {
  if (drawn.empty() || (drawn.channels != 3 && drawn.channels != 4)) {
    return InvalidArgument("hints are a picture of 3 or 4 channels, green and red");
  }
  PEEL_ASSIGN_OR_RETURN(ImageU8 strokes, ImageU8::Allocate(drawn.width, drawn.height, 1));
  ForRowBands(drawn.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      const uint8_t* p = drawn.row(y);
      uint8_t* to = strokes.row(y);
      for (int x = 0; x < drawn.width; ++x, p += drawn.channels) to[x] = Meaning(p, drawn.channels);
    }
  });
  if (size == Size{drawn.width, drawn.height}) return strokes;
  return Resize(std::as_const(strokes).view(), size.width, size.height, ResizeFilter::kNearest,
                pool);
}

Status ApplyHints(ImageView<const uint8_t> picture, ImageView<const uint8_t> strokes,
                  ImageView<uint8_t> matte, ThreadPool* pool) {
  const Size size = {picture.width, picture.height};
  if (picture.empty() || picture.channels < 3 || strokes.channels != 1 || matte.channels != 1 ||
      size != Size{strokes.width, strokes.height} || size != Size{matte.width, matte.height}) {
    return InvalidArgument("a picture, its strokes and its matte are of one size");
  }
  PEEL_ASSIGN_OR_RETURN(const HintSpread spread, SpreadHints(picture, strokes, matte, pool));
  const std::vector<Zone> zones = Zones(spread);
  PEEL_ASSIGN_OR_RETURN(ImageU8 wanted, Clone(matte));
  PEEL_ASSIGN_OR_RETURN(ImageU8 trimap, ImageU8::Allocate(size.width, size.height, 1));
  ForRowBands(size.height, pool, [&](int first, int last, int) {
    for (int y = first; y < last; ++y) {
      FollowRow(spread, zones, y, strokes.row(y), wanted.row(y), trimap.row(y), size.width);
    }
  });
  ClosedFormOptions options;
  options.known = std::as_const(wanted).view();
  options.prior = std::as_const(wanted).view();
  options.tolerance = kTolerance;
  PEEL_ASSIGN_OR_RETURN(const ImageU8 solved,
                        ClosedFormMatte(picture, std::as_const(trimap).view(), options, pool));
  for (int y = 0; y < size.height; ++y) {
    std::copy_n(solved.row(y), size.width, matte.row(y));
  }
  return OkStatus();
}

}  // namespace peel
