#include "src/pipeline/cut/rectify_choices.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <system_error>
#include <utility>

#include "src/pipeline/cut/rectify_result.h"
#include "src/rectify/homography.h"

namespace peel {
namespace {

// A coordinate that is none of any picture.
constexpr double kMostCoordinate = 1e7;
constexpr int kMostSide = 65535;

constexpr std::pair<std::string_view, QuadKind> kKinds[] = {{"auto", QuadKind::kAuto},
                                                            {"document", QuadKind::kDocument},
                                                            {"product", QuadKind::kProduct},
                                                            {"screen", QuadKind::kScreen}};
constexpr std::pair<std::string_view, Enhancement> kEnhancements[] = {
    {"none", Enhancement::kNone},     {"auto", Enhancement::kAuto}, {"color", Enhancement::kColour},
    {"colour", Enhancement::kColour}, {"gray", Enhancement::kGrey}, {"grey", Enhancement::kGrey},
    {"bw", Enhancement::kBilevel}};
constexpr std::pair<std::string_view, std::optional<int>> kTurns[] = {
    {"auto", std::nullopt}, {"0", 0}, {"90", 90}, {"180", 180}, {"270", 270}};
template <typename T, size_t kCount>
Result<T> Choose(std::string_view text, const std::pair<std::string_view, T> (&table)[kCount],
                 const char* known) {
  for (const auto& [name, value] : table) {
    if (name == text) return value;
  }
  return InvalidArgument("\"" + std::string(text) + "\" is none of " + known);
}

std::string Shown(const Point& p) {
  std::string text;
  for (const double v : {p.x, p.y}) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), v,
                                   std::chars_format::general, 6);
    text += (text.empty() ? "" : ", ") + std::string(digits.data(), end.ptr);
  }
  return text;
}

}  // namespace

const char* KindName(QuadKind kind) {
  for (const auto& [name, value] : kKinds) {
    if (value == kind) return name.data();
  }
  return "";
}

Status CheckRectify(const RectifyChoices& choices) {
  if (choices.corners) {
    PEEL_RETURN_IF_ERROR(CheckQuad(*choices.corners).WithContext("the corners"));
    if (choices.all) {
      return InvalidArgument("corners by hand are those of one sheet: they go without --all");
    }
  }
  if (!(choices.focal_px >= 0) || !std::isfinite(choices.focal_px)) {
    return InvalidArgument("a focal length is a number of pixels above 0");
  }
  if (choices.turn && (*choices.turn < 0 || *choices.turn > 270 || *choices.turn % 90 != 0)) {
    return InvalidArgument("a turn is by 0, 90, 180 or 270 degrees");
  }
  if (choices.draw && (choices.cutout || choices.enhance != Enhancement::kNone || choices.turn ||
                       choices.margin != Length())) {
    return InvalidArgument(
        "a drawing shows what was found on the picture as it is: --draw goes without --cutout, "
        "--enhance, --turn and --margin");
  }
  return OkStatus();
}

Status CheckCorners(const Quad& corners, Size picture) {
  for (const Point& p : corners.corners) {
    if (p.x < -picture.width || p.x > 2.0 * picture.width || p.y < -picture.height ||
        p.y > 2.0 * picture.height) {
      return InvalidArgument("the corner " + Shown(p) +
                             " lies far outside of the picture, which has " +
                             std::to_string(picture.width) + "x" + std::to_string(picture.height) +
                             " pixels; corners are pixels of the upright picture");
    }
  }
  return OkStatus();
}

Result<QuadKind> ParseQuadKind(std::string_view text) {
  return Choose(text, kKinds, "auto, document, product, screen");
}

Result<Enhancement> ParseEnhancement(std::string_view text) {
  return Choose(text, kEnhancements, "none, auto, color, gray, bw");
}

Result<std::optional<int>> ParseTurn(std::string_view text) {
  return Choose(text, kTurns, "auto, 0, 90, 180, 270");
}

Result<Size> ParseResultSize(std::string_view text) {
  const size_t mark = text.find('x');
  int sides[2] = {0, 0};
  bool good = mark != std::string_view::npos && text.size() > 1;
  for (size_t i = 0; good && i < 2; ++i) {
    const std::string_view part = i == 0 ? text.substr(0, mark) : text.substr(mark + 1);
    if (part.empty()) continue;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), sides[i]);
    good = error == std::errc() && end == part.data() + part.size() && sides[i] >= 1 &&
           sides[i] <= kMostSide;
  }
  if (!good) {
    return InvalidArgument("\"" + std::string(text) +
                           "\" is not a size; write 800x600, or 800x or x600 for one side");
  }
  return Size{sides[0], sides[1]};
}

Result<Quad> ParseCorners(std::string_view text) {
  Quad quad;
  const auto refuse = [&] {
    return InvalidArgument("\"" + std::string(text) +
                           "\" is not four corners; write x1,y1,x2,y2,x3,y3,x4,y4 in pixels of the "
                           "upright picture, clockwise from the top left");
  };
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (size_t i = 0; i < 8; ++i) {
    while (at != end && *at == ' ') ++at;
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc() || !(std::abs(value) <= kMostCoordinate)) return refuse();
    (i % 2 == 0 ? quad.corners[i / 2].x : quad.corners[i / 2].y) = value;
    at = next;
    while (at != end && *at == ' ') ++at;
    if (i < 7 && (at == end || *at++ != ',')) return refuse();
  }
  if (at != end) return refuse();
  return quad;
}

}  // namespace peel
