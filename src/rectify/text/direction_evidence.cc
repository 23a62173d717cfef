#include "src/rectify/text/direction_evidence.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "src/rectify/text/ink_components.h"

namespace peel {
namespace {

constexpr double kChunk = 24;  // letters' heights along a line that are judged together

// Ink in rows of a box.
std::vector<double> Profile(ImageView<const uint8_t> page, int x0, int x1, int y0, int y1) {
  std::vector<double> profile(static_cast<size_t>(y1 - y0), 0);
  for (int y = y0; y < y1; ++y) {
    const uint8_t* row = page.row(y);
    profile[static_cast<size_t>(y - y0)] =
        static_cast<double>(std::count(row + x0, row + x1, uint8_t{0}));
  }
  return profile;
}

// Ink above the band of rows that most of it is in, less that below it, as a share of all ink; NaN
// where there is no such band with room around it.
double Ascent(const std::vector<double>& profile) {
  const auto n = static_cast<int>(profile.size());
  std::vector<double> sorted = profile;
  std::ranges::sort(sorted, std::greater<>());
  // The rows with most ink may be a stroke that all letters share; a few rows on lies the band's
  // level.
  const double level = 0.45 * sorted[static_cast<size_t>(n / 5)];
  int first = 0, last = n - 1;
  while (first < n && profile[static_cast<size_t>(first)] < level) ++first;
  while (last >= 0 && profile[static_cast<size_t>(last)] < level) --last;
  double all = 0, above = 0, below = 0;
  for (int y = 0; y < n; ++y) {
    const double ink = profile[static_cast<size_t>(y)];
    all += ink;
    if (y < first) above += ink;
    if (y > last) below += ink;
  }
  if (last - first < 3 || all == 0) return NAN;
  return (above - below) / all;
}

void MeasureAscent(ImageView<const uint8_t> page, DirectionEvidence* e) {
  double sum = 0, squares = 0;
  int n = 0;
  for (const TextLine& line : e->text.lines) {
    if (line.letters.size() < 5) continue;
    // In chunks, each with the rows that its own letters have: lines are never quite level.
    const double h = e->text.letter_height;
    for (size_t i = 0; i < line.letters.size();) {
      int x0 = line.letters[i].x, x1 = x0, y0 = INT32_MAX, y1 = 0;
      size_t j = i;
      for (; j < line.letters.size() && line.letters[j].x - x0 < kChunk * h; ++j) {
        const Box& b = line.letters[j];
        x1 = std::max(x1, b.x + b.width);
        y0 = std::min(y0, b.y);
        y1 = std::max(y1, b.y + b.height);
      }
      i = j;
      if (x1 - x0 < kChunk * h / 4) continue;
      // Room for dots above and below.
      y0 = std::max(y0 - static_cast<int>(h / 4), 0);
      y1 = std::min(y1 + static_cast<int>(h / 4), page.height);
      const double ascent = Ascent(Profile(page, x0, x1, y0, y1));
      if (!std::isfinite(ascent)) continue;
      sum += ascent;
      squares += ascent * ascent;
      ++n;
    }
  }
  e->lines = n;
  if (n < 2) return;
  const double mean = sum / n;
  const double variance = std::max(squares / n - mean * mean, 1e-6) * n / (n - 1);
  e->ascent = mean;
  e->ascent_errors = mean / std::sqrt(variance / n);
}

void MeasureAlignment(DirectionEvidence* e) {
  const double h = e->text.letter_height;
  const auto& lines = e->text.lines;
  for (size_t i = 0; i < lines.size(); ++i) {
    // The next line of the same column.
    const Box& a = lines[i].box;
    for (size_t j = i + 1; j < lines.size(); ++j) {
      const Box& b = lines[j].box;
      if (b.y - a.y > 6 * h) break;
      const int common = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
      if (b.y < a.y + a.height / 2 || common < std::min(a.width, b.width) / 2) continue;
      if (std::min(a.width, b.width) >= 6 * h) {
        const bool left = std::abs(a.x - b.x) < 0.7 * h;
        const bool right = std::abs(a.x + a.width - b.x - b.width) < 0.7 * h;
        e->left_pairs += left && !right;
        e->right_pairs += right && !left;
      }
      break;
    }
  }
}

}  // namespace

DirectionEvidence MeasureDirection(ImageView<const uint8_t> bilevel) {
  DirectionEvidence e;
  e.text = FindTextLines(FindInkComponents(bilevel), {bilevel.width, bilevel.height});
  MeasureAscent(bilevel, &e);
  MeasureAlignment(&e);
  return e;
}

}  // namespace peel
