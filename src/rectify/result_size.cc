#include "src/rectify/result_size.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "src/rectify/homography.h"

namespace peel {
namespace {

constexpr double kMillimetresPerInch = 25.4;
constexpr double kWithin = 0.03;         // of a known ratio, to be taken for it
constexpr double kVaguest = 0.015;       // standard error beyond which nothing is certain
constexpr double kSteepestRatio = 100;   // of W:H
constexpr double kThinnest = 1000;       // of what was estimated
constexpr double kHighestDpi = 100'000;  // microfilm scanners stay far below

double Distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The known ratio that an estimate certainly means.
const KnownRatio* Certain(double ratio, double spread) {
  if (!(spread > 0) || spread > kVaguest) return nullptr;
  const KnownRatio* known = NearestKnownRatio(ratio, kWithin);
  if (known == nullptr) return nullptr;
  const double landscape = std::max(ratio, 1 / ratio);
  if (std::abs(landscape / known->ratio - 1) > 2 * spread) return nullptr;
  // Seen from either end of the interval it has to be the nearest still.
  for (const double end : {landscape * (1 - 2 * spread), landscape * (1 + 2 * spread)}) {
    if (NearestKnownRatio(end, kWithin + 2 * spread) != known) return nullptr;
  }
  return known;
}

// width / height of a known ratio, the way round that is closer to the estimate.
double Turned(const KnownRatio& known, double ratio) {
  return ratio >= 1 ? known.ratio : 1 / known.ratio;
}

struct Settled {
  double ratio;
  const KnownRatio* known;
};

Result<Settled> Settle(double ratio, const SizeRequest& request) {
  switch (request.ratio.kind) {
    case RatioChoice::Kind::kFree:
      return Settled{ratio, nullptr};
    case RatioChoice::Kind::kGiven:
      if (!(request.ratio.ratio >= 1 / kSteepestRatio && request.ratio.ratio <= kSteepestRatio)) {
        return InvalidArgument("a ratio of width to height lies between 1:100 and 100:1");
      }
      return Settled{request.ratio.ratio, nullptr};
    case RatioChoice::Kind::kPaper:
      if (request.ratio.paper == nullptr) return InvalidArgument("no paper was named");
      return Settled{Turned(*request.ratio.paper, ratio), request.ratio.paper};
    case RatioChoice::Kind::kAuto:
      break;
  }
  if (const KnownRatio* known = Certain(ratio, request.spread)) {
    return Settled{Turned(*known, ratio), known};
  }
  return Settled{ratio, nullptr};
}

struct Sides {
  double width = 0, height = 0;
};

// Of the paper in inches, turned as the ratio is; both 0 where unknown.
Sides PaperSize(const Settled& settled) {
  if (settled.known == nullptr || !(settled.known->width_mm > 0)) return {};
  const double longer = settled.known->width_mm / kMillimetresPerInch;
  const double shorter = settled.known->height_mm / kMillimetresPerInch;
  return settled.ratio >= 1 ? Sides{longer, shorter} : Sides{shorter, longer};
}

// The rectangle of this ratio in which no side of the quad has less pixels than in the picture.
Sides NaturalSize(const Quad& quad, double ratio) {
  const auto& c = quad.corners;
  const double across = std::max(Distance(c[0], c[1]), Distance(c[3], c[2]));
  const double down = std::max(Distance(c[0], c[3]), Distance(c[1], c[2]));
  const double width = std::max(across, down * ratio);
  return {width, width / ratio};
}

int Rounded(double side) { return static_cast<int>(std::lround(std::max(side, 1.0))); }

std::string Text(double width, double height) {
  return std::to_string(std::llround(width)) + " x " + std::to_string(std::llround(height));
}

Status CheckAsked(double width, double height, const SizeRequest& request) {
  if (width > request.max_side || height > request.max_side) {
    return LimitExceeded("a result of " + Text(width, height) + " has a side of more than " +
                         std::to_string(request.max_side) + " pixels; ask for a smaller one");
  }
  if (width * height > static_cast<double>(request.max_pixels)) {
    return LimitExceeded("a result of " + Text(width, height) + " is larger than the limit of " +
                         std::to_string(request.max_pixels) +
                         " pixels; ask for a smaller one or raise the limit");
  }
  return OkStatus();
}

// Scaled down until both limits are kept.
Size Fitting(double width, double height, const SizeRequest& request) {
  const double most = static_cast<double>(request.max_pixels);
  const double scale = std::min({1.0, request.max_side / width, request.max_side / height,
                                 std::sqrt(most / (width * height))});
  Size size{Rounded(width * scale), Rounded(height * scale)};
  // Rounding up may overstep the limit by a row or a column.
  while (static_cast<uint64_t>(size.width) * static_cast<uint64_t>(size.height) >
         request.max_pixels) {
    int& longer = size.width >= size.height ? size.width : size.height;
    if (longer == 1) break;
    --longer;
  }
  return size;
}

}  // namespace

Result<RatioChoice> ParseRatio(std::string_view text) {
  if (text == "auto") return RatioChoice{};
  if (text == "free") return RatioChoice{.kind = RatioChoice::Kind::kFree};
  const KnownRatio* known = FindKnownRatio(text);
  if (known != nullptr && known->width_mm > 0) {
    return RatioChoice{.kind = RatioChoice::Kind::kPaper, .paper = known};
  }
  if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    const auto width = ParseNumber(text.substr(0, colon));
    const auto height = ParseNumber(text.substr(colon + 1));
    if (width && height && *width > 0 && *height > 0) {
      const double ratio = *width / *height;
      if (ratio >= 1 / kSteepestRatio && ratio <= kSteepestRatio) {
        return RatioChoice{.kind = RatioChoice::Kind::kGiven, .ratio = ratio};
      }
    }
  }
  std::string why = "'";
  why.append(text).append(
      "' is no ratio; auto, free, a4, letter, id1 and W:H (as 4:3, between 1:100 and 100:1) are "
      "understood");
  return InvalidArgument(std::move(why));
}

