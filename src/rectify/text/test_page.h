#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "src/image/image.h"

// Pages for the tests of this component: text in letters of a few squares each.
namespace peel::testing {

// Five columns; two rows for ascenders, five for small letters, two for descenders.
struct Glyph {
  char letter;
  std::array<std::string_view, 9> rows;
};
inline constexpr std::array<Glyph, 13> kGlyphs = {{
    {'a', {"", "", ".###.", "....#", ".####", "#...#", ".####", "", ""}},
    {'e', {"", "", ".###.", "#...#", "#####", "#....", ".###.", "", ""}},
    {'n', {"", "", "####.", "#...#", "#...#", "#...#", "#...#", "", ""}},
    {'o', {"", "", ".###.", "#...#", "#...#", "#...#", ".###.", "", ""}},
    {'s', {"", "", ".####", "#....", ".###.", "....#", "####.", "", ""}},
    {'r', {"", "", "#.##.", "##..#", "#....", "#....", "#....", "", ""}},
    {'t', {".#...", ".#...", "####.", ".#...", ".#...", ".#..#", "..##.", "", ""}},
    {'l', {"..#..", "..#..", "..#..", "..#..", "..#..", "..#..", "..##.", "", ""}},
    {'d', {"....#", "....#", ".####", "#...#", "#...#", "#...#", ".####", "", ""}},
    {'h', {"#....", "#....", "####.", "#...#", "#...#", "#...#", "#...#", "", ""}},
    {'p', {"", "", "####.", "#...#", "#...#", "####.", "#....", "#....", "#...."}},
    {'g', {"", "", ".####", "#...#", "#...#", ".####", "....#", "....#", ".###."}},
    {'i', {"..#..", "", "..#..", "..#..", "..#..", "..#..", "..#..", "", ""}},
}};
inline constexpr std::array<std::string_view, 24> kWords = {
    "the",  "and",   "one",   "that", "in",     "it",    "as",    "are",
    "this", "at",    "or",    "had",  "not",    "then",  "stone", "glass",
    "rain", "light", "paper", "land", "region", "trade", "older", "single"};

// Where ink is (0; elsewhere 255): ragged lines of words, squares of `cell` pixels, margins all
// round.
inline ImageU8 TextMask(int width, int height, int cell, uint32_t seed) {
  ImageU8 mask = std::move(*ImageU8::Allocate(width, height, 1));
  for (int y = 0; y < height; ++y) std::fill_n(mask.row(y), width, 255);
  uint32_t state = seed;
  const auto random = [&](uint32_t below) {
    state = state * 1664525u + 1013904223u;
    return (state >> 16) % below;
  };
  const int margin = 8 * cell, step = 6 * cell;
  for (int top = margin; top + 9 * cell <= height - margin; top += 13 * cell) {
    // Every sixth line or so is the last of its paragraph.
    const int end = random(6) == 0 ? width / 2 : width - margin;
    for (int x = margin;;) {
      const std::string_view word = kWords[random(kWords.size())];
      if (x + static_cast<int>(word.size()) * step > end) break;
      for (const char letter : word) {
        const auto glyph = std::ranges::find(kGlyphs, letter, &Glyph::letter);
        for (int gy = 0; gy < 9; ++gy) {
          const std::string_view row = glyph->rows[static_cast<size_t>(gy)];
          for (int gx = 0; gx < static_cast<int>(row.size()); ++gx) {
            if (row[static_cast<size_t>(gx)] != '#') continue;
            for (int y = 0; y < cell; ++y) {
              std::fill_n(mask.row(top + gy * cell + y) + x + gx * cell, cell, 0);
            }
          }
        }
        x += step;
      }
      x += 3 * cell;
    }
  }
  return mask;
}

// Turned clockwise by so many degrees, of 1 channel.
inline ImageU8 TurnedBy(int degrees, ImageU8 page) {
  for (; degrees > 0; degrees -= 90) {
    ImageU8 out = std::move(*ImageU8::Allocate(page.height(), page.width(), 1));
    for (int y = 0; y < page.height(); ++y) {
      for (int x = 0; x < page.width(); ++x) {
        out.row(x)[page.height() - 1 - y] = page.row(y)[x];
      }
    }
    page = std::move(out);
  }
  return page;
}

// The page as a camera has it: colour(x, y, c) of white paper there times the reflectance
// reflects(x, y, c), 0 to 1, and noise of about `noise` levels.
template <typename Light, typename Reflects>
ImageU8 Photograph(int width, int height, double noise, Light light, Reflects reflects) {
  ImageU8 page = std::move(*ImageU8::Allocate(width, height, 3));
  uint32_t state = 1;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        // The sum of four evenly spread numbers is nearly normal.
        double sum = 0;
        for (int i = 0; i < 4; ++i) {
          state = state * 1664525u + 1013904223u;
          sum += (state >> 8) / 16777216.0 - 0.5;
        }
        const double level = light(x, y, c) * reflects(x, y, c) + noise * sum * std::sqrt(3.0);
        page.row(y)[3 * x + c] = static_cast<uint8_t>(std::clamp(level + 0.5, 0.0, 255.0));
      }
    }
  }
  return page;
}

// Whether all pixels within `reach` of one are paper in a TextMask.
inline bool IsClear(const ImageU8& mask, int x, int y, int reach) {
  for (int v = std::max(y - reach, 0); v <= std::min(y + reach, mask.height() - 1); ++v) {
    for (int u = std::max(x - reach, 0); u <= std::min(x + reach, mask.width() - 1); ++u) {
      if (mask.row(v)[u] == 0) return false;
    }
  }
  return true;
}

}  // namespace peel::testing
