#include "src/rectify/scoring.h"

#include <algorithm>
#include <cmath>

#include "src/rectify/confidence.h"

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
  bool found = false;
  for (int i = -kReach; i <= kReach && seen; ++i) {
    const Point q = p + static_cast<double>(i) * normal;
    const int x = static_cast<int>(q.x), y = static_cast<int>(q.y);
    const double length = edges.length.row(y)[x];
    if (length <= edges.noise) continue;
    const double across = edges.x.row(y)[x] * normal.x + edges.y.row(y)[x] * normal.y;
    found |= std::abs(across) > 0.92 * length;
  }
  return found;
}

}  // namespace

Scorer::Scorer(const WorkingCopy& copy, const EdgeMap& edges, ImageView<const uint8_t> matte)
    : copy_(copy), edges_(edges), matte_(matte) {
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
    const int x = static_cast<int>(std::floor(p.x)), y = static_cast<int>(std::floor(p.y));
    if (x < 0 || y < 0 || x >= copy_.width() || y >= copy_.height()) return false;
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
  // Row by row, from where the quad begins to where it ends.
  double within = 0, area = 0;
  const auto w = static_cast<size_t>(matte_.width) + 1;
  for (int y = 0; y < matte_.height; ++y) {
    const double row = y + 0.5;
    double from = 1e9, to = -1e9;
    for (size_t i = 0; i < 4; ++i) {
      const Point a = quad.corners[i], b = quad.corners[(i + 1) % 4];
      if ((a.y <= row) == (b.y <= row)) continue;
      const double x = a.x + (row - a.y) / (b.y - a.y) * (b.x - a.x);
      from = std::min(from, x), to = std::max(to, x);
    }
    const int first = std::clamp(static_cast<int>(std::lround(from)), 0, matte_.width);
    const int last = std::clamp(static_cast<int>(std::lround(to)), 0, matte_.width);
    if (first >= last) continue;
    const uint32_t* sums = matte_sums_.data() + static_cast<size_t>(y) * w;
    within += sums[last] - sums[first];
    area += last - first;
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

Evidence Scorer::Look(const Quad& quad) const {
  Evidence e;
  LookAtSides(quad, e);
  LookAtMatte(quad, e);
  e[Evidence::kArea] =
      std::sqrt(std::min(1.0, SignedArea(quad) / (1.0 * copy_.width() * copy_.height())));
  double cosine = 0, unlike = 0;
  for (size_t i = 0; i < 4; ++i) {
    cosine = std::max(cosine, std::abs(Dot(Side(quad, i).along, Side(quad, i + 1).along)));
  }
  for (size_t i = 0; i < 2; ++i) {
    unlike = std::max(unlike, std::abs(std::log(SideLength(quad, i) / SideLength(quad, i + 2))));
  }
  e[Evidence::kAngles] = cosine;
  e[Evidence::kOpposite] = unlike;
  return e;
}

namespace {

// How much of a quad's word counts about others: little where the picture hardly shows it.
double Shown(const Evidence& e) { return std::max(0.0, 1 - 2.5 * e[Evidence::kUnseen]); }

// How much a candidate is worth without a look at the others.
double Strength(const Evidence& e) {
  return e[Evidence::kWeakerCover] * (0.3 + 0.7 * e[Evidence::kWeakerStep]) *
         (1 - 0.5 * e[Evidence::kBeyond]) * Shown(e);
}

struct Bounds {
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
  explicit Bounds(const Quad& quad) {
    for (const Point p : quad.corners) {
      left = std::min(left, p.x), right = std::max(right, p.x);
      top = std::min(top, p.y), bottom = std::max(bottom, p.y);
    }
  }
};

// Whether the outer quad holds the inner one, up to a few pixels, and is clearly larger.
bool Encloses(const Quad& outer, const Quad& inner) {
  constexpr double kSlack = 2;
  for (size_t i = 0; i < 4; ++i) {
    const Line side = Side(outer, i);
    for (const Point p : inner.corners) {
      if (side.Offset(p) < -kSlack) return false;
    }
  }
  return SignedArea(outer) > 1.06 * SignedArea(inner);
}

}  // namespace

void LookAround(const std::vector<Quad>& quads, std::vector<Evidence>& evidence) {
  std::vector<Bounds> bounds;
  std::vector<double> strength;
  for (size_t i = 0; i < quads.size(); ++i) {
    bounds.emplace_back(quads[i]);
    strength.push_back(Strength(evidence[i]));
  }
  constexpr double kSlack = 4;
  for (size_t i = 0; i < quads.size(); ++i) {
    for (size_t j = 0; j < quads.size(); ++j) {
      const Bounds &inner = bounds[i], &outer = bounds[j];
      if (i == j || inner.left < outer.left - kSlack || inner.right > outer.right + kSlack ||
          inner.top < outer.top - kSlack || inner.bottom > outer.bottom + kSlack) {
        continue;
      }
      double& enclosed = evidence[i][Evidence::kEnclosed];
      double& encloses = evidence[j][Evidence::kEncloses];
      if (strength[j] <= enclosed && strength[i] <= encloses) continue;
      if (!Encloses(quads[j], quads[i])) continue;
      enclosed = std::max(enclosed, strength[j]);
      encloses = std::max(encloses, strength[i] * Shown(evidence[j]));
    }
  }
}

}  // namespace peel::quads