Result<PlannedSize> PlanSize(const Quad& quad, double ratio, const SizeRequest& request) {
  PEEL_RETURN_IF_ERROR(CheckQuad(quad));
  if (!(ratio >= 1 / kThinnest && ratio <= kThinnest)) {
    return InvalidArgument("no rectangle is thinner than 1000 times its shorter side");
  }
  if (request.size.width < 0 || request.size.height < 0) {
    return InvalidArgument("a result has a width and a height above 0");
  }
  if (!(request.dpi >= 0 && request.dpi <= kHighestDpi)) {
    return InvalidArgument("a resolution lies between 0 and 100000 dots per inch");
  }
  if (request.max_pixels < 1 || request.max_side < 1) {
    return LimitExceeded("the limit leaves a result no pixel");
  }
  PEEL_ASSIGN_OR_RETURN(const Settled settled, Settle(ratio, request));
  PlannedSize plan;
  plan.ratio = settled.ratio;
  plan.known = settled.known;
  const Sides paper = PaperSize(settled);

  if (request.size.width > 0 || request.size.height > 0) {
    double width = request.size.width, height = request.size.height;
    if (request.size.width == 0) width = std::max(1.0, std::round(height * settled.ratio));
    if (request.size.height == 0) height = std::max(1.0, std::round(width / settled.ratio));
    PEEL_RETURN_IF_ERROR(CheckAsked(width, height, request));
    plan.size = {Rounded(width), Rounded(height)};
    // Both sides told are the ratio.
    if (request.size.width > 0 && request.size.height > 0) plan.ratio = width / height;
  } else if (request.dpi > 0) {
    if (!(paper.width > 0)) {
      return InvalidArgument(
          "a resolution needs the paper's size, which the picture does not tell for certain; name "
          "it (--ratio a4, letter or id1) or give the size in pixels (--size)");
    }
    const double width = paper.width * request.dpi, height = paper.height * request.dpi;
    PEEL_RETURN_IF_ERROR(CheckAsked(width, height, request));
    plan.size = {Rounded(width), Rounded(height)};
  } else {
    const Sides natural = NaturalSize(quad, settled.ratio);
    plan.size = Fitting(natural.width, natural.height, request);
  }

  plan.distortion = std::abs(plan.ratio / ratio - 1);
  if (request.dpi > 0) {
    plan.dpi_x = plan.dpi_y = request.dpi;
  } else if (paper.width > 0) {
    plan.dpi_x = plan.size.width / paper.width;
    plan.dpi_y = plan.size.height / paper.height;
  }
  return plan;
}

}  // namespace peel
