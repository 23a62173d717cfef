#include "src/rectify/text/text_lines.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace peel {
namespace {

constexpr int kLeastHeight = 4;               // pixels; what is smaller is noise or illegible
constexpr double kLargest = 0.08;             // of the picture's longer side
constexpr double kSmall = 0.45, kTall = 3.5;  // of the median height
constexpr double kGap = 1.6;                  // between letters of a line, in their heights
constexpr double kOverlap = 0.4;              // of the lower one's height
constexpr size_t kLeastLetters = 3;

int Right(const Box& b) { return b.x + b.width; }
int Bottom(const Box& b) { return b.y + b.height; }

std::vector<Box> Letters(const std::vector<InkComponent>& components, Size size, double* height) {
  const double largest = kLargest * std::max(size.width, size.height);
  std::vector<Box> boxes;
  for (const InkComponent& c : components) {
    const Box& b = c.box;
    const double area = double{1} * b.width * b.height;
    if (b.height < kLeastHeight || b.height > largest || b.width > 4 * largest) continue;
    // Rules and dashes; frames and other outlines.
    if (b.width > 12 * b.height || b.height > 8 * b.width || c.pixels < 0.08 * area) continue;
    boxes.push_back(b);
  }
  if (boxes.empty()) return boxes;
  std::vector<int> heights;
  heights.reserve(boxes.size());
  for (const Box& b : boxes) heights.push_back(b.height);
  const auto middle = heights.begin() + static_cast<ptrdiff_t>(heights.size() / 2);
  std::nth_element(heights.begin(), middle, heights.end());
  *height = *middle;
  std::erase_if(boxes, [&](const Box& b) {
    return b.height < kSmall * *height || b.height > kTall * *height;
  });
  return boxes;
}

}  // namespace

TextLines FindTextLines(const std::vector<InkComponent>& components, Size size) {
  TextLines found;
  std::vector<Box> letters = Letters(components, size, &found.letter_height);
  found.letters = static_cast<int>(letters.size());
  if (letters.empty()) return found;
  std::ranges::sort(letters, {}, [](const Box& b) { return std::pair(b.x, b.y); });
  const double h = found.letter_height;

  // Neighbours lie in the same or the next cells.
  const auto cell = static_cast<int>(3 * h) + 1;
  const int across = size.width / cell + 1, down = size.height / cell + 1;
  std::vector<std::vector<uint32_t>> cells(static_cast<size_t>(across) * static_cast<size_t>(down));
  const auto cell_of = [&](const Box& b) {
    return std::pair((b.x + b.width / 2) / cell, (b.y + b.height / 2) / cell);
  };
  for (uint32_t i = 0; i < letters.size(); ++i) {
    const auto [cx, cy] = cell_of(letters[i]);
    cells[static_cast<size_t>(cy) * static_cast<size_t>(across) + static_cast<size_t>(cx)]
        .push_back(i);
  }
  constexpr uint32_t kNone = UINT32_MAX;
  std::vector<uint32_t> next(letters.size(), kNone), previous(letters.size(), kNone);
  std::vector<double> gap_before(letters.size(), 0);
  int beside_votes = 0, votes = 0;
  for (uint32_t i = 0; i < letters.size(); ++i) {
    const Box& a = letters[i];
    const auto [cx, cy] = cell_of(a);
    const int reach = (a.width / 2) / cell + 2;
    double best = kGap * std::max<double>(a.height, h), beside = 1e9, below = 1e9;
    uint32_t follower = kNone;
    for (int v = std::max(cy - 2, 0); v <= std::min(cy + 2, down - 1); ++v) {
      for (int u = std::max(cx - 1, 0); u <= std::min(cx + reach, across - 1); ++u) {
        for (const uint32_t j :
             cells[static_cast<size_t>(v) * static_cast<size_t>(across) + static_cast<size_t>(u)]) {
          if (j == i) continue;
          const Box& b = letters[j];
          const int rows = std::min(Bottom(a), Bottom(b)) - std::max(a.y, b.y);
          const int columns = std::min(Right(a), Right(b)) - std::max(a.x, b.x);
          if (rows >= kOverlap * std::min(a.height, b.height) &&
              b.x + b.width / 2 > a.x + a.width / 2) {
            const double gap = std::max(b.x - Right(a), 0);
            beside = std::min(beside, gap);
            if (gap < best) {
              best = gap;
              follower = j;
            }
          } else if (columns >= kOverlap * std::min(a.width, b.width) &&
                     b.y >= a.y + a.height / 2) {
            below = std::min<double>(below, std::max(b.y - Bottom(a), 0));
          }
        }
      }
    }
    if (beside < 1e9 || below < 1e9) {
      ++votes;
      beside_votes += beside < below;
    }
    // The nearer of two that would go before the same letter.
    if (follower == kNone) continue;
    if (previous[follower] != kNone) {
      if (gap_before[follower] <= best) continue;
      next[previous[follower]] = kNone;
    }
    next[i] = follower;
    previous[follower] = i;
    gap_before[follower] = best;
  }
  found.along = votes > 0 ? static_cast<double>(beside_votes) / votes : 0;

  size_t in_lines = 0;
  for (uint32_t i = 0; i < letters.size(); ++i) {
    if (previous[i] != kNone) continue;
    TextLine line;
    for (uint32_t j = i; j != kNone; j = next[j]) line.letters.push_back(letters[j]);
    if (line.letters.size() < kLeastLetters) continue;
    in_lines += line.letters.size();
    int left = INT32_MAX, top = INT32_MAX, right = 0, bottom = 0;
    for (const Box& b : line.letters) {
      left = std::min(left, b.x);
      top = std::min(top, b.y);
      right = std::max(right, Right(b));
      bottom = std::max(bottom, Bottom(b));
    }
    line.box = {left, top, right - left, bottom - top};
    found.lines.push_back(std::move(line));
  }
  std::ranges::sort(found.lines, {}, [](const TextLine& l) { return std::pair(l.box.y, l.box.x); });
  found.in_lines = static_cast<double>(in_lines) / static_cast<double>(letters.size());
  return found;
}

}  // namespace peel
