// What a result tells of straightening: see include/peel/peel.h.
#include <peel/peel.h>

#include <algorithm>

#include "src/capi/handles.h"

namespace peel {
namespace {

const RectifyResult* RectifyOf(const peel_result* result) {
  const bool good = result != nullptr && result->status == PEEL_OK;
  return good && result->info.rectify ? &*result->info.rectify : nullptr;
}
const RectifyResult* StraightenedOf(const peel_result* result) {
  const RectifyResult* rectify = RectifyOf(result);
  return rectify != nullptr && rectify->ok() ? rectify : nullptr;
}

peel_quad_kind NumberOf(QuadKind kind) {
  switch (kind) {
    case QuadKind::kDocument:
      return PEEL_QUAD_DOCUMENT;
    case QuadKind::kProduct:
      return PEEL_QUAD_PRODUCT;
    case QuadKind::kScreen:
      return PEEL_QUAD_SCREEN;
    case QuadKind::kAuto:
      break;
  }
  return PEEL_QUAD_AUTO;
}

}  // namespace
}  // namespace peel

extern "C" {

int peel_result_straightened(const peel_result* result) {
  return peel::StraightenedOf(result) != nullptr ? 1 : 0;
}

const char* peel_result_reason(const peel_result* result) {
  const auto* rectify = peel::RectifyOf(result);
  return rectify != nullptr ? rectify->reason.c_str() : "";
}

double peel_result_confidence(const peel_result* result) {
  const auto* rectify = peel::RectifyOf(result);
  return rectify != nullptr ? rectify->confidence : 0;
}

peel_quad_kind peel_result_quad_kind(const peel_result* result) {
  const auto* rectify = peel::StraightenedOf(result);
  return rectify != nullptr ? peel::NumberOf(rectify->kind) : PEEL_QUAD_AUTO;
}

int peel_result_corners(const peel_result* result, double corners[8]) {
  const auto* rectify = peel::StraightenedOf(result);
  if (rectify == nullptr || corners == nullptr) return 0;
  for (const peel::Point& p : rectify->quad.corners) {
    *corners++ = p.x;
    *corners++ = p.y;
  }
  return 8;
}

int peel_result_homography(const peel_result* result, double matrix[9]) {
  const auto* rectify = peel::StraightenedOf(result);
  if (rectify == nullptr || matrix == nullptr) return 0;
  std::copy(rectify->homography.m.begin(), rectify->homography.m.end(), matrix);
  return 9;
}

double peel_result_ratio(const peel_result* result) {
  const auto* rectify = peel::StraightenedOf(result);
  return rectify != nullptr ? rectify->ratio : 0;
}

double peel_result_focal_px(const peel_result* result) {
  const auto* rectify = peel::StraightenedOf(result);
  return rectify != nullptr ? rectify->focal_px : 0;
}

int peel_result_turn(const peel_result* result) {
  const auto* rectify = peel::StraightenedOf(result);
  return rectify != nullptr ? rectify->turn : 0;
}

double peel_result_dpi_x(const peel_result* result) {
  const auto* rectify = peel::StraightenedOf(result);
  return rectify != nullptr ? rectify->dpi_x : 0;
}

double peel_result_dpi_y(const peel_result* result) {
  const auto* rectify = peel::StraightenedOf(result);
  return rectify != nullptr ? rectify->dpi_y : 0;
}

const peel_result* peel_result_next(const peel_result* result) {
  return result != nullptr ? result->next.get() : nullptr;
}

}  // extern "C"
