#include "src/rectify/find_quads.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "src/rectify/aspect.h"
#include "src/rectify/confidence.h"
#include "src/rectify/plane.h"
#include "src/rectify/refinement.h"
#include "src/rectify/search.h"

namespace peel {

namespace {

Quad Scaled(const Quad& quad, double factor) {
  Quad out = quad;
  for (Point& p : out.corners) p = {factor * p.x, factor * p.y};
  return out;
}

}  // namespace

Result<Findings> FindQuads(ImageView<const uint8_t> picture, ImageView<const uint8_t> matte,
                           const FindOptions& options, ThreadPool* pool) {
  if (picture.empty() || picture.data == nullptr || picture.channels < 3 || picture.channels > 4) {
    return InvalidArgument("a quad is looked for in a picture of 3 or 4 channels");
  }
  if (!matte.empty() && (matte.data == nullptr || matte.channels != 1 ||
                         matte.width != picture.width || matte.height != picture.height)) {
    return InvalidArgument("the matte must have one channel and the size of the picture");
  }
  PEEL_ASSIGN_OR_RETURN(const quads::Search search, quads::SearchQuads(picture, matte, pool));
  const std::vector<quads::JudgedQuad>& judged = search.judged;
  Findings findings;
  findings.reason = "no four straight sides were found";
  if (judged.empty()) return findings;
  findings.confidence = quads::Probability(judged[0].log_odds);
  if (findings.confidence < quads::kCertainEnough) return findings;
  findings.reason.clear();
  FoundQuad found;
  found.quad = quads::Upright(
      quads::Refine(picture, Scaled(judged[0].quad, search.factor), 2.0 * search.factor + 2, pool)
          .quad);
  found.confidence = findings.confidence;
  found.kind = options.kind == QuadKind::kAuto ? QuadKind::kDocument : options.kind;
  const Aspect aspect =
      EstimateAspect(found.quad, {picture.width, picture.height}, options.focal_px);
  found.ratio = aspect.ratio;
  found.focal_px = aspect.focal_px;
  findings.quads.push_back(found);
  return findings;
}

}  // namespace peel
