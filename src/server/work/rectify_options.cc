#include "src/server/work/rectify_options.h"

#include <algorithm>
#include <string>
#include <utility>

#include "src/pipeline/cut/rectify_choices.h"

namespace peel::server {
namespace {

template <typename Parser, typename T>
Status Parse(const std::string& text, const char* option, const Parser& parser, T& to) {
  if (text.empty()) return OkStatus();
  auto value = parser(text);
  if (!value.ok()) return std::move(value).status().WithContext(option);
  to = *std::move(value);
  return OkStatus();
}

}  // namespace

Status PlanRectify(const CutJob& job, CutOptions& cut) {
  if (!job.rectify) return OkStatus();
  const RectifyJob& r = *job.rectify;
  constexpr size_t kMostText = 512;
  for (const std::string* text :
       {&r.kind, &r.corners, &r.ratio, &r.size, &r.enhance, &r.turn, &r.margin}) {
    if (text->size() > kMostText) return InvalidArgument("an option is too long");
  }
  RectifyChoices& choices = cut.rectify.emplace();
  PEEL_RETURN_IF_ERROR(Parse(r.kind, "kind", ParseQuadKind, choices.kind));
  PEEL_RETURN_IF_ERROR(Parse(r.corners, "corners", ParseCorners, choices.corners));
  PEEL_RETURN_IF_ERROR(Parse(r.ratio, "ratio", ParseRatio, choices.size.ratio));
  PEEL_RETURN_IF_ERROR(Parse(r.size, "size", ParseResultSize, choices.size.size));
  PEEL_RETURN_IF_ERROR(Parse(r.enhance, "enhance", ParseEnhancement, choices.enhance));
  PEEL_RETURN_IF_ERROR(Parse(r.turn, "turn", ParseTurn, choices.turn));
  PEEL_RETURN_IF_ERROR(Parse(r.margin, "margin", ParseLength, choices.margin));
  choices.size.dpi = r.dpi;
  choices.cutout = r.cutout;
  choices.all = r.all;
  choices.keep = r.keep;
  choices.draw = r.draw;
  return OkStatus();
}

RectifyDone DescribeRectify(const RectifyResult& result) {
  RectifyDone done;
  done.ok = result.ok();
  done.reason = result.reason;
  done.confidence = result.confidence;
  done.sheet = result.sheet;
  done.sheets = result.sheets;
  if (!done.ok) return done;
  done.kind = KindName(result.kind);
  for (size_t i = 0; i < 4; ++i) {
    done.corners[2 * i] = result.quad.corners[i].x;
    done.corners[2 * i + 1] = result.quad.corners[i].y;
  }
  done.ratio = result.ratio;
  done.focal_px = result.focal_px;
  std::ranges::copy(result.homography.m, done.homography.begin());
  done.turn = result.turn;
  done.dpi_x = result.dpi_x;
  done.dpi_y = result.dpi_y;
  return done;
}

}  // namespace peel::server
