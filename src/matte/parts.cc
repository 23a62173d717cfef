#include "src/matte/parts.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <vector>

namespace peel {
namespace {

constexpr uint8_t kLand = 128;

// Pixels [x0, x1) of row y that belong together, and the number of their component.
struct Run {
  int y, x0, x1;
  uint32_t component;
};

// Sets of run numbers that were found to touch; a set's number is its first run's.
class Sets {
 public:
  uint32_t Add() {
    parent_.push_back(static_cast<uint32_t>(parent_.size()));
    return parent_.back();
  }
  uint32_t Find(uint32_t i) {
    while (parent_[i] != i) {
      parent_[i] = parent_[parent_[i]];
      i = parent_[i];
    }
    return i;
  }
  void Join(uint32_t a, uint32_t b) {
    a = Find(a);
    b = Find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<uint32_t> parent_;
};

// The components of the pixels that `belongs` holds for. reach: 1 where diagonal neighbours touch,
// else 0.
template <class Belongs>
std::vector<Run> Components(ImageView<const uint8_t> matte, int reach, const Belongs& belongs) {
  std::vector<Run> runs;
  Sets sets;
  size_t above = 0, above_end = 0;  // runs of the row above
  for (int y = 0; y < matte.height; ++y) {
    const uint8_t* row = matte.row(y);
    const size_t begin = runs.size();
    for (int x = 0; x < matte.width;) {
      if (!belongs(row[x])) {
        ++x;
        continue;
      }
      const int x0 = x;
      while (x < matte.width && belongs(row[x])) ++x;
      const uint32_t self = sets.Add();
      while (above < above_end && runs[above].x1 + reach <= x0) ++above;
      for (size_t i = above; i < above_end && runs[i].x0 < x + reach; ++i) {
        sets.Join(static_cast<uint32_t>(i), self);
      }
      runs.push_back({y, x0, x, self});
    }
    above = begin;
    above_end = runs.size();
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    runs[i].component = sets.Find(static_cast<uint32_t>(i));
  }
  return runs;
}

// The number of the component with the most pixels (of equals, the first from the top). runs must
// not be empty.
uint32_t Largest(const std::vector<Run>& runs) {
  std::vector<int64_t> pixels(runs.size(), 0);
  for (const Run& run : runs) pixels[run.component] += run.x1 - run.x0;
  return static_cast<uint32_t>(std::max_element(pixels.begin(), pixels.end()) - pixels.begin());
}

struct Point {
  int x, y;
};

// use(x, y) for the four neighbours within the picture.
template <class Use>
void ForNeighbours(ImageView<const uint8_t> matte, Point p, const Use& use) {
  if (p.x > 0) use(p.x - 1, p.y);
  if (p.x + 1 < matte.width) use(p.x + 1, p.y);
  if (p.y > 0) use(p.x, p.y - 1);
  if (p.y + 1 < matte.height) use(p.x, p.y + 1);
}

void ClearAllBut(ImageView<uint8_t> matte, const std::vector<Run>& runs, uint32_t kept) {
  size_t next = 0;
  for (int y = 0; y < matte.height; ++y) {
    uint8_t* row = matte.row(y);
    int x = 0;
    for (; next < runs.size() && runs[next].y == y; ++next) {
      if (runs[next].component != kept) continue;
      std::fill(row + x, row + runs[next].x0, uint8_t{0});
      x = runs[next].x1;
    }
    std::fill(row + x, row + matte.width, uint8_t{0});
  }
}

}  // namespace

Status KeepLargest(ImageView<uint8_t> matte) {
  if (matte.empty() || matte.channels != 1) return InvalidArgument("a matte has one channel");
  const std::vector<Run> land = Components(matte, 1, [](uint8_t v) { return v >= kLand; });
  if (land.empty()) {
    const std::vector<Run> soft = Components(matte, 1, [](uint8_t v) { return v != 0; });
    if (!soft.empty()) ClearAllBut(matte, soft, Largest(soft));
    return OkStatus();
  }
  const uint32_t kept = Largest(land);
  const bool single = std::ranges::all_of(land, [&](const Run& r) { return r.component == kept; });

  // Whose a pixel is. Land first, then the shore step by step from all land at once.
  enum Owner : uint8_t { kNobody, kKept, kOther };
  PEEL_ASSIGN_OR_RETURN(ImageU8 owner, ImageU8::Allocate(matte.width, matte.height, 1));
  for (int y = 0; y < matte.height; ++y) std::fill_n(owner.row(y), matte.width, uint8_t{kNobody});
  for (const Run& run : land) {
    std::fill(owner.row(run.y) + run.x0, owner.row(run.y) + run.x1,
              run.component == kept ? uint8_t{kKept} : uint8_t{kOther});
  }
  std::vector<Point> shore, next;
  const auto spread = [&](Point p) {
    const uint8_t mine = owner.row(p.y)[p.x];
    ForNeighbours(matte, p, [&](int x, int y) {
      if (owner.row(y)[x] != kNobody || matte.row(y)[x] == 0) return;
      owner.row(y)[x] = mine;
      next.push_back({x, y});
    });
  };
  for (const Run& run : land) {
    for (int x = run.x0; x < run.x1; ++x) spread({x, run.y});
  }
  while (!next.empty()) {
    shore.swap(next);
    next.clear();
    for (const Point p : shore) spread(p);
  }
  for (int y = 0; y < matte.height; ++y) {
    const uint8_t* mine = owner.row(y);
    uint8_t* row = matte.row(y);
    for (int x = 0; x < matte.width; ++x) {
      // With one island there is nothing to choose: faint remote haze stays as it was.
      if (mine[x] == kOther || (!single && mine[x] == kNobody)) row[x] = 0;
    }
  }
  return OkStatus();
}

Status FillHoles(ImageView<uint8_t> matte) {
  if (matte.empty() || matte.channels != 1) return InvalidArgument("a matte has one channel");
  const std::vector<Run> sea = Components(matte, 0, [](uint8_t v) { return v < kLand; });
  std::vector<uint8_t> open(sea.size(), 0);
  for (const Run& run : sea) {
    if (run.y == 0 || run.y == matte.height - 1 || run.x0 == 0 || run.x1 == matte.width) {
      open[run.component] = 1;
    }
  }
  // The rim is climbed with the heights as they were: a filled pixel carries its own along.
  struct Step {
    Point at;
    uint8_t height;
  };
  std::vector<Step> climbing;
  for (const Run& run : sea) {
    if (open[run.component] != 0) continue;
    uint8_t* row = matte.row(run.y);
    for (int x = run.x0; x < run.x1; ++x) {
      climbing.push_back({{x, run.y}, kLand - 1});
      row[x] = 255;
    }
  }
  while (!climbing.empty()) {
    const Step step = climbing.back();
    climbing.pop_back();
    ForNeighbours(matte, step.at, [&](int x, int y) {
      uint8_t& v = matte.row(y)[x];
      if (v == 255 || v < step.height || v < kLand) return;
      climbing.push_back({{x, y}, v});
      v = 255;
    });
  }
  return OkStatus();
}

}  // namespace peel
