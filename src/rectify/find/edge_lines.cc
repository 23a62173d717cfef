#include "src/rectify/find/edge_lines.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace peel::quads {
namespace {

// Segments of a line lie within this of it, and a little more the further they are from its middle:
// lenses bend lines by up to half a percent.
constexpr double kNear = 1.6;
constexpr double kBend = 0.004;
constexpr double kSineOfMostTurn = 0.1;  // 6 degrees
constexpr size_t kMostSeeds = 260;
constexpr size_t kMostSegments = 1500;
// Bands for the step: the pixels at these distances on either side.
constexpr double kDepths[] = {3, 5, 8, 12};

bool Belongs(const Line& line, const Segment& s, double middle, double half) {
  if (std::abs(Cross(line.along, s.b - s.a)) > kSineOfMostTurn * s.length + 1) return false;
  for (const Point p : {s.a, s.b}) {
    const double beyond = std::max(0.0, std::abs(line.Position(p) - middle) - half);
    if (std::abs(line.Offset(p)) > kNear + kBend * (half + beyond)) return false;
  }
  return true;
}

// Least squares through the ends of segments, each weighed by its length.
Line FitLine(const std::vector<const Segment*>& members, const Line& before) {
  double weight = 0, x = 0, y = 0;
  for (const Segment* s : members) {
    weight += s->length;
    x += s->length * (s->a.x + s->b.x) / 2, y += s->length * (s->a.y + s->b.y) / 2;
  }
  const Point middle{x / weight, y / weight};
  double xx = 0, xy = 0, yy = 0;
  for (const Segment* s : members) {
    for (const Point p : {s->a, s->b}) {
      const Point d = p - middle;
      xx += s->length * d.x * d.x, xy += s->length * d.x * d.y, yy += s->length * d.y * d.y;
    }
  }
  const double angle = 0.5 * std::atan2(2 * xy, xx - yy);
  Point along{std::cos(angle), std::sin(angle)};
  if (Dot(along, before.along) < 0) along = -1.0 * along;
  return {middle, along};
}

// The mean colour difference over both bands of the covered part, against the scatter of the
// differences and a few levels of noise.
double Step(const EdgeLine& edge, const WorkingCopy& copy) {
  const Line& line = edge.line();
  double sum[3] = {0, 0, 0}, squares = 0;
  int n = 0;
  const double length = edge.last() - edge.first();
  const double stride = std::max(4.0, length / 96);
  for (int i = 0; edge.first() + 2 + i * stride < edge.last() - 2; ++i) {
    const double t = edge.first() + 2 + i * stride;
    if (edge.Covered(t - 2, t + 2) < 2) continue;
    const Point p = line.At(t), normal = line.Normal();
    double difference[3] = {0, 0, 0};
    bool inside = true;
    for (const double depth : kDepths) {
      for (const double side : {1.0, -1.0}) {
        const Point q = p + side * depth * normal;
        if (!(q.x >= 0 && q.y >= 0 && q.x < copy.width() && q.y < copy.height())) {
          inside = false;
          continue;
        }
        const int x = static_cast<int>(q.x), y = static_cast<int>(q.y);
        for (int c = 0; c < 3; ++c) difference[c] += side * copy.planes[c].row(y)[x];
      }
    }
    if (!inside) continue;
    ++n;
    for (int c = 0; c < 3; ++c) {
      const double d = difference[c] / (kLevelSteps * std::size(kDepths));
      sum[c] += d;
      squares += d * d;
    }
  }
  if (n < 3) return 0;
  const double mean_square = (sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]) / (1.0 * n * n);
  return std::sqrt(mean_square / (squares / n + 9));
}

}  // namespace

