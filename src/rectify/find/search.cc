#include "src/rectify/find/search.h"

#include <algorithm>
#include <utility>

#include "src/image/rows.h"
#include "src/rectify/find/candidates.h"
#include "src/rectify/find/confidence.h"
#include "src/rectify/find/edge_lines.h"
#include "src/rectify/find/edge_map.h"
#include "src/rectify/find/matte_outline.h"
#include "src/rectify/find/neighbours.h"
#include "src/rectify/find/segments.h"
#include "src/rectify/find/working_copy.h"

namespace peel::quads {
namespace {

constexpr int64_t kMostPixels = 500000;  // of the working copy
constexpr double kLeastSegment = 10;     // pixels
constexpr size_t kMostLines = 96;
constexpr size_t kMostCandidates = 400;
constexpr size_t kMostLooks = 40;  // candidates whose surface is looked at
constexpr double kMostKindOdds = 1.5;
constexpr double kCertainToBeASheet = 0.9;

// What lies beside a sheet counts at most as beside the one that a usual picture is of.
void ForgetRivals(Evidence& e) {
  constexpr double kUsualRival = 0.05;
  e[Evidence::kRival] = std::min(e[Evidence::kRival], kUsualRival);
}

// Nor does it matter where a sheet lies if all are wanted.
void ForgetPlace(Evidence& e) {
  constexpr double kUsualOffCentre = 0.14, kUsualMiddle = 0.2;
  e[Evidence::kOffCentre] = std::min(e[Evidence::kOffCentre], kUsualOffCentre);
  e[Evidence::kMiddle] = std::max(e[Evidence::kMiddle], kUsualMiddle);
}

bool IsLikelier(const JudgedQuad& a, const JudgedQuad& b) { return a.log_odds > b.log_odds; }

// All candidates with their odds, the likeliest first.
std::vector<JudgedQuad> Judge(const std::vector<Quad>& quads,
                              const std::vector<Evidence>& evidence) {
  std::vector<JudgedQuad> judged;
  judged.reserve(quads.size());
  for (size_t i = 0; i < quads.size(); ++i) {
    judged.push_back({quads[i], evidence[i], {}, LogOdds(evidence[i])});
  }
  std::stable_sort(judged.begin(), judged.end(), IsLikelier);
  return judged;
}

bool BestIs(const std::vector<JudgedQuad>& judged, double certain) {
  return !judged.empty() && Probability(judged[0].log_odds) >= certain;
}

// What the search starts from.
struct Outlines {
  EdgeMap edges;                  // fine ones
  std::vector<Segment> segments;  // of these, of coarse ones and of the matte's, the longest first
  std::vector<Quad> around_matte;
};

// A matte as a picture whose lightness it is.
Result<EdgeMap> EdgesOfMatte(const ImageU8& matte) {
  WorkingCopy copy;
  PEEL_ASSIGN_OR_RETURN(copy.planes[0], Image<int16_t>::Allocate(matte.width(), matte.height(), 1));
  for (int y = 0; y < matte.height(); ++y) {
    const uint8_t* in = matte.row(y);
    int16_t* light = copy.planes[0].row(y);
    for (int x = 0; x < matte.width(); ++x) light[x] = static_cast<int16_t>(in[x] * kLevelSteps);
  }
  return MakeEdgeMap(copy, nullptr);
}

Result<Outlines> FindOutlines(const WorkingCopy& copy, const ImageU8& matte, ThreadPool* pool) {
  Outlines found;
  PEEL_ASSIGN_OR_RETURN(found.edges, MakeEdgeMap(copy, pool));
  std::vector<Segment> of_matte, coarse;
  const auto look_at = [&](int what) -> Status {
    if (what == 0) {
      found.segments = FindSegments(found.edges, kLeastSegment);
    } else if (what == 1 && !matte.empty()) {
      PEEL_ASSIGN_OR_RETURN(EdgeMap edges, EdgesOfMatte(matte));
      of_matte = FindSegments(edges, kLeastSegment);
    } else if (what == 2) {
      found.around_matte = QuadsAroundMatte(matte.view());
    } else if (what == 3) {  // edges that are left when texture is smoothed away
      PEEL_ASSIGN_OR_RETURN(const WorkingCopy half, Halve(copy, nullptr));
      PEEL_ASSIGN_OR_RETURN(EdgeMap edges, MakeEdgeMap(half, nullptr));
      coarse = FindSegments(edges, kLeastSegment);
    }
    return OkStatus();
  };
  Status outcomes[4];
  ForRowBands(
      4, pool, [&](int i, int, int) { outcomes[i] = look_at(i); }, 1);
  for (Status& outcome : outcomes) PEEL_RETURN_IF_ERROR(std::move(outcome));
  for (Segment& s : coarse) s.a = 2.0 * s.a, s.b = 2.0 * s.b, s.length *= 2, s.contrast /= 2;
  found.segments.insert(found.segments.end(), coarse.begin(), coarse.end());
  found.segments.insert(found.segments.end(), of_matte.begin(), of_matte.end());
  std::stable_sort(found.segments.begin(), found.segments.end(),
                   [](const Segment& a, const Segment& b) { return a.length > b.length; });
  return found;
}

}  // namespace

Result<Search> SearchQuads(ImageView<const uint8_t> picture, ImageView<const uint8_t> matte,
                           const FindOptions& options, ThreadPool* pool) {
  Search search;
  PEEL_ASSIGN_OR_RETURN(const WorkingCopy copy, MakeWorkingCopy(picture, kMostPixels, pool));
  search.factor = copy.factor;
  ImageU8 small_matte;
  if (!matte.empty()) {
    PEEL_ASSIGN_OR_RETURN(small_matte,
                          MatteLike(copy, matte, {picture.width, picture.height}, pool));
  }
  PEEL_ASSIGN_OR_RETURN(const Outlines outlines, FindOutlines(copy, small_matte, pool));
  std::vector<EdgeLine> lines = FindEdgeLines(outlines.segments, copy, kMostLines);
  const double w = copy.width(), h = copy.height();
  const Line borders[] = {{{0, 0}, {1, 0}}, {{0, h}, {1, 0}}, {{0, 0}, {0, 1}}, {{w, 0}, {0, 1}}};
  for (const Line& border : borders) {
    EdgeLine line(border, copy.width(), copy.height());
    line.Finish();
    line.is_border = true;
    lines.push_back(std::move(line));
  }
  std::vector<Candidate> candidates;
  for (const Quad& quad : outlines.around_matte) {
    if (IsSensible(quad, copy.width(), copy.height())) candidates.push_back({quad, 0});
  }
  const std::vector<Candidate> of_lines =
      CombineLines(lines, copy.width(), copy.height(), kMostCandidates, pool);
  candidates.insert(candidates.end(), of_lines.begin(), of_lines.end());
  const Scorer scorer(copy, outlines.edges, small_matte.view(), options.focal_px / copy.factor);
  std::vector<Quad> quads;
  std::vector<Evidence> evidence(candidates.size());
  quads.reserve(candidates.size());
  for (const Candidate& c : candidates) quads.push_back(c.quad);
  ForRowBands(
      static_cast<int>(quads.size()), pool,
      [&](int first, int last, int) {
        for (int i = first; i < last; ++i) {
          evidence[static_cast<size_t>(i)] = scorer.Look(quads[static_cast<size_t>(i)]);
        }
      },
      8);
  LookAround(quads, evidence);
  std::vector<JudgedQuad>& judged = search.judged;
  if (!options.all) judged = Judge(quads, evidence);
  if (options.all || !BestIs(judged, kCertainEnough)) {
    // Of sheets side by side none is likely to be the one that is meant, however likely they are to
    // be sheets: then the likeliest is offered all the same.
    std::for_each(evidence.begin(), evidence.end(), ForgetRivals);
    if (options.all) std::for_each(evidence.begin(), evidence.end(), ForgetPlace);
    std::vector<JudgedQuad> each = Judge(quads, evidence);
    if (options.all || BestIs(each, kCertainToBeASheet)) judged = std::move(each);
  }
  const auto closer = judged.begin() + static_cast<ptrdiff_t>(std::min(judged.size(), kMostLooks));
  for (auto j = judged.begin(); j != closer; ++j) {
    // Where no kind is asked for, the surface only names that of the quads that are offered.
    if (options.kind == QuadKind::kAuto && Probability(j->log_odds) < kCertainEnough) break;
    j->surface = LookAtSurface(copy, j->quad);
    // A kind that was asked for weighs, but makes no quad of what is none.
    j->log_odds += std::clamp(KindOdds(j->surface, options.kind), -kMostKindOdds, kMostKindOdds);
  }
  std::stable_sort(judged.begin(), closer, IsLikelier);
  return search;
}

}  // namespace peel::quads
