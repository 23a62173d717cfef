#include "src/rectify/text/reading_direction.h"

#include <algorithm>
#include <cmath>

#include "src/rectify/bilevel/small_bilevel.h"
#include "src/rectify/text/direction_evidence.h"

namespace peel {
namespace {

// Of the copies that are looked at, until one has lines: an A4 page at 137 dots per inch; and one
// on which large letters, of dots or strokes that do not touch, become whole.
constexpr int kSides[] = {1600, 450};
constexpr int kLeastLetters = 40;
constexpr double kLines = 0.62;  // of Across()
constexpr double kCertainAscent = 0.012;
constexpr double kMostAscent = 8, kMostRagged = 4;  // standard errors
constexpr double kUsual = 2;  // likewise: a page whose lines run across is seldom upside down

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

struct Looked {
  ReadingDirection direction;
  bool has_lines = false;
};

Looked Look(ImageView<const uint8_t> page, int side, ThreadPool* pool) {
  const Result<ImageU8> level = SmallBilevel(page, side, pool);
  if (!level.ok()) return {};
  const Result<ImageU8> turned = TurnedClockwise(level->view());
  if (!turned.ok()) return {};
  const DirectionEvidence across = MeasureDirection(level->view());
  const DirectionEvidence upwards = MeasureDirection(turned->view());
  const bool is_across = Across(across) >= Across(upwards);
  const DirectionEvidence& lines = is_across ? across : upwards;
  if (lines.text.letters < kLeastLetters) return {};
  const double upright = Upright(lines) + (is_across ? kUsual : 0);
  Looked found;
  found.has_lines = Across(lines) >= kLines;
  found.direction.confidence =
      std::min(Logistic(16 * (Across(lines) - kLines)), Logistic(0.75 * (std::abs(upright) - 0.8)));
  if (found.direction.confidence >= kCertainTurn) {
    found.direction.turn = (is_across ? 0 : 90) + (upright >= 0 ? 0 : 180);
  }
  return found;
}

}  // namespace

ReadingDirection FindReadingDirection(ImageView<const uint8_t> page, ThreadPool* pool) {
  Looked looked;
  for (const int side : kSides) {
    looked = Look(page, side, pool);
    if (looked.has_lines) break;
  }
  return looked.direction;
}

}  // namespace peel
