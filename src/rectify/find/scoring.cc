#include "src/rectify/find/scoring.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "src/rectify/find/perspective.h"

namespace peel::quads {
namespace {

constexpr int kMostSamples = 48;
constexpr double kSampleStep = 3;  // pixels, on short sides
constexpr int kReach = 2;          // pixels to either side in which a side's edge is looked for
constexpr double kNoise = 3;       // levels of colour difference that say nothing

struct Colour {
  double c[3] = {0, 0, 0};
  void Add(const Colour& o, double weight = 1) {
    for (int i = 0; i < 3; ++i) c[i] += weight * o.c[i];
  }
  double Square() const { return c[0] * c[0] + c[1] * c[1] + c[2] * c[2]; }
};

Colour Difference(const Colour& a, const Colour& b) {
  return {{a.c[0] - b.c[0], a.c[1] - b.c[1], a.c[2] - b.c[2]}};
}

struct SideSums {
  int samples = 0, seen = 0, covered = 0;
  int corner_seen = 0, corner_covered = 0;
  int beyond_seen = 0, beyond_covered = 0;
  int bands = 0;  // samples with both bands within the picture
  Colour inside, outside, difference;
  double squares = 0;  // of differences
  double cover() const { return seen > 0 ? 1.0 * covered / seen : 0; }
  double step() const {
    if (bands == 0) return 0;
    return std::sqrt(difference.Square()) /
           std::sqrt(bands * (squares + bands * kNoise * kNoise) + 1e-9);
  }
};

// Whether there is an edge along a line with this normal near p, and if the picture shows p at all.
bool EdgeNear(const EdgeMap& edges, Point p, Point normal, bool& seen) {
  // A side along the picture's own border is none that the picture shows.
  seen =
      p.x > kReach && p.y > kReach && p.x < edges.width() - kReach && p.y < edges.height() - kReach;
  for (int i = -kReach; i <= kReach && seen; ++i) {
    const Point q = p + static_cast<double>(i) * normal;
    const int x = static_cast<int>(q.x), y = static_cast<int>(q.y);
    const double length = edges.length.row(y)[x];
    if (length <= edges.noise) continue;
    const double across = edges.x.row(y)[x] * normal.x + edges.y.row(y)[x] * normal.y;
    if (std::abs(across) > 0.92 * length) return true;
  }
  return false;
}

}  // namespace

Scorer::Scorer(const WorkingCopy& copy, const EdgeMap& edges, ImageView<const uint8_t> matte,
               double focal)
    : copy_(copy), edges_(edges), matte_(matte), focal_(focal) {
  if (matte_.empty()) return;
  const auto w = static_cast<size_t>(matte_.width) + 1;
  matte_sums_.assign(w * static_cast<size_t>(matte_.height), 0);
  for (int y = 0; y < matte_.height; ++y) {
    uint32_t* sums = matte_sums_.data() + static_cast<size_t>(y) * w;
    for (int x = 0; x < matte_.width; ++x) sums[x + 1] = sums[x] + matte_.row(y)[x];
    matte_total_ += sums[matte_.width];
  }
}

void Scorer::LookAtSides(const Quad& quad, Evidence& e) const {
  SideSums sides[4];
  const auto colour_at = [this](Point p, Colour& out) {
    if (!(p.x >= 0 && p.y >= 0 && p.x < copy_.width() && p.y < copy_.height())) return false;
    const int x = static_cast<int>(p.x), y = static_cast<int>(p.y);
    for (int c = 0; c < 3; ++c) out.c[c] = 1.0 / kLevelSteps * copy_.planes[c].row(y)[x];
    return true;
  };
  double shortest = 1e9;
  for (size_t i = 0; i < 4; ++i) shortest = std::min(shortest, SideLength(quad, i));
  const double band = std::clamp(0.05 * shortest, 5.0, 16.0);
  const double depths[] = {3, (3 + band) / 2, band};
  int unseen = 0, samples = 0;
  for (size_t i = 0; i < 4; ++i) {
    SideSums& s = sides[i];
    const Line line = Side(quad, i);
    const Point out = -1.0 * line.Normal();  // clockwise: the inside is on the right
    const double length = SideLength(quad, i);
    s.samples = std::clamp(static_cast<int>(length / kSampleStep), 6, kMostSamples);
    for (int j = 0; j < s.samples; ++j) {
      const Point p = line.At(length * (j + 0.5) / s.samples);
      bool seen = false;
      const bool edge = EdgeNear(edges_, p, out, seen);
      if (!seen) continue;
      ++s.seen;
      s.covered += edge;
      if (6 * j < s.samples || 6 * j >= 5 * s.samples) ++s.corner_seen, s.corner_covered += edge;
      Colour inside, outside;
      bool both = true;
      for (const double depth : depths) {
        Colour in, beyond;
        both = both && colour_at(p - depth * out, in) && colour_at(p + depth * out, beyond);
        inside.Add(in, 1.0 / 3), outside.Add(beyond, 1.0 / 3);
      }
      if (!both) continue;
      const Colour difference = Difference(inside, outside);
      ++s.bands;
      s.inside.Add(inside), s.outside.Add(outside), s.difference.Add(difference);
      s.squares += difference.Square();
    }
    // Beyond both corners, for a fifth of the side, not right at the corner.
    const int beyond = std::max(3, s.samples / 5);
    for (int j = 0; j < beyond; ++j) {
      const double at = 5 + 0.2 * length * (j + 0.5) / beyond;
      for (const Point p : {line.At(-at), line.At(length + at)}) {
        bool seen = false;
        const bool edge = EdgeNear(edges_, p, out, seen);
        s.beyond_seen += seen, s.beyond_covered += edge;
      }
    }
    unseen += s.samples - s.seen;
    samples += s.samples;
  }

  // A side of which the picture shows next to nothing tells nothing: it counts as the mean of the
  // others, and kUnseen says so.
  double cover[4], step[4], cover_sum = 0, step_sum = 0;
  int told = 0;
  for (size_t i = 0; i < 4; ++i) {
    if (5 * sides[i].seen < sides[i].samples) continue;
    cover_sum += sides[i].cover(), step_sum += sides[i].step(), ++told;
  }
  if (told == 0) return;
  for (size_t i = 0; i < 4; ++i) {
    const bool tells = 5 * sides[i].seen >= sides[i].samples;
    cover[i] = tells ? sides[i].cover() : cover_sum / told;
    step[i] = tells ? sides[i].step() : step_sum / told;
  }
  e[Evidence::kCover] = cover_sum / told;
  e[Evidence::kLeastCover] = *std::min_element(cover, cover + 4);
  e[Evidence::kWeakerCover] = (std::min(cover[0], cover[2]) + std::min(cover[1], cover[3])) / 2;
  e[Evidence::kStep] = step_sum / told;
  e[Evidence::kLeastStep] = *std::min_element(step, step + 4);
  e[Evidence::kWeakerStep] = (std::min(step[0], step[2]) + std::min(step[1], step[3])) / 2;
  e[Evidence::kUnseen] = 1.0 * unseen / samples;

  int corner_seen = 0, corner_covered = 0, beyond_seen = 0, beyond_covered = 0, bands = 0;
  double brighter = 0, either = 0, contrast = 0;
  Colour inside_mean, outside_mean;
  for (const SideSums& s : sides) {
    corner_seen += s.corner_seen, corner_covered += s.corner_covered;
    beyond_seen += s.beyond_seen, beyond_covered += s.beyond_covered;
    brighter += s.difference.c[0], either += std::abs(s.difference.c[0]);
    bands += s.bands;
    contrast += std::sqrt(s.difference.Square());
    inside_mean.Add(s.inside), outside_mean.Add(s.outside);
  }
  e[Evidence::kCornerCover] = corner_seen > 0 ? 1.0 * corner_covered / corner_seen : 0;
  e[Evidence::kBeyond] = beyond_seen > 0 ? 1.0 * beyond_covered / beyond_seen : 0;
  e[Evidence::kOneSign] = std::abs(brighter) / (either + kNoise);
  if (bands == 0) return;
  e[Evidence::kContrast] = std::log1p(contrast / bands / kNoise) / 4;
  double inside_spread = 0, outside_spread = 0;
  for (const SideSums& s : sides) {
    if (s.bands == 0) continue;
    Colour in, out;
    in.Add(s.inside, 1.0 / s.bands), in.Add(inside_mean, -1.0 / bands);
    out.Add(s.outside, 1.0 / s.bands), out.Add(outside_mean, -1.0 / bands);
    inside_spread += s.bands * in.Square(), outside_spread += s.bands * out.Square();
  }
  e[Evidence::kAlike] = 1 / (1 + std::sqrt(inside_spread / bands) / 12);
  e[Evidence::kAround] = 1 / (1 + std::sqrt(outside_spread / bands) / 12);
}

void Scorer::LookAtMatte(const Quad& quad, Evidence& e) const {
  if (matte_.empty() || matte_total_ <= 0) return;
  // Of each row, from where the quad begins to where it ends: two sides cross it.
  std::vector<std::pair<double, double>> spans(static_cast<size_t>(matte_.height), {1e9, -1e9});
  const auto first_row = [this](double y) {  // whose centre lies at y or below it
    return static_cast<size_t>(std::clamp(std::ceil(y - 0.5), 0.0, 1.0 * matte_.height));
  };
  for (size_t i = 0; i < 4; ++i) {
    const Point a = quad.corners[i], b = quad.corners[(i + 1) % 4];
    const double slope = (b.x - a.x) / (b.y - a.y);
    const size_t end = first_row(std::max(a.y, b.y));
    for (size_t y = first_row(std::min(a.y, b.y)); y < end; ++y) {
      const double x = a.x + (static_cast<double>(y) + 0.5 - a.y) * slope;
      auto& [from, to] = spans[y];
      from = std::min(from, x), to = std::max(to, x);
    }
  }
  double within = 0, area = 0;
  const auto w = static_cast<size_t>(matte_.width) + 1;
  for (size_t y = 0; y < spans.size(); ++y) {
    const auto [from, to] = spans[y];
    const auto column = [this](double x) {
      return static_cast<size_t>(std::clamp(x + 0.5, 0.0, 1.0 * matte_.width));
    };
    if (from > to) continue;
    const size_t first = column(from), last = column(to);
    if (first >= last) continue;
    const uint32_t* sums = matte_sums_.data() + y * w;
    within += sums[last] - sums[first];
    area += static_cast<double>(last - first);
  }
  e[Evidence::kHasMatte] = 1;
  e[Evidence::kMatte] = within / std::max(area * 255 + matte_total_ - within, 1.0);
  double step = 0;
  int n = 0;
  for (size_t i = 0; i < 4; ++i) {
    const Line line = Side(quad, i);
    const Point out = -1.0 * line.Normal();
    const double length = SideLength(quad, i);
    for (int j = 0; j < 24; ++j) {
      const Point p = line.At(length * (j + 0.5) / 24);
      const Point in = p - 4.0 * out, beyond = p + 4.0 * out;
      const auto at = [this](Point q, int& value) {
        const int x = static_cast<int>(std::floor(q.x)), y = static_cast<int>(std::floor(q.y));
        if (x < 0 || y < 0 || x >= matte_.width || y >= matte_.height) return false;
        value = matte_.row(y)[x];
        return true;
      };
      int a = 0, b = 0;
      if (!at(in, a) || !at(beyond, b)) continue;
      step += (a - b) / 255.0;
      ++n;
    }
  }
  e[Evidence::kMatteSides] = n > 0 ? step / n : 0;
}

void Scorer::LookAtShape(const Quad& quad, Evidence& e) const {
  const int width = copy_.width(), height = copy_.height();
  e[Evidence::kArea] = std::sqrt(std::min(1.0, SignedArea(quad) / (1.0 * width * height)));
  double cosine = 0, unlike = 0;
  for (size_t i = 0; i < 4; ++i) {
    cosine = std::max(cosine, std::abs(Dot(Side(quad, i).along, Side(quad, i + 1).along)));
  }
  for (size_t i = 0; i < 2; ++i) {
    unlike = std::max(unlike, std::abs(std::log(SideLength(quad, i) / SideLength(quad, i + 2))));
  }
  e[Evidence::kAngles] = cosine;
  e[Evidence::kOpposite] = unlike;

  const Perspective perspective = LookAtPerspective(quad, {width, height}, focal_);
  e[Evidence::kSkew] = perspective.skew;
  e[Evidence::kOdd] = perspective.odd;
  e[Evidence::kLength] = perspective.length;
  e[Evidence::kFacing] = perspective.facing;
  e[Evidence::kKnown] = perspective.known;

  // What is photographed is what the camera was pointed at.
  const Point centre{width / 2.0, height / 2.0};
  Point middle;
  double within = 1e9;
  for (size_t i = 0; i < 4; ++i) {
    middle = middle + 0.25 * quad.corners[i];
    within = std::min(within, Side(quad, i).Offset(centre));
  }
  e[Evidence::kOffCentre] = std::hypot(middle.x / width - 0.5, middle.y / height - 0.5);
  e[Evidence::kMiddle] = std::clamp(within / (0.25 * std::hypot(width, height)), -1.0, 1.0);
}

Evidence Scorer::Look(const Quad& quad) const {
  Evidence e;
  LookAtSides(quad, e);
  LookAtMatte(quad, e);
  LookAtShape(quad, e);
  return e;
}

}  // namespace peel::quads