EdgeLine::EdgeLine(const Line& line, int width, int height) : line_(line) {
  first_ = -1e9, last_ = 1e9;
  const double at[] = {line.at.x, line.at.y}, along[] = {line.along.x, line.along.y};
  const double size[] = {1.0 * width, 1.0 * height};
  for (int axis = 0; axis < 2; ++axis) {
    if (std::abs(along[axis]) < 1e-9) continue;
    double from = -at[axis] / along[axis], to = (size[axis] - at[axis]) / along[axis];
    if (from > to) std::swap(from, to);
    first_ = std::max(first_, from), last_ = std::min(last_, to);
  }
  const double length = std::clamp(last_ - first_, 0.0, 2.0 * (width + height));
  covered_.assign(static_cast<size_t>(length / kBin) + 2, 0);
}

void EdgeLine::Cover(const Segment& segment) {
  double from = line_.Position(segment.a), to = line_.Position(segment.b);
  if (from > to) std::swap(from, to);
  from = (from - first_) / kBin, to = (to - first_) / kBin;
  const auto bins = static_cast<double>(covered_.size() - 1);
  from = std::clamp(from, 0.0, bins), to = std::clamp(to, 0.0, bins);
  for (auto i = static_cast<size_t>(from); i < covered_.size() - 1 && static_cast<double>(i) < to;
       ++i) {
    const double low = std::max(from, static_cast<double>(i));
    const double high = std::min(to, static_cast<double>(i + 1));
    covered_[i + 1] = std::min<float>(covered_[i + 1] + static_cast<float>(high - low), 1);
  }
}

void EdgeLine::Finish() {
  float sum = 0;
  for (float& c : covered_) c = sum += c * static_cast<float>(kBin);
}

double EdgeLine::Covered(double from, double to) const {
  const auto up_to = [this](double position) {
    const double at =
        std::clamp((position - first_) / kBin, 0.0, static_cast<double>(covered_.size() - 1));
    const auto i = static_cast<size_t>(at);
    if (i + 1 >= covered_.size()) return static_cast<double>(covered_.back());
    return covered_[i] + (at - static_cast<double>(i)) * (covered_[i + 1] - covered_[i]);
  };
  return up_to(to) - up_to(from);
}

std::vector<EdgeLine> FindEdgeLines(const std::vector<Segment>& segments, const WorkingCopy& copy,
                                    size_t most) {
  const size_t n = std::min(segments.size(), kMostSegments);
  std::vector<bool> absorbed(n, false);
  std::vector<EdgeLine> lines;
  std::vector<const Segment*> members;
  for (size_t seed = 0; seed < std::min(n, kMostSeeds); ++seed) {
    if (absorbed[seed]) continue;
    Line line = Line::Through(segments[seed].a, segments[seed].b);
    double middle = segments[seed].length / 2, half = middle;
    for (int round = 0; round < 2; ++round) {
      members.clear();
      double from = 1e9, to = -1e9;
      for (size_t i = 0; i < n; ++i) {
        if (!Belongs(line, segments[i], middle, half)) continue;
        members.push_back(&segments[i]);
        if (round == 1) absorbed[i] = true;
      }
      line = FitLine(members, line);
      for (const Segment* s : members) {
        for (const Point p : {s->a, s->b}) {
          from = std::min(from, line.Position(p)), to = std::max(to, line.Position(p));
        }
      }
      middle = (from + to) / 2, half = (to - from) / 2;
    }
    absorbed[seed] = true;
    EdgeLine edge(line, copy.width(), copy.height());
    if (edge.first() >= edge.last()) continue;
    for (const Segment* s : members) edge.Cover(*s);
    edge.Finish();
    edge.step = Step(edge, copy);
    lines.push_back(std::move(edge));
  }
  std::stable_sort(lines.begin(), lines.end(), [](const EdgeLine& a, const EdgeLine& b) {
    return a.support() * (0.35 + a.step) > b.support() * (0.35 + b.step);
  });
  if (lines.size() > most) lines.erase(lines.begin() + static_cast<ptrdiff_t>(most), lines.end());
  return lines;
}

}  // namespace peel::quads
