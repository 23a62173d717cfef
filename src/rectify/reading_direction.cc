#include "src/rectify/reading_direction.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "src/image/colour.h"
#include "src/image/composite.h"
#include "src/image/resize.h"
#include "src/rectify/direction_evidence.h"
#include "src/rectify/sauvola.h"

namespace peel {
namespace {

constexpr int kSide = 1600;  // of the copy that is looked at: an A4 page at 137 dots per inch
constexpr int kLeastLetters = 40;
constexpr double kCertainAscent = 0.012;
constexpr double kMostAscent = 8, kMostRagged = 4;  // standard errors
constexpr double kUsual = 2;  // likewise: a page whose lines run across is seldom upside down

// Black on white at a size at which letters of running text are some 8 to 20 pixels high.
Result<ImageU8> Bilevel(ImageView<const uint8_t> page, ThreadPool* pool) {
  if (page.empty() || page.channels < 1 || page.channels == 2 || page.channels > 4) {
    return InvalidArgument("a page has 1, 3 or 4 channels");
  }
  ImageU8 flat, grey, small;
  if (page.channels == 4) {
    PEEL_ASSIGN_OR_RETURN(flat, FlattenOver(page, Rgba{255, 255, 255, 255}, pool));
    page = flat.view();
  }
  PEEL_ASSIGN_OR_RETURN(grey, Luma(page, pool));
  const Size size = FitWithin({grey.width(), grey.height()}, kSide);
  if (size.width < grey.width()) {
    PEEL_ASSIGN_OR_RETURN(small, ResizeFast(grey.view(), size.width, size.height, pool));
    grey = std::move(small);
  }
  SauvolaOptions options;
  options.window = 41;
  return Sauvola(grey.view(), options, pool);
}

// Turned by 90 degrees clockwise.
Result<ImageU8> Turned(const ImageU8& page) {
  PEEL_ASSIGN_OR_RETURN(ImageU8 out, ImageU8::Allocate(page.height(), page.width(), 1));
  for (int y = 0; y < page.height(); ++y) {
    const uint8_t* row = page.row(y);
    for (int x = 0; x < page.width(); ++x) out.row(x)[page.height() - 1 - y] = row[x];
  }
  return out;
}

double Logistic(double x) { return 1 / (1 + std::exp(-x)); }

// How well lines run across: the share of letters that are in lines and have their neighbours
// beside them. Of rendered pages 0.78 and more, of photographs up to 0.6.
double Across(const DirectionEvidence& e) { return e.text.in_lines * e.text.along; }

// How much speaks for the lines standing upright, in standard errors; below 0: upside down.
double Upright(const DirectionEvidence& e) {
  // Few letters reach far above others or below them in some scripts (Cyrillic, Greek, capitals),
  // and chance has its way there: the mean must be of a size as well.
  const double size = std::min(std::abs(e.ascent) / kCertainAscent, 1.0);
  const double ascent = std::clamp(e.ascent_errors, -kMostAscent, kMostAscent) * size * size;
  // Lines begin at the same place and end where their words do. Scripts that run from right to left
  // have it the other way, so this must not weigh too much.
  const int pairs = e.left_pairs + e.right_pairs;
  const double ragged =
      pairs > 0 ? (e.left_pairs - e.right_pairs) / std::sqrt(static_cast<double>(pairs)) : 0;
  return ascent + std::clamp(ragged, -kMostRagged, kMostRagged);
}

}  // namespace

ReadingDirection FindReadingDirection(ImageView<const uint8_t> page, ThreadPool* pool) {
  const Result<ImageU8> level = Bilevel(page, pool);
  if (!level.ok()) return {};
  const Result<ImageU8> turned = Turned(*level);
  if (!turned.ok()) return {};
  const DirectionEvidence across = MeasureDirection(level->view());
  const DirectionEvidence upwards = MeasureDirection(turned->view());
  const bool is_across = Across(across) >= Across(upwards);
  const DirectionEvidence& lines = is_across ? across : upwards;
  if (lines.text.letters < kLeastLetters) return {};
  const double upright = Upright(lines) + (is_across ? kUsual : 0);
  ReadingDirection found;
  found.confidence =
      std::min(Logistic(16 * (Across(lines) - 0.62)), Logistic(0.75 * (std::abs(upright) - 0.8)));
  if (found.confidence < kCertainTurn) return found;
  found.turn = (is_across ? 0 : 90) + (upright >= 0 ? 0 : 180);
  return found;
}

}  // namespace peel
