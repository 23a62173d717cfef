#include "src/rectify/find/find_quads.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "src/rectify/aspect.h"
#include "src/rectify/find/confidence.h"
#include "src/rectify/find/kinds.h"
#include "src/rectify/find/refinement.h"
#include "src/rectify/find/search.h"
#include "src/rectify/plane.h"

namespace peel {

namespace {

Quad Scaled(const Quad& quad, double factor) {
  Quad out = quad;
  for (Point& p : out.corners) p = {factor * p.x, factor * p.y};
  return out;
}

constexpr double kReach = 2;  // of the refinement, in pixels of the working copy
constexpr size_t kMostQuads = 32;

// Whether quads share more than their rims: then they are no two sheets side by side.
bool Meet(const Quad& a, const Quad& b) {
  const double overlap = quads::Overlap(a, b);  // x / (A + B - x)
  const double area_a = quads::SignedArea(a), area_b = quads::SignedArea(b);
  const double both = overlap * (area_a + area_b) / (1 + overlap);
  return both > 0.15 * std::min(area_a, area_b);
}

Point Middle(const Quad& q) {
  Point sum;
  for (const Point p : q.corners) sum.x += p.x / 4, sum.y += p.y / 4;
  return sum;
}

// Whether both sides may be those of the picture in one scale, each rounded or 1 at least.
bool HasShapeOf(ImageView<const uint8_t> matte, ImageView<const uint8_t> picture) {
  const int64_t a = int64_t{matte.width} * picture.height;
  const int64_t b = int64_t{matte.height} * picture.width;
  return std::abs(a - b) <= int64_t{picture.width} + picture.height;
}

// Row by row from the top, each from the left: what begins above the middle of the topmost one that
// is left belongs to its row.
void SortForReading(std::vector<FoundQuad>& found) {
  std::stable_sort(found.begin(), found.end(), [](const FoundQuad& a, const FoundQuad& b) {
    return Middle(a.quad).y < Middle(b.quad).y;
  });
  const auto top = [](const FoundQuad& f) {
    return std::min(
        {f.quad.corners[0].y, f.quad.corners[1].y, f.quad.corners[2].y, f.quad.corners[3].y});
  };
  for (size_t first = 0; first < found.size();) {
    const double middle = Middle(found[first].quad).y;
    size_t last = first + 1;
    while (last < found.size() && top(found[last]) < middle) ++last;
    std::stable_sort(
        found.begin() + static_cast<ptrdiff_t>(first), found.begin() + static_cast<ptrdiff_t>(last),
        [](const FoundQuad& a, const FoundQuad& b) { return Middle(a.quad).x < Middle(b.quad).x; });
    first = last;
  }
}

// Why nothing was offered, from the best that there was.
std::string Reason(const quads::Search& search) {
  using quads::Evidence;
  if (search.judged.empty()) return "no four straight sides were found";
  const Evidence& best = search.judged[0].evidence;
  if (best[Evidence::kLeastCover] < 0.4) {
    return "no four straight sides were found: the best quad has a side without an edge";
  }
  if (best[Evidence::kUnseen] > 0.2) {
    return "no quad is certain: too much of the best one lies outside of the picture";
  }
  if (best[Evidence::kStep] < 0.4) {
    return "no quad is certain: the best one hardly differs from what is around it";
  }
  return "no quad is certain: the best one may be a part of something else";
}

}  // namespace

Result<Findings> FindQuads(ImageView<const uint8_t> picture, ImageView<const uint8_t> matte,
                           const FindOptions& options, ThreadPool* pool) {
  if (picture.empty() || picture.data == nullptr || picture.channels < 3 || picture.channels > 4) {
    return InvalidArgument("a quad is looked for in a picture of 3 or 4 channels");
  }
  if (!matte.empty() &&
      (matte.data == nullptr || matte.channels != 1 || !HasShapeOf(matte, picture))) {
    return InvalidArgument("the matte must have one channel and the shape of the picture");
  }
  PEEL_ASSIGN_OR_RETURN(const quads::Search search,
                        quads::SearchQuads(picture, matte, options, pool));
  Findings findings;
  if (!search.judged.empty()) {
    findings.confidence = quads::Probability(search.judged[0].log_odds);
  }
  for (const quads::JudgedQuad& judged : search.judged) {
    if (quads::Probability(judged.log_odds) < quads::kCertainEnough) break;
    const Quad quad = Scaled(judged.quad, search.factor);
    if (std::any_of(findings.quads.begin(), findings.quads.end(),
                    [&](const FoundQuad& f) { return Meet(f.quad, quad); })) {
      continue;
    }
    FoundQuad found;
    const double reach = kReach * search.factor + 2;
    found.quad = quads::Upright(quads::Refine(picture, quad, reach, pool).quad);
    found.kind = options.kind == QuadKind::kAuto ? quads::KindOf(judged.surface) : options.kind;
    found.confidence = quads::Probability(judged.log_odds);
    const Aspect aspect =
        EstimateAspect(found.quad, {picture.width, picture.height}, options.focal_px);
    found.ratio = aspect.ratio;
    found.focal_px = aspect.focal_px;
    findings.quads.push_back(found);
    if (!options.all || findings.quads.size() == kMostQuads) break;
  }
  if (findings.quads.empty()) findings.reason = Reason(search);
  if (options.all) SortForReading(findings.quads);
  return findings;
}

}  // namespace peel
